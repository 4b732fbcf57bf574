//! One approval of several: asks one role until a deadline, after which silence means what the workflow says it means.
//!
//! `workflow.json` asks three roles at once and joins what they say.

use std::time::Duration;

use reentry_step::{Context, Result, Step, SuspendOptions, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Who is asked: also the label of the question.
    #[schemars(length(min = 1))]
    role: String,
    /// What is to be approved.
    subject: String,
    /// In hundredths.
    amount_cents: u64,
    within_hours: u32,
    /// What holds when nobody answers in time.
    silence_means: Decision,
    /// Whether a rejection ends the whole workflow, without waiting for the others.
    #[serde(default)]
    rejection_ends_all: bool,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Decision {
    Approved,
    Rejected,
}

/// What the one who is asked gets to see.
#[derive(Serialize, JsonSchema)]
struct Question {
    role: String,
    subject: String,
    amount_cents: u64,
    answer_by: Timestamp,
    silence_means: Decision,
}

/// What they say.
#[derive(Deserialize, JsonSchema)]
struct Answer {
    decision: Decision,
    /// Who decided.
    #[schemars(length(min = 1))]
    by: String,
    comment: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Verdict {
    role: String,
    decision: Decision,
    /// None where the deadline decided.
    by: Option<String>,
    comment: Option<String>,
}

/// What the workflow says, where one verdict is enough for it.
#[derive(Serialize)]
struct Rejected {
    status: Decision,
    rejected_by: [String; 1],
    verdicts: [Verdict; 1],
}

async fn approve(ctx: Context<Question, Answer>, request: Request) -> Result<Verdict> {
    let patience = Duration::from_secs(u64::from(request.within_hours) * 60 * 60);
    let deadline = ctx.now() + patience;
    let question = Question {
        role: request.role.clone(),
        subject: request.subject,
        amount_cents: request.amount_cents,
        answer_by: deadline,
        silence_means: request.silence_means,
    };
    let options = SuspendOptions {
        labels: vec![request.role.clone()],
        deadline: Some(deadline),
        ..SuspendOptions::default()
    };
    let verdict = match ctx.suspend_with(question, options).await {
        Ok(Answer { decision, by, comment }) => {
            Verdict { role: request.role, decision, by: Some(by), comment }
        }
        Err(error) if error.is_timed_out() => {
            ctx.warn(format!("{} said nothing in time", request.role));
            Verdict { role: request.role, decision: request.silence_means, by: None, comment: None }
        }
        Err(error) => return Err(error),
    };
    if verdict.decision == Decision::Rejected && request.rejection_ends_all {
        let rejected_by = [verdict.role.clone()];
        return ctx.bail(Rejected { status: Decision::Rejected, rejected_by, verdicts: [verdict] });
    }
    Ok(verdict)
}

reentry_step::export! {
    Step::new("approve", approve)
        .title("Approve")
        .description("Asks one role. After the deadline its silence is taken for an answer."),
}

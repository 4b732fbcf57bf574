//! A new colleague's first weeks, written from top to bottom as one async function.
//!
//! It takes days, and between its lines nothing runs. The journal is a local variable: no line of it is stored by the step itself.

mod accounts;

use std::time::Duration;

use futures_util::future::{join, join_all};
use reentry_step::{Context, Result, Step, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use accounts::{Account, NewAccount};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Time to settle in before anybody asks for anything.
const QUIET: Duration = DAY.saturating_mul(2);
/// How long a profile may take, from the welcome on.
const PROFILE_WITHIN: Duration = DAY.saturating_mul(9);

#[derive(Deserialize, JsonSchema)]
struct Hire {
    /// The key of all events about this person.
    #[schemars(length(min = 1))]
    user_id: String,
    name: String,
    manager: String,
    /// Systems in which an account is made.
    systems: Vec<String>,
}

/// The payload of the event `profile-completed`.
#[derive(Deserialize, JsonSchema)]
struct Profile {
    display_name: String,
}

/// The payload of the event `contract-signed`.
#[derive(Deserialize, JsonSchema)]
struct Signature {
    document: String,
}

/// What the manager gets to see.
#[derive(Serialize, JsonSchema)]
struct Question {
    name: String,
    display_name: String,
    systems: Vec<String>,
}

/// What the manager says.
#[derive(Deserialize, JsonSchema)]
struct Answer {
    approved: bool,
    /// Systems that are left out after all.
    #[serde(default)]
    without: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Active,
    /// The manager said no.
    Refused,
    /// No profile came in time.
    Abandoned,
}

#[derive(Serialize, JsonSchema)]
struct Report {
    outcome: Outcome,
    accounts: Vec<Account>,
    /// The signed contract, if it came to that.
    contract: Option<String>,
    journal: Vec<Entry>,
}

/// Something that was done, and when.
#[derive(Serialize, JsonSchema)]
struct Entry {
    at: Timestamp,
    what: String,
}

async fn onboard(ctx: Context<Question, Answer>, hire: Hire) -> Result<Report> {
    let mut journal = Vec::new();
    let mut note = |what: String| journal.push(Entry { at: ctx.now(), what });
    let began = ctx.now();

    ctx.info(format!("welcome, {}", hire.name));
    note(format!("welcomed {}", hire.name));

    ctx.sleep(QUIET).await;
    note("asked for a profile".into());

    let profile = ctx.event::<Profile>("profile-completed").key(&hire.user_id).until(began + PROFILE_WITHIN);
    let display_name = match profile.await {
        Ok(profile) => profile.display_name,
        Err(error) if error.is_timed_out() => {
            note("gave up on the profile".into());
            return Ok(Report { outcome: Outcome::Abandoned, accounts: vec![], contract: None, journal });
        }
        Err(error) => return Err(error),
    };
    note(format!("{} is now {display_name}", hire.name));

    // The manager and the new colleague take their time independently of each other, and either may be first.
    let question = Question {
        name: hire.name.clone(),
        display_name: display_name.clone(),
        systems: hire.systems.clone(),
    };
    let (answer, contract) = join(
        ctx.suspend(question).label(&hire.manager),
        ctx.event::<Signature>("contract-signed").key(&hire.user_id),
    )
    .await;
    let (answer, contract) = (answer?, contract?.document);
    note(format!("{} decided, {contract} is signed", hire.manager));
    if !answer.approved {
        return Ok(Report { outcome: Outcome::Refused, accounts: vec![], contract: Some(contract), journal });
    }

    // All accounts at once, each made by another step of this component, with a record and retries of its own.
    let systems = hire.systems.iter().filter(|system| !answer.without.contains(system));
    let provisioned = systems.map(|system| {
        let account = NewAccount {
            system: system.clone(),
            user_id: hire.user_id.clone(),
            display_name: display_name.clone(),
        };
        ctx.run_step::<Account>("provision", &account)
    });
    let accounts = join_all(provisioned).await.into_iter().collect::<Result<Vec<_>>>()?;
    note(format!("made {} accounts", accounts.len()));
    Ok(Report { outcome: Outcome::Active, accounts, contract: Some(contract), journal })
}

reentry_step::export! {
    Step::new("onboard", onboard)
        .title("Onboard a new colleague")
        .description("Welcomes, waits for a profile, a contract and the manager, and makes accounts."),
    accounts::step(),
}

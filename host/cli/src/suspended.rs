//! What waits for an answer, as people see it: the question, the form of the answer, the command that gives it.

use std::fmt::Write as _;

use reentry::core::id::{RunId, SuspensionId};
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::time::Timestamp;
use reentry::store::SuspensionEnd;
use reentry::{SuspendedStep, Waiting};
use reentry_wire::end_name;
use serde_json::Value;

use crate::command_line::CommandLine;
use crate::humane::{relative, span};
use crate::json_text::pretty_bounded;
use crate::schema_text::{form, summary};
use crate::style::Style;
use crate::table::wrapped;
use crate::ui::{hang, harmless, harmless_line};

/// Columns before what is said of a suspension.
const MARGIN: usize = 12;

/// Most lines of a payload that are shown. A guest decides how long it is.
const PAYLOAD_LINES: usize = 24;

/// Most characters of an answer's form that are shown.
const FORM_CHARS: usize = 400;

/// A suspension as people see it.
pub(crate) struct Question<'a> {
    run: RunId,
    id: SuspensionId,
    /// `None` where no more is known of it than its step.
    title: Option<&'a str>,
    /// The id of the workflow, where the run is said as well.
    workflow: Option<&'a str>,
    path: &'a StepPath,
    description: Option<&'a str>,
    assignees: &'a [String],
    since: Timestamp,
    due_at: Option<Timestamp>,
    labels: &'a [String],
    payload: Option<&'a Json>,
    schema: Option<Value>,
    damage: Option<&'a str>,
    ended: Option<(SuspensionEnd, Timestamp)>,
    /// What it ended with, and who gave that.
    answer: Option<&'a Json>,
    actor: Option<&'a str>,
}

impl<'a> Question<'a> {
    /// One of the inbox. With `of_run` the run is said as well.
    pub(crate) fn of(waiting: &'a Waiting, of_run: bool) -> Self {
        let record = &waiting.record;
        Self {
            run: record.run,
            id: record.id,
            title: Some(&waiting.title),
            workflow: of_run.then_some(record.workflow_id.as_str()),
            path: &record.path,
            description: waiting.description.as_deref(),
            assignees: &waiting.assignees,
            since: record.since,
            due_at: record.due_at,
            labels: &record.labels,
            payload: waiting.payload.as_ref(),
            schema: waiting.resume_schema.as_ref().and_then(|schema| schema.value().ok()),
            damage: record.damage.as_deref(),
            ended: record.state.ended,
            answer: record.past.answer(),
            actor: record.past.by.name(),
        }
    }

    /// One of a result.
    pub(crate) fn told(run: RunId, step: &'a SuspendedStep) -> Self {
        Self {
            run,
            id: step.suspension,
            title: None,
            workflow: None,
            path: &step.path,
            description: None,
            assignees: &[],
            since: step.since,
            due_at: step.deadline,
            labels: &step.labels,
            payload: Some(&step.payload),
            schema: None,
            damage: None,
            ended: None,
            answer: None,
            actor: None,
        }
    }

    /// The suspension, laid out for so many columns.
    pub(crate) fn text(&self, style: Style, columns: usize, now: Timestamp) -> String {
        let title = self.title.map_or_else(|| self.path.to_string(), harmless_line);
        let mut text = format!("{}\n", style.bold(&title));
        let mut line = |name: &str, value: String| {
            let name = style.dim(&format!("{name:<width$}", width = MARGIN - 2));
            // Writing to a String does not fail.
            let _ = writeln!(text, "  {name}{}", hang(&value, MARGIN));
        };
        if let Some(workflow) = self.workflow {
            line("run", self.run.to_string());
            line("workflow", workflow.to_owned());
        }
        let columns = columns.saturating_sub(MARGIN);
        line("step", self.path.to_string());
        if let Some(description) = self.description {
            line("about", wrapped(&harmless(description), columns).join("\n"));
        }
        if !self.assignees.is_empty() {
            line("asks", harmless_line(&self.assignees.join(", ")));
        }
        if let Some((end, at)) = self.ended {
            let by = by(self.actor);
            let (waited, ended) = (span(at.ms_since(self.since)), end_name(end));
            line("waited", format!("{waited}, {ended}{by} {}", relative(at, now)));
        } else {
            let deadline =
                self.due_at.map(|at| format!(", deadline {}", relative(at, now))).unwrap_or_default();
            line("waits", format!("{}{deadline}", span(now.ms_since(self.since))));
        }
        if !self.labels.is_empty() {
            line("labels", harmless_line(&self.labels.join(", ")));
        }
        if let Some(damage) = self.damage {
            line("damaged", wrapped(&harmless(damage), columns).join("\n"));
        }
        if let Some(payload) = self.payload.filter(|payload| !payload.is_null()) {
            line("question", pretty_bounded(payload.text(), columns, PAYLOAD_LINES));
        }
        if let Some(answer) = self.answer {
            line("answer", pretty_bounded(answer.text(), columns, PAYLOAD_LINES));
        } else if let Some(schema) = self.schema.as_ref().filter(|_| self.ended.is_none()) {
            line("answer", wrapped(&shortened(harmless_line(&summary(schema))), columns).join("\n"));
        }
        text
    }

    /// The lines that say how the suspension is answered; none for one that cannot be, or is over.
    pub(crate) fn how_to_answer(&self, again: &CommandLine) -> String {
        if self.damage.is_some() || self.ended.is_some() {
            return String::new();
        }
        let form = harmless_line(&form(self.schema.as_ref()));
        format!("\nanswer it with\n  {}\n", again.resume(self.run, self.id, &form))
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(FORM_CHARS) {
        None => text,
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// ` by NAME`; nothing where it is not known who it was.
pub(crate) fn by(actor: Option<&str>) -> String {
    actor.map(|name| format!(" by {}", harmless_line(name))).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use reentry::core::digest::WorkflowDigest;
    use reentry::store::{SuspensionPast, SuspensionRecord, SuspensionState};
    use serde_json::json;

    fn waiting() -> Waiting {
        let json = |text: &str| Some(Json::parse(text).unwrap());
        let record = SuspensionRecord {
            id: "sus_0000000003e87fffbfffffffffffffff".parse().unwrap(),
            run: "run_0000000003e87fffbfffffffffffffff".parse().unwrap(),
            workflow_id: "expenses".to_owned(),
            workflow: WorkflowDigest::of(b"w"),
            path: "outer.approve".parse().unwrap(),
            labels: vec!["manager\u{1b}[2J".to_owned()],
            since: Timestamp(60_000),
            due_at: Some(Timestamp(360_000)),
            state: SuspensionState { ended: None },
            step: None,
            past: SuspensionPast::default(),
            damage: None,
        };
        let mut waiting = Waiting::new(record, "Approve");
        waiting.payload =
            json(r#"{"employee":"Ada","findings":["a finding long enough to","need another line of text"]}"#);
        waiting.resume_schema = json(
            r#"{"required": ["approved"], "properties": {"approved": {"type": "boolean"}, "comment": {"type": ["string", "null"]},
                "refused_lines": {"type": "array", "items": {"type": "integer"}}}}"#,
        );
        waiting.description = Some("whether Ada gets her money".to_owned());
        waiting.assignees = vec!["bob".to_owned(), "carol".to_owned()];
        waiting
    }

    #[test]
    fn a_suspension_says_what_is_asked_and_how_to_answer() {
        insta::assert_snapshot!(Question::of(&waiting(), true).text(Style::PLAIN, 80, Timestamp(240_000)), @r#"
        Approve
          run       run_0000000003e87fffbfffffffffffffff
          workflow  expenses
          step      outer.approve
          about     whether Ada gets her money
          asks      bob, carol
          waits     3m, deadline in 2m
          labels    manager\u{1b}[2J
          question  {
                      "employee": "Ada",
                      "findings": ["a finding long enough to", "need another line of text"]
                    }
          answer    {approved: boolean, comment?: string | null, refused_lines?:
                    integer[]}
        "#);
        insta::assert_snapshot!(Question::of(&waiting(), true).how_to_answer(&CommandLine::default()), @r#"
        answer it with
          reentry resume run_0000000003e87fffbfffffffffffffff --suspension sus_0000000003e87fffbfffffffffffffff --data '{"approved": <true|false>, "comment": <text|null, optional>, "refused_lines": [<integer, optional>, …]}'
        "#);
    }

    #[test]
    fn what_a_schema_names_steers_no_terminal_and_passes_for_no_other_line() {
        let schema =
            json!({"properties": {"a\u{9b}2K\nreentry cancel last\u{202e}": {"const": "\u{1b}[2J\n"}}});
        let mut hostile = waiting();
        (hostile.resume_schema, hostile.payload) = (Some(Json::from(schema)), None);
        let question = Question::of(&hostile, false);
        let answer = question.text(Style::PLAIN, 200, Timestamp(240_000));
        insta::assert_snapshot!(
            answer.lines().last().unwrap(),
            @r#"  answer    {a\u{9b}2K\nreentry cancel last\u{202e}?: "\u001b[2J\n"}"#
        );
        insta::assert_snapshot!(question.how_to_answer(&CommandLine::default()), @r#"
        answer it with
          reentry resume run_0000000003e87fffbfffffffffffffff --suspension sus_0000000003e87fffbfffffffffffffff --data '{"a\u{9b}2K\nreentry cancel last\u{202e}": <"\u001b[2J\n", optional>}'
        "#);
    }

    #[test]
    fn one_that_cannot_be_read_says_why_and_not_how_it_is_answered() {
        let mut damaged = Waiting::new(waiting().record, "Approve");
        damaged.record.damage = Some("stored step `approve` is damaged: it ends early".to_owned());
        let question = Question::of(&damaged, false);
        insta::assert_snapshot!(question.text(Style::PLAIN, 80, Timestamp(240_000)), @r"
        Approve
          step      outer.approve
          waits     3m, deadline in 2m
          labels    manager\u{1b}[2J
          damaged   stored step `approve` is damaged: it ends early
        ");
        assert_eq!(question.how_to_answer(&CommandLine::default()), "");
    }

    #[test]
    fn without_schema_and_payload_there_is_less_to_say() {
        let mut bare = Waiting::new(waiting().record, "Approve");
        bare.payload = Some(Json::null());
        insta::assert_snapshot!(Question::of(&bare, false).text(Style::PLAIN, 80, Timestamp(240_000)), @r"
        Approve
          step      outer.approve
          waits     3m, deadline in 2m
          labels    manager\u{1b}[2J
        ");
        insta::assert_snapshot!(Question::of(&bare, false).how_to_answer(&CommandLine::default()), @"
        answer it with
          reentry resume run_0000000003e87fffbfffffffffffffff --suspension sus_0000000003e87fffbfffffffffffffff --data '<JSON>'
        ");
    }
}

//! `reentry runs watch`: what happens in a run, as it happens.

use reentry::core::actor::{Actor, By};
use reentry::core::json::Json;
use reentry::core::time::Timestamp;
use reentry::{WatchEvent, WatchPayload};

use super::clock_time;
use crate::args::{RunName, short};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::json_text::glimpse;
use crate::reader;
use crate::session::{Background, Session};
use crate::style::Style;
use crate::table::cut;
use crate::ui::{Ui, harmless};

/// Most characters of an event's data that are shown.
const DATA_CHARS: usize = 120;

/// Columns of an event's name.
const NAME_COLUMNS: usize = 14;

/// Watch a run: what happened in it, then what happens, until it has ended
///
/// The run may be at work in any process on the data folder: its log is looked at four times a second. What steps emit is not in the
/// log; `reentry run -v` shows it. Ends with the exit code that says how the run ended, or with 0 when nobody reads on, and changes nothing
/// when it is interrupted.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run: its id, an end of it, or `last`
    #[arg(value_name = "RUN")]
    run: RunName,

    /// Begin at this version of the run instead of its start; each event tells its version
    #[arg(long, value_name = "VERSION")]
    from: Option<u64>,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let run = args.run.open(session, &tenant).await?;
    let mut watch = run.watch(args.from.map(|version| version.saturating_sub(1)));
    let watching = async {
        while let Some(event) = watch.next().await? {
            let somebody_reads = match session.ui.is_json() {
                true => session.ui.stream_json(&event)?,
                false => session.ui.stream(&format!("{}\n", shown(&event, &session.ui)))?,
            };
            if !somebody_reads {
                return Ok(Exit::Done);
            }
        }
        let state = run.state().await?;
        if let Some(reason) = &state.blocked {
            // What went wrong in the host is in no run's log.
            session.ui.note(&format!("the run is blocked: {}", harmless(reason)));
        }
        Ok(state.status().into())
    };
    tokio::select! {
        ended = watching => ended,
        () = reader::is_gone() => Ok(Exit::Done),
        Ok(()) = tokio::signal::ctrl_c() => Ok(Exit::Interrupted),
    }
}

/// An event as the reader's terminal can show it.
fn shown(event: &WatchEvent, ui: &Ui) -> String {
    let line = line(event, ui.out);
    ui.columns.map_or(line.clone(), |columns| cut(&line, columns))
}

/// An event for people: when, which version, what, where, and the data that matters most.
fn line(event: &WatchEvent, style: Style) -> String {
    let at = style.dim(&clock_time(event.at));
    let name = event.kind.strip_prefix("workflow-").unwrap_or(event.kind);
    let text = |key: &str| event.payload.get(key).and_then(|value| value.decode::<String>().ok());
    let parts = [
        text("id"),
        text("level"),
        text("status").or(text("workflowStatus")).map(|status| style.status(&status)),
        text("suspensionId").map(|id| style.dim(&short(&id))),
        instant(&event.payload).map(|until| format!("until {until}")),
        by(&event.payload),
        data(&event.payload).map(|data| glimpse(data.text(), DATA_CHARS)),
        answers(&event.payload),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let line = format!("{at}  {:>3}  {name:<NAME_COLUMNS$}  {}", event.version, parts.join("  "));
    line.trim_end().to_owned()
}

/// Who answered, or did what the event tells of.
fn by(payload: &WatchPayload) -> Option<String> {
    let of_answers = payload.get("answers").and_then(|answers| answers.decode::<Vec<By>>().ok());
    let of_event = payload.get("actor").and_then(|actor| actor.decode::<Actor>().ok());
    let answered: Vec<_> = of_answers.iter().flatten().filter_map(By::name).map(harmless).collect();
    match of_event {
        Some(actor) => Some(format!("by {}", harmless(&actor.name))),
        None if answered.is_empty() => None,
        None => Some(format!("by {}", answered.join(", "))),
    }
}

/// What was answered.
fn answers(payload: &WatchPayload) -> Option<String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        resume_payload: Option<Json>,
    }
    let answers = payload.get("answers")?.decode::<Vec<Answer>>().ok()?;
    let texts = answers.iter().filter_map(|answer| answer.resume_payload.as_ref());
    Some(texts.map(|text| glimpse(text.text(), DATA_CHARS)).collect::<Vec<_>>().join(", "))
}

/// The instant that a step waits for.
fn instant(payload: &WatchPayload) -> Option<Timestamp> {
    payload.get("until").and_then(|until| until.decode().ok())
}

/// What an event brought: of a step that goes on the answer, of one that ended the output or the error.
fn data(payload: &WatchPayload) -> Option<&Json> {
    let keys = ["error", "output", "resumePayload", "suspendPayload", "message", "completedCount", "payload"];
    keys.into_iter().filter_map(|key| payload.get(key)).find(|value| !value.is_null())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told<const N: usize>(kind: &'static str, payload: [(&'static str, Value); N]) -> String {
        let payload = payload.into_iter().map(|(key, value)| (key, value.into())).collect();
        let run_id = "run_0000000003e87fffbfffffffffffffff".parse().unwrap();
        let at = Timestamp(1_767_225_600_123);
        line(&WatchEvent { kind, run_id, from: "WORKFLOW", payload, version: 7, index: 0, at }, Style::PLAIN)
    }

    #[test]
    fn an_event_says_what_happened_where_and_with_which_data() {
        let events = [
            told("workflow-start", [("payload", json!({"a": 1}))]),
            told(
                "workflow-step-suspended",
                [("id", json!("ask")), ("suspensionId", json!("sus_1")), ("suspendPayload", json!(null))],
            ),
            told(
                "workflow-step-start",
                [
                    ("id", json!("ask")),
                    ("status", json!("running")),
                    ("payload", json!(1)),
                    ("resumePayload", json!(2)),
                ],
            ),
            told(
                "workflow-step-result",
                [
                    ("id", json!("ask")),
                    ("status", json!("failed")),
                    ("payload", json!(1)),
                    ("error", json!({"message": "no\u{1b}"})),
                ],
            ),
            told("workflow-step-output", [("id", json!("ask")), ("output", json!("x".repeat(500)))]),
            told("workflow-step-waiting", [("id", json!("nap")), ("until", json!(1_767_225_601_000_u64))]),
            told("workflow-paused", []),
        ];
        insta::assert_snapshot!(events.join("\n"), @r#"
        00:00:00.123    7  start           {"a": 1}
        00:00:00.123    7  step-suspended  ask  sus_1
        00:00:00.123    7  step-start      ask  running  2
        00:00:00.123    7  step-result     ask  failed  {"message": "no\u001b"}
        00:00:00.123    7  step-output     ask  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
        00:00:00.123    7  step-waiting    nap  until 2026-01-01T00:00:01.000Z
        00:00:00.123    7  paused
        "#);
    }
}

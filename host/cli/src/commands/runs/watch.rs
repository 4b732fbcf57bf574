//! `reentry runs watch`: what happens in a run, as it happens.

use reentry::core::actor::By;
use reentry::core::id::SuspensionId;
use reentry::core::json::Json;
use reentry::core::run::{StepResult, StepStatus};
use reentry::core::time::Timestamp;
use reentry::{Happening, Level, WatchEvent};
use reentry_wire::lookup::short;
use reentry_wire::{EventRow, event_name};

use super::{clock_time, step_status};
use crate::args::RunName;
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
/// The run may be at work in any process on the data folder: its log is looked at four times a second. What steps
/// emit is not in the log; `reentry run -v` shows it. Ends with the exit code that says how the run ended, or with 0
/// when the reader of its output has gone, and changes nothing when it is interrupted.
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
                true => session.ui.stream_json(&EventRow::from(&event))?,
                false => session.ui.stream(&format!("{}\n", shown(&event, &session.ui)))?,
            };
            if !somebody_reads {
                return Ok(Exit::Done);
            }
        }
        let state = run.state().await?;
        if let Some(why) = &state.blocked {
            // What went wrong in the host is in no run's log.
            session.ui.note(&format!("the run is blocked: {}", harmless(&why.to_string())));
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

/// What a line says of an event beside when it was, in which version, its name and its step.
#[derive(Default)]
struct Said<'a> {
    level: Option<Level>,
    status: Option<String>,
    suspension: Option<SuspensionId>,
    until: Option<Timestamp>,
    /// Who answered, or did what the event tells of.
    by: Vec<&'a By>,
    /// What it brought: of a step that goes on the answer, of one that ended the output or the error.
    data: Option<String>,
    /// What was answered.
    answers: Option<String>,
    /// Whether what it brought is not recorded.
    is_missing: bool,
}

/// An event for people: when, which version, what, where, and the data that matters most.
fn line(event: &WatchEvent, style: Style) -> String {
    let at = style.dim(&clock_time(event.at));
    let name = event_name(&event.what);
    let name = name.strip_prefix("workflow-").unwrap_or(name);
    let said = said(&event.what);
    let by: Vec<String> = said.by.into_iter().filter_map(By::name).map(harmless).collect();
    let parts = [
        event.what.path().map(ToString::to_string),
        said.level.map(|level| level.as_str().to_owned()),
        said.status.map(|status| style.status(&status)),
        said.suspension.map(|id| style.dim(&short(&id))),
        said.until.map(|until| format!("until {until}")),
        (!by.is_empty()).then(|| format!("by {}", by.join(", "))),
        said.data.map(|data| glimpse(&data, DATA_CHARS)),
        said.answers,
        said.is_missing.then(|| "(not recorded)".to_owned()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let line = format!("{at}  {:>3}  {name:<NAME_COLUMNS$}  {}", event.version, parts.join("  "));
    line.trim_end().to_owned()
}

fn said(what: &Happening) -> Said<'_> {
    let running = || Some(step_status(StepStatus::Running));
    match what {
        Happening::Started { input, by } => Said { by: vec![by], data: first([input]), ..Said::default() },
        Happening::Resumed { answers } => {
            let texts = answers.iter().filter_map(|answer| answer.resume_payload.as_ref());
            let texts: Vec<String> = texts.map(|text| glimpse(text.text(), DATA_CHARS)).collect();
            let by = answers.iter().map(|answer| &answer.by).collect();
            Said { by, answers: Some(texts.join(", ")), ..Said::default() }
        }
        Happening::StepStarted { input, .. } => {
            let is_missing = input.is_none();
            Said { status: running(), data: first([input]), is_missing, ..Said::default() }
        }
        Happening::StepResumed { answer, .. } => {
            Said { status: running(), data: first([answer]), ..Said::default() }
        }
        Happening::StepEnded { status, entry, .. } => {
            let brought = entry.as_ref().and_then(|entry| {
                let StepResult { output, resume_payload, suspend_payload, payload, .. } = &**entry;
                let error = entry.error.as_ref().map(json);
                error.or_else(|| first([output, resume_payload, suspend_payload, &Some(payload.clone())]))
            });
            let is_missing = entry.is_none();
            Said { status: Some(step_status(*status)), data: brought, is_missing, ..Said::default() }
        }
        Happening::AnswerRefused { suspension, message, answer, .. } => {
            let given = answer.as_ref().and_then(|answer| first([&answer.resume_payload]));
            Said {
                status: Some(step_status(StepStatus::Suspended)),
                suspension: Some(*suspension),
                by: answer.iter().map(|answer| &answer.by).collect(),
                data: given.or_else(|| Some(json(message))),
                ..Said::default()
            }
        }
        Happening::Suspended { suspension, question, .. } => {
            Said { suspension: Some(*suspension), data: first([question]), ..Said::default() }
        }
        Happening::Retrying { until, .. } => Said { until: Some(*until), ..Said::default() },
        Happening::Waiting { until, .. } => Said { until: *until, ..Said::default() },
        Happening::Progress { completed, .. } => {
            Said { data: Some(completed.to_string()), ..Said::default() }
        }
        Happening::Logged(line) => {
            Said { level: Some(line.level), data: Some(json(&line.message)), ..Said::default() }
        }
        Happening::Emitted { chunk, .. } => Said { data: first([&Some(chunk.clone())]), ..Said::default() },
        Happening::Finished { status, output, error } => {
            let brought = error.as_ref().map(json).or_else(|| first([output]));
            Said { status: Some(status.as_str().to_owned()), data: brought, ..Said::default() }
        }
        Happening::Canceled { by }
        | Happening::Paused { by }
        | Happening::Unpaused { by }
        | Happening::Restarted { by }
        | Happening::Traveled { by, .. }
        | Happening::Forked { by }
        | Happening::Migrated { by } => Said { by: vec![by], ..Said::default() },
        _ => Said::default(),
    }
}

/// The first value that is there and not `null`.
fn first<const N: usize>(values: [&Option<Json>; N]) -> Option<String> {
    let found = values.into_iter().flatten().find(|value| !value.is_null())?;
    Some(found.text().to_owned())
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use reentry::core::actor::Actor;
    use reentry::core::step::Failure;

    use super::*;

    fn told(what: Happening) -> String {
        let run_id = "run_0000000003e87fffbfffffffffffffff".parse().unwrap();
        let at = Timestamp(1_767_225_600_123);
        line(&WatchEvent::new(run_id, 7, at, what), Style::PLAIN)
    }

    #[test]
    fn an_event_says_what_happened_where_and_with_which_data() {
        let path = |id: &str| id.parse().unwrap();
        let value = |text: &str| Json::parse(text).unwrap();
        let failure = Failure {
            message: "no\u{1b}".to_owned(),
            code: None,
            retryable: true,
            retry_after_ms: None,
            details: None,
        };
        let entry = StepResult {
            status: StepStatus::Failed,
            payload: value("1"),
            output: None,
            error: Some(failure),
            started_at: Timestamp(1),
            ended_at: Some(Timestamp(2)),
            suspend_payload: None,
            suspended_at: None,
            resume_payload: None,
            resumed_at: None,
        };
        let suspension = "sus_0000000003e87fffbfffffffffffffff".parse().unwrap();
        let events = [
            Happening::Started { input: Some(value(r#"{"a":1}"#)), by: By::default() },
            Happening::Suspended { path: path("ask"), suspension, question: Some(Json::null()), since: None },
            Happening::StepResumed { path: path("ask"), call: 2, answer: Some(value("2")) },
            Happening::StepEnded {
                path: path("ask"),
                status: StepStatus::Failed,
                entry: Some(Box::new(entry)),
            },
            Happening::Emitted { path: path("ask"), chunk: value(&format!("\"{}\"", "x".repeat(500))) },
            Happening::Waiting { path: path("nap"), until: Some(Timestamp(1_767_225_601_000)) },
            Happening::Paused { by: By { actor: Some(Actor::asserted("ann")), ..By::default() } },
        ];
        insta::assert_snapshot!(events.map(told).join("\n"), @r#"
        00:00:00.123    7  start           {"a": 1}
        00:00:00.123    7  step-suspended  ask  sus_ffffffff
        00:00:00.123    7  step-start      ask  running  2
        00:00:00.123    7  step-result     ask  failed  {"message": "no\u001b", "retryable": true}
        00:00:00.123    7  step-output     ask  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
        00:00:00.123    7  step-waiting    nap  until 2026-01-01T00:00:01.000Z
        00:00:00.123    7  paused          by ann
        "#);
    }
}

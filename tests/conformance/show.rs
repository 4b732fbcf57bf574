//! What comes of a command, as cases write it.

use std::fmt::Write as _;

use reentry::core::json::Json;
use reentry::core::run::{RunStatus, StepResult};
use reentry::core::step::Failure;
use reentry::core::time::Timestamp;
use reentry::{Error, Happening, Run, RunResult, StepResults};
use reentry_wire::event_name;

use super::world::BEGIN;

/// A result in one line.
pub fn result(result: &RunResult) -> String {
    let mut text = result.status.to_string();
    match (result.status, &result.result, &result.error) {
        (RunStatus::Success, Some(output), _) => write!(text, " {output}"),
        (_, _, Some(failure)) => write!(text, " {}", error(failure)),
        _ => Ok(()),
    }
    .ok();
    let waiting = result.suspended.iter().map(|step| {
        let labels: String = step.labels.iter().map(|label| format!(" label {label}")).collect();
        format!(" [{}] {}{labels}", step.path.elements().join(", "), step.payload)
    });
    text + &waiting.collect::<Vec<_>>().join(",")
}

/// A result, or why there is none.
pub fn outcome(outcome: &Result<RunResult, Error>) -> String {
    match outcome {
        Ok(found) => result(found),
        Err(error) => refused(error),
    }
}

/// Why there is no result.
pub fn refused(error: &Error) -> String {
    format!("refused {}: {error}", error.code())
}

fn error(failure: &Failure) -> String {
    let code = failure.code.as_ref().map(|code| format!("{code}: ")).unwrap_or_default();
    format!("{code}{}", failure.message)
}

/// When a run began or went on, and when and how it ended or stopped, as a watcher sees it afterwards.
pub async fn beginnings_and_ends(run: &Run) -> Result<String, Error> {
    let (mut watch, version) = (run.watch(None), run.state().await?.version);
    let mut lines = Vec::new();
    while let Some(event) = watch.next().await? {
        let mut line = event_name(&event.what).to_owned();
        match &event.what {
            Happening::Started { .. } | Happening::Resumed { .. } => lines.push(line),
            Happening::Finished { status, error, .. } => {
                line += &format!(" {status}");
                line += &error.as_ref().map(|error| format!(" {}", error.message)).unwrap_or_default();
                lines.push(line);
                if event.version == version {
                    break;
                }
            }
            _ => {}
        }
    }
    Ok(lines.join("\n"))
}

/// Each step in a line, or each of the named ones.
pub fn steps(results: &StepResults, named: &[&str]) -> String {
    let wanted = |path: &str| named.is_empty() || named.contains(&path);
    let steps = results.steps.iter().map(|(path, entry)| (path.to_string(), entry));
    let lines =
        steps.filter(|(path, _)| wanted(path)).map(|(path, entry)| format!("{path}: {}", step(entry)));
    lines.collect::<Vec<_>>().join("\n")
}

fn step(entry: &StepResult) -> String {
    let status = serde_json::to_value(entry.status).unwrap_or_default();
    let mut text = format!("{} {}..", status.as_str().unwrap_or_default(), at(entry.started_at));
    text += &entry.ended_at.map(at).unwrap_or_default();
    let mut part = |name: &str, value: &Option<Json>, when: Option<Timestamp>| {
        if value.is_some() || when.is_some() {
            let value = value.as_ref().map(|value| format!(" {value}")).unwrap_or_default();
            let when = when.map(|when| format!(" {}", at(when))).unwrap_or_default();
            text += &format!(", {name}{when}{value}");
        }
    };
    part("input", &Some(entry.payload.clone()), None);
    part("suspended", &entry.suspend_payload, entry.suspended_at);
    part("resumed", &entry.resume_payload, entry.resumed_at);
    part("output", &entry.output, None);
    if let Some(failure) = &entry.error {
        text += &format!(", {}", error(failure));
    }
    text
}

/// An instant as a number of seconds.
fn at(instant: Timestamp) -> String {
    format!("t{}", instant.ms_since(BEGIN) / 1_000)
}

//! `reentry runs show`: one run with its steps and its suspensions.

use std::fmt::Write as _;

use reentry::core::path::StepPath;
use reentry::core::run::{LogKind, RunState as State, StepResult};
use reentry::core::time::Timestamp;
use reentry::core::trace::RootSpanRecord;
use reentry::{OutputOptions, RunResult, StepResults, TimelineRow, Waiting};
use reentry_wire::lookup::short;
use reentry_wire::lookup::short_digest;
use reentry_wire::{RunWhole, end_name};

use super::step_status;
use crate::args::RunName;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::{relative, span, took};
use crate::json_text::pretty_bounded;
use crate::outcome::reason_line;
use crate::session::{Background, Session};
use crate::span_text;
use crate::suspended::by;
use crate::table::Table;
use crate::ui::{Ui, hang, harmless};

/// Columns before the values of the head.
const MARGIN: usize = 11;

/// Most lines of an input, a result or a state that are shown.
const VALUE_LINES: usize = 40;

/// Show one run: how it stands, its steps, its suspensions
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run: its id, an end of it, or `last`
    #[arg(value_name = "RUN")]
    run: RunName,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let run = args.run.open(session, &tenant).await?;
    let options = OutputOptions::default().include_state(true).include_resume_labels(true);
    let (result, state, steps) = (run.result(options).await?, run.state().await?, run.steps().await?);
    let suspensions = run.history().await?;
    let timeline = run.timeline().await?;
    if session.ui.is_json() {
        session.ui.print_json(&RunWhole::of(&state, &result, &steps, &suspensions, &timeline))?;
        return Ok(Exit::Done);
    }
    let (ui, now) = (&session.ui, session.now());
    let mut text = head(&state, &result, &steps, ui, now);
    text += &steps_text(&steps, ui, now);
    text += &suspensions_text(&suspensions, ui, now);
    text += &requests_text(&timeline, ui, now);
    session.ui.print(&text)?;
    if !result.suspended.is_empty() {
        let inbox = session.again.command(["inbox", "--run", &short(&run.id())]);
        session.ui.note(&format!("`{inbox}` shows what is asked"));
    }
    Ok(Exit::Done)
}

fn head(state: &State, result: &RunResult, steps: &StepResults, ui: &Ui, now: Timestamp) -> String {
    let (style, columns) = (ui.out, ui.text_columns());
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let name = style.dim(&format!("{name:<MARGIN$}"));
        // Writing to a String does not fail.
        let _ = writeln!(text, "{name}{}", hang(&value, MARGIN));
    };
    let value = |text: &str| pretty_bounded(text, columns - MARGIN, VALUE_LINES);
    line("run", state.id.to_string());
    line("status", style.status(result.status.as_str()));
    line("workflow", format!("{}  {}", state.workflow_id, style.dim(&short_digest(&state.workflow))));
    if let Some(resource) = &state.resource_id {
        line("resource", harmless(resource));
    }
    line("created", format!("{} ({})", state.created_at, relative(state.created_at, now)));
    line("changed", format!("{} ({})", state.updated_at, relative(state.updated_at, now)));
    if let Some(span) = &state.span {
        line("trace", format!("{}  span {}", span.trace_id, span.span_id));
    }
    if let Some(input) = &steps.input {
        line("input", value(input.text()));
    }
    for (name, map) in [("state", result.state.as_ref()), ("context", Some(&state.request_context))] {
        if let Some(map) = map.filter(|map| !map.is_empty()) {
            line(name, value(&serde_json::to_string(map).unwrap_or_default()));
        }
    }
    if let Some(output) = &result.result {
        line("result", value(output.text()));
    }
    if let Some(failure) = &result.error {
        line("error", reason_line(failure));
    }
    text
}

fn steps_text(steps: &StepResults, ui: &Ui, now: Timestamp) -> String {
    if steps.steps.is_empty() {
        return String::new();
    }
    let mut table = Table::new(["STEP", "STATUS", "STARTED", "TOOK", "ERROR"]).giving_way(["ERROR", "STEP"]);
    for (path, entry) in &steps.steps {
        table.row([
            indented(path),
            ui.out.status(&step_status(entry.status)),
            relative(entry.started_at, now),
            lasted(entry, now),
            entry.error.as_ref().map(reason_line).unwrap_or_default(),
        ]);
    }
    format!("\n{}", ui.table(&table))
}

/// A step under the workflow that it stands in.
fn indented(path: &StepPath) -> String {
    let name = path.last().map(ToString::to_string).unwrap_or_default();
    format!("{}{name}", "  ".repeat(path.segments().len().saturating_sub(1)))
}

fn lasted(entry: &StepResult, now: Timestamp) -> String {
    match entry.ended_at {
        Some(at) => took(at.ms_since(entry.started_at)),
        None => format!("{} so far", span(now.ms_since(entry.started_at))),
    }
}

fn suspensions_text(suspensions: &[Waiting], ui: &Ui, now: Timestamp) -> String {
    if suspensions.is_empty() {
        return String::new();
    }
    let mut table = Table::new(["SUSPENDED STEP", "SUSPENSION", "SINCE", "STATE", "LABELS"])
        .giving_way(["LABELS", "SUSPENDED STEP"]);
    for row in suspensions {
        let record = &row.record;
        let state = match (record.state.ended, record.due_at) {
            (Some((end, at)), _) => {
                let by = by(record.past.by.name());
                let after = took(at.ms_since(record.since));
                ui.out.dim(&format!("{}{by} after {after}", end_name(end)))
            }
            (None, Some(due)) => ui.out.yellow(&format!("waits, due {}", relative(due, now))),
            (None, None) => ui.out.yellow("waits"),
        };
        table.row([
            record.path.to_string(),
            short(&record.id),
            relative(record.since, now),
            state,
            harmless(&record.labels.join(", ")),
        ]);
    }
    format!("\n{}", ui.table(&table))
}

/// The root span of a start or resume, with its name.
fn root(row: &TimelineRow) -> Option<(&'static str, &RootSpanRecord)> {
    match &row.what {
        LogKind::Started { span } => span.as_deref().map(|span| ("start", span)),
        LogKind::Resumed { span, .. } => span.as_deref().map(|span| ("resume", span)),
        _ => None,
    }
}

/// The starts and resumes, if the callers of any asked something of its span.
fn requests_text(timeline: &[TimelineRow], ui: &Ui, now: Timestamp) -> String {
    let roots: Vec<_> = timeline.iter().filter_map(|row| Some((row.at, root(row)?))).collect();
    if roots.iter().all(|(_, (_, record))| record.is_plain()) {
        return String::new();
    }
    let columns = ["REQUEST", "AT", "SPAN", "TAGS", "METADATA", "CONTEXT KEYS"];
    let mut table = Table::new(columns).giving_way(["METADATA", "TAGS", "CONTEXT KEYS"]);
    for (at, (name, record)) in roots {
        table.row([
            name.to_owned(),
            relative(at, now),
            record.span_id.map(|span| span.to_string()).unwrap_or_default(),
            span_text::tags(record),
            span_text::metadata(record),
            span_text::context_keys(record),
        ]);
    }
    format!("\n{}", ui.table(&table))
}

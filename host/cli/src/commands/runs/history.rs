//! `reentry runs history`: what is kept of a run's past, and how to go back to it.

use reentry::Waiting;
use reentry::core::actor::By;
use reentry::core::id::RunId;
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::store::{SavepointKind, SavepointSummary, SuspensionEnd, Text, TryKind};
use reentry_wire::lookup::short;
use reentry_wire::{History, end_name};

use crate::args::RunName;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::relative;
use crate::json_text::glimpse;
use crate::session::{Background, Session};
use crate::table::Table;
use crate::ui::harmless;

/// Most characters of a question or an answer that are shown.
const DATA_CHARS: usize = 40;

/// Show who answered what in a run, and where it can be forked, restarted, or sent back to
///
/// The history of a fork begins with that of the run that it was forked from. Of each question that was answered, the
/// run as it was before is kept: `runs fork --at` makes another run of it. `runs travel` sends the run itself back to
/// an entry.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run: its id, an end of it, or `last`
    #[arg(value_name = "RUN")]
    run: RunName,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let run = args.run.open(session, &tenant).await?;
    let (suspensions, savepoints) = (run.history().await?, run.savepoints().await?);
    let entries = run.travel_targets().await?;
    if session.ui.is_json() {
        session.ui.print_json(&History::of(run.id(), &suspensions, &savepoints, &entries))?;
        return Ok(Exit::Done);
    }
    let text = answers(session, &suspensions)
        + &points(session, run.id(), &suspensions, &savepoints)
        + &targets(session, run.id(), &entries);
    match text.is_empty() {
        true => session.ui.note("the run has no past yet"),
        false => session.ui.print(text.trim_start())?,
    }
    Ok(Exit::Done)
}

/// What was asked and answered, and by whom; the answers that did not count, too.
fn answers(session: &Session, suspensions: &[Waiting]) -> String {
    let now = session.now();
    let mut table = Table::new(["WHEN", "STEP", "QUESTION", "WHAT CAME OF IT", "BY", "ANSWER", "COMMENT"])
        .giving_way(["COMMENT", "QUESTION", "ANSWER", "STEP"]);
    let short = |json: Option<&Json>| json.map(|json| glimpse(json.text(), DATA_CHARS)).unwrap_or_default();
    let said = |by: &By| by.comment.as_ref().map(|comment| harmless(comment)).unwrap_or_default();
    let by = |by: &By| by.name().map(harmless).unwrap_or_default();
    for Waiting { record, payload, .. } in suspensions {
        let (step, question) = (record.path.to_string(), short(payload.as_ref()));
        for one in &record.past.tries {
            let why = match one.kind {
                TryKind::Refused => "refused",
                TryKind::Late => "came too late",
            };
            table.row([
                relative(one.at, now),
                step.clone(),
                question.clone(),
                format!("{why}: {}", harmless(&one.message)),
                by(&one.by),
                short(one.answer.as_ref().and_then(Text::here)),
                said(&one.by),
            ]);
        }
        // What ended before answers were kept.
        let is_missing = record.past.question.is_none() && payload.is_none();
        let answer = match record.state.ended {
            Some((SuspensionEnd::Answered, _)) if is_missing => "(not recorded)".to_owned(),
            _ => short(record.past.answer()),
        };
        let (at, came) = match record.state.ended {
            Some((end, at)) => (at, end_name(end).to_owned()),
            None => (record.since, "waits".to_owned()),
        };
        table.row([
            relative(at, now),
            step,
            question,
            came,
            by(&record.past.by),
            answer,
            said(&record.past.by),
        ]);
    }
    if suspensions.is_empty() { String::new() } else { session.ui.table(&table) }
}

/// The moments of which the run is kept, with the command that goes on from each.
fn points(session: &Session, run: RunId, suspensions: &[Waiting], savepoints: &[SavepointSummary]) -> String {
    if savepoints.is_empty() {
        return String::new();
    }
    let (now, run) = (session.now(), short(&run));
    let mut table =
        Table::new(["VERSION", "KEPT", "STEP", "BEFORE IT", "GO ON FROM THERE WITH"]).giving_way(["STEP"]);
    for point in savepoints {
        let of = suspensions.iter().find(|row| Some(row.record.id) == point.suspension);
        let before = match of.and_then(|row| row.record.state.ended) {
            Some((end, _)) => format!("was {}", end_name(end)),
            None if point.kind == SavepointKind::Failure => "ended".to_owned(),
            None => String::new(),
        };
        let command = match point.suspension {
            Some(id) => session.again.command(["runs", "fork", &run, "--at", &short(&id)]),
            None => session.again.command(["runs", "restart", &run]),
        };
        table.row([
            point.version.to_string(),
            relative(point.at, now),
            of.map(|row| row.record.path.to_string()).unwrap_or_default(),
            before,
            command,
        ]);
    }
    format!("\n{}", session.ui.table(&table))
}

/// The entries to which the run can be sent back.
fn targets(session: &Session, run: RunId, entries: &[StepPath]) -> String {
    let Some(last) = entries.last() else { return String::new() };
    let all = entries.iter().map(StepPath::to_string).collect::<Vec<_>>().join(", ");
    let travel = session.again.command(["runs", "travel", &short(&run), &last.to_string()]);
    format!("\ncan be sent back to {all}:\n  {travel}\n")
}

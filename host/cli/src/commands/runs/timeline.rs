//! `reentry runs timeline`: what happened in a run, and how long it took.

use reentry::TimelineRow;
use reentry::core::actor::By;
use reentry::core::json::Json;
use reentry::core::run::LogKind;
use reentry_wire::Timeline;
use reentry_wire::lookup::short;

use super::step_status;
use crate::args::RunName;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::took;
use crate::json_text::glimpse;
use crate::session::{Background, Session};
use crate::span_text;
use crate::style::Style;
use crate::suspended;
use crate::table::{Table, cut};
use crate::ui::harmless;

/// Most characters of a question, an answer or a comment that are shown.
const DATA_CHARS: usize = 60;

/// Show what happened in a run, the oldest first, and how long each step took
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run: its id, an end of it, or `last`
    #[arg(value_name = "RUN")]
    run: RunName,

    /// With the spans of starts, resumes and calls, and what was asked of them
    #[arg(long)]
    spans: bool,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let run = args.run.open(session, &tenant).await?;
    let rows = run.timeline().await?;
    if session.ui.is_json() {
        session.ui.print_json(&Timeline::of(run.id(), &rows))?;
        return Ok(Exit::Done);
    }
    let Some(first) = rows.first() else {
        session.ui.note("nothing happened yet");
        return Ok(Exit::Done);
    };
    let style = session.ui.out;
    let mut table = Table::new(["VERSION", "AFTER", "STEP", "WHAT", "TOOK"]).giving_way(["WHAT", "STEP"]);
    // The workflow itself is told of by what the run does.
    let of_workflow = |row: &&TimelineRow| {
        row.path.is_root() && matches!(row.what, LogKind::Began { .. } | LogKind::Ended { .. })
    };
    for row in rows.iter().filter(|row| !of_workflow(row)) {
        table.row([
            row.version.to_string(),
            took(row.at.ms_since(first.at)),
            row.path.to_string(),
            match span(row).filter(|_| args.spans) {
                Some(span) => format!("{}  {}", what(row, style), style.dim(&span)),
                None => what(row, style),
            },
            row.duration_ms.map(took).unwrap_or_default(),
        ]);
    }
    let began = style.dim(&format!("{} from {} on", run.id(), first.at));
    session.ui.print(&format!("{began}\n\n{}", session.ui.table(&table)))?;
    Ok(Exit::Done)
}

/// The span of a start, a resume or a call.
fn span(row: &TimelineRow) -> Option<String> {
    match &row.what {
        LogKind::Started { span } | LogKind::Resumed { span, .. } => span.as_deref().map(span_text::whole),
        _ => row.span_id.map(|span| format!("span {span}")),
    }
}

fn what(row: &TimelineRow, style: Style) -> String {
    match &row.what {
        LogKind::Started { .. } => format!("started{}", by(&row.by)),
        LogKind::Resumed { .. } => resumed(row),
        LogKind::Began { .. } => "begins".to_owned(),
        LogKind::Reentered { call, .. } => format!("goes on, call {call}"),
        LogKind::Called { call, attempt } => format!("try {} of call {call}", attempt.saturating_add(1)),
        LogKind::Ended { status } => style.status(&step_status(*status)),
        LogKind::Retrying { attempt, until } => format!("failed try {attempt}, next at {until}"),
        LogKind::AnswerRefused { message, .. } => {
            let by = row.told.answers.first().map(|answer| by(&answer.by)).unwrap_or_default();
            format!("refused the answer{by}: {}", harmless(message))
        }
        LogKind::Suspended { suspension } => {
            format!("suspended  {}{}", style.dim(&short(suspension)), data(row.told.suspend_payload.as_ref()))
        }
        LogKind::Waiting { until: Some(until) } => format!("waits until {until}"),
        LogKind::Waiting { until: None } => "waits".to_owned(),
        LogKind::Progress { completed, total, .. } => format!("{completed} of {total} done"),
        LogKind::TakenOver => "taken over from a process that died".to_owned(),
        LogKind::Paused => format!("paused{}", by(&row.by)),
        LogKind::Unpaused => format!("goes on after the pause{}", by(&row.by)),
        LogKind::Restarted => format!("restarted{}", by(&row.by)),
        LogKind::Traveled => format!("sent back to here{}", by(&row.by)),
        LogKind::Forked => format!("forked{}", by(&row.by)),
        LogKind::Migrated => format!("moved to another version of its workflow{}", by(&row.by)),
        LogKind::Stopped { status } => format!("now {}{}", style.status(status.as_str()), by(&row.by)),
    }
}

/// The answers that came, each with the one who gave it.
fn resumed(row: &TimelineRow) -> String {
    let answers = row.told.answers.iter();
    let answers = answers.map(|answer| format!("{}{}", by(&answer.by), data(answer.resume_payload.as_ref())));
    format!("resumed{}", answers.collect::<Vec<_>>().join(","))
}

/// Who did something, and what they say to it.
fn by(by: &By) -> String {
    let comment = by.comment.as_ref().map(|comment| format!(" ({})", cut(&harmless(comment), DATA_CHARS)));
    suspended::by(by.name()) + &comment.unwrap_or_default()
}

fn data(json: Option<&Json>) -> String {
    json.map(|json| format!("  {}", glimpse(json.text(), DATA_CHARS))).unwrap_or_default()
}

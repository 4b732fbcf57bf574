//! How a start or a resume ended: waited for, shown, and made an exit code.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use reentry::core::id::{RunId, SuspensionId};
use reentry::core::run::{Doing, RunState as State, RunStatus, StepStatus};
use reentry::core::step::{Failure as StepFailure, WaitFor};
use reentry::core::time::Timestamp;
use reentry::store::SuspensionFilter;
use reentry::{Run, RunResult, StepResults, Tenant};
use reentry_wire::RunOutcome;

use crate::args::OutputArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::relative;
use crate::json_text::{one_line, pretty};
use crate::session::Session;
use crate::style::Style;
use crate::suspended::Question;
use crate::ui::{hang, harmless};

/// Time between two looks at a run that is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Most open suspensions that a result shows in full.
const SUSPENSIONS_SHOWN: usize = 10;

/// Waits if that was asked for, and shows the result.
pub(crate) async fn finish(
    session: &Session,
    tenant: &Tenant,
    run: &Run,
    result: RunResult,
    output: OutputArgs,
) -> Result<Exit, Failure> {
    let result = match output.wait {
        true => or_interrupt(run.id(), false, wait(session, tenant, run, result, output)).await?,
        false => result,
    };
    show(session, tenant, run, &result).await?;
    Ok(result.status.into())
}

/// Shows a result on standard output. The answer to a request that was made before is that of then: what the run is
/// like now is not shown beside it.
pub(crate) async fn show(
    session: &Session,
    tenant: &Tenant,
    run: &Run,
    result: &RunResult,
) -> Result<(), Failure> {
    let has_gone_on = match session.ui.is_json() {
        true => {
            let steps = unless_it_went_on(run, result, run.steps().await).await?;
            session.ui.print_json(&RunOutcome::of(result, steps.as_ref()))?;
            steps.is_none()
        }
        false => {
            let look = look(session, session.ui.out, tenant, run, result).await?;
            session.ui.print(&text(session, session.ui.out, result, look.as_ref()))?;
            look.is_none()
        }
    };
    if has_gone_on {
        let show = session.again.command(["runs", "show", &run.id().to_string()]);
        session.ui.note(&format!("the run has gone on since then: `{show}` shows how it stands"));
    }
    Ok(())
}

/// What a look at the run has found, if the run is still what a result says.
async fn unless_it_went_on<T, E: Into<Failure>>(
    run: &Run,
    result: &RunResult,
    found: Result<T, E>,
) -> Result<Option<T>, Failure> {
    match run.state().await {
        Ok(state) if state.version == result.version => found.map(Some).map_err(Into::into),
        // One that cannot be read is none of what was told either.
        _ => Ok(None),
    }
}

/// Does work that may be interrupted from the keyboard.
pub(crate) async fn or_interrupt<T>(
    run: RunId,
    at_work: bool,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        done = work => done,
        // Without a handler for the signal it does what it always does: it ends the process.
        Ok(()) = tokio::signal::ctrl_c() => Err(Failure::Interrupted { run, at_work }),
    }
}

/// Looks at the run until it has ended. Says what it waits for whenever that changes.
async fn wait(
    session: &Session,
    tenant: &Tenant,
    run: &Run,
    mut result: RunResult,
    output: OutputArgs,
) -> Result<RunResult, Failure> {
    let mut told: BTreeSet<SuspensionId> = BTreeSet::new();
    while !result.status.stands_still() {
        let open = result.suspended.iter().map(|step| step.suspension).collect();
        if result.status == RunStatus::Suspended && open != told {
            let look = look(session, session.ui.err, tenant, run, &result).await?;
            session.ui.note(text(session, session.ui.err, &result, look.as_ref()).trim_end());
            session.ui.note("waiting for the end of the run …");
            told = open;
        }
        tokio::time::sleep(LOOK_EVERY).await;
        // A look at the status alone is cheaper, but would miss that one question has taken the place of another.
        result = run.result(output.options()).await?;
    }
    Ok(result)
}

/// What a result does not hold of its run.
struct Look {
    /// Of a run with an error: which step failed.
    steps: Option<StepResults>,
    /// What goes on, for people.
    open: String,
}

/// Looks at a run for what its result does not hold; `None` when the run has gone on since.
async fn look(
    session: &Session,
    style: Style,
    tenant: &Tenant,
    run: &Run,
    result: &RunResult,
) -> Result<Option<Look>, Failure> {
    let found = async {
        let steps = match result.error {
            Some(_) => Some(run.steps().await?),
            None => None,
        };
        let open = match result.status {
            RunStatus::Suspended => {
                questions(session, style, tenant, run).await? + &delays(&run.state().await?, session.now())
            }
            RunStatus::Waiting => timers(session, run).await?,
            RunStatus::Running => {
                let recover = session.again.command(["runs", "recover"]);
                format!("at work in another process; if that has died, `{recover}` takes the run over\n")
            }
            _ => String::new(),
        };
        Ok::<_, Failure>(Look { steps, open })
    };
    unless_it_went_on(run, result, found.await).await
}

/// The result for people, with what a look at the run has found, if it is still what the result says.
fn text(session: &Session, style: Style, result: &RunResult, look: Option<&Look>) -> String {
    let (status, columns) = (result.status.as_str(), session.ui.text_columns());
    let mut text = format!("{} {}\n", style.status(status), result.run_id);
    if let Some(output) = &result.result {
        text += &format!("{}\n", pretty(output.text(), columns));
    }
    if let Some(failure) = &result.error {
        text += &failed(look.and_then(|look| look.steps.as_ref()), failure, columns);
    }
    match look {
        Some(look) => text += &look.open,
        None if result.status == RunStatus::Suspended => text += &questions_of(session, style, result),
        None => {}
    }
    if let Some(state) = &result.state {
        let state = serde_json::to_string(state).unwrap_or_default();
        let _ = writeln!(text, "\nstate {}", pretty(&state, columns - 6));
    }
    if let Some(labels) = result.resume_labels.as_ref().filter(|labels| !labels.is_empty()) {
        text += "\nlabels\n";
        for (label, paths) in labels {
            let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
            let _ = writeln!(text, "  {}  {}", harmless(label), paths.join(", "));
        }
    }
    text
}

/// Which step failed and why.
fn failed(steps: Option<&StepResults>, failure: &StepFailure, columns: usize) -> String {
    // The workflows around a failed step failed as well; the innermost one is the cause.
    let step = steps
        .into_iter()
        .flat_map(|steps| &steps.steps)
        .filter(|(_, entry)| entry.status == StepStatus::Failed)
        .max_by_key(|(path, _)| path.segments().len());
    let place = step.map(|(path, _)| format!("step {path}: ")).unwrap_or_default();
    format!("{place}{}", reason(failure, columns))
}

/// A failure for people: message, code, details.
fn reason(failure: &StepFailure, columns: usize) -> String {
    let code = failure.code.as_ref().map(|code| format!(" [{}]", harmless(code))).unwrap_or_default();
    let mut text = format!("{}{code}\n", hang(&harmless(failure.message.trim_end()), 2));
    if let Some(details) = &failure.details {
        let _ = writeln!(text, "  details {}", hang(&pretty(details.text(), columns - 10), 10));
    }
    text
}

/// What waits for an answer, each with the command that gives it.
async fn questions(session: &Session, style: Style, tenant: &Tenant, run: &Run) -> Result<String, Failure> {
    let filter = SuspensionFilter::default().run(run.id()).limit(SUSPENSIONS_SHOWN);
    let page = tenant.inbox(filter).await?;
    let now = session.now();
    let mut text = String::new();
    for waiting in &page.rows {
        let question = Question::of(waiting, false);
        let _ = write!(text, "\n{}", question.text(style, session.ui.text_columns(), now));
        text += &question.how_to_answer(&session.again);
    }
    if page.next.is_some() {
        let inbox = session.again.command(["inbox", "--run", &run.id().to_string()]);
        let _ = writeln!(text, "\nand more: {inbox}");
    }
    Ok(text)
}

/// What waited for an answer when a result was made.
fn questions_of(session: &Session, style: Style, result: &RunResult) -> String {
    let now = session.now();
    let mut text = String::new();
    for step in result.suspended.iter().take(SUSPENSIONS_SHOWN) {
        let question = Question::told(result.run_id, step);
        let _ = write!(text, "\n{}", question.text(style, session.ui.text_columns(), now));
        text += &question.how_to_answer(&session.again);
    }
    text
}

/// Until when a run waits that waits for no answer.
async fn timers(session: &Session, run: &Run) -> Result<String, Failure> {
    let (state, now) = (run.state().await?, session.now());
    let mut text = String::new();
    let until = |at| format!("until {at} ({})", relative(at, now));
    for (path, suspension) in state.waiting() {
        let until = match (suspension.due_at(), &suspension.wait.what) {
            (Some(at), _) => until(at),
            (None, WaitFor::Event(event)) => format!("for the event {}", harmless(&event.name)),
            (None, other) => format!("for something else ({})", other.kind()),
        };
        let _ = writeln!(text, "  {path}  {until}");
    }
    for (path, step) in &state.steps {
        if let Doing::Sleeping(at) = step.doing {
            let _ = writeln!(text, "  {path}  {}", until(at));
        }
    }
    text += &delays(&state, now);
    let recover = session.again.command(["runs", "recover"]);
    let work = session.again.command(["work"]);
    let _ = writeln!(text, "`{work}` looks after it; `{recover}` continues what is due, once");
    Ok(text)
}

/// When calls are made again that failed and that nobody sits through the delay of.
fn delays(state: &State, now: Timestamp) -> String {
    let mut text = String::new();
    for (path, step) in &state.steps {
        let Doing::Delayed(at, _) = step.doing else { continue };
        let failed = step.entry.error.as_ref().map(reason_line).unwrap_or_default();
        let (attempt, next) = (step.attempt, relative(at, now));
        let _ = writeln!(text, "  {path}  try {attempt} failed: {failed}; the next one is at {at} ({next})");
    }
    text
}

/// One line about what a failed step said.
pub(crate) fn reason_line(failure: &StepFailure) -> String {
    let code = failure.code.as_ref().map(|code| format!(" [{}]", harmless(code))).unwrap_or_default();
    let message = harmless(failure.message.lines().next().unwrap_or_default());
    let details = failure.details.as_ref().map(|details| format!(" {}", one_line(details.text())));
    format!("{message}{code}{}", details.unwrap_or_default())
}

//! What is asked, and what each question was answered with.

use reentry::core::id::TenantId;
use reentry::core::json::Json;
use reentry::core::resume::Target;
use reentry::core::run::{LogEntry, LogKind, RunState};
use reentry::store::{SuspensionEnd, SuspensionFilter, SuspensionRecord, TryKind};

use super::{Checked, ensure, may_be_cut_short, may_be_cut_short_by};
use crate::disk::now;
use crate::guest;
use crate::ledger::{Asked, What};
use crate::performed::{self, Performed, number, step_id};
use crate::tree::{DEFAULT, is_question};
use crate::world::World;

/// The suspensions that a run ever had.
pub(super) fn history(world: &World, run: &RunState) -> Vec<SuspensionRecord> {
    let filter = SuspensionFilter::default()
        .run(run.id)
        .with_ended(true)
        .with_tries(true)
        .with_timers(true)
        .limit(1_000);
    now(world.store().list_suspensions(&world.tenant(), filter)).unwrap().rows
}

/// Each question of the workflow's own ended once in each of its turns, with the answer that somebody gave or the
/// default, as its suspension says.
pub(super) fn questions(world: &World, run: &RunState, log: &[LogEntry]) -> Checked {
    // What was done again has ended again.
    let again = |what: &What| matches!(what, What::Restart | What::Travel { .. });
    let again = world.around.ledger.lock().unwrap().count(again);
    let history = history(world, run);
    for (path, step) in now(world.store().steps(&TenantId::default(), run.id)).unwrap() {
        if !is_question(&path) {
            continue;
        }
        let is_end = |entry: &&LogEntry| entry.path == path && matches!(entry.kind, LogKind::Ended { .. });
        let ends = log.iter().filter(is_end).count();
        ensure(ends <= 1 + again, || format!("question `{path}` ended {ends} times"))?;
        let Some(output) = step.entry.output else { continue };
        // Those of one instant have ids in any order.
        let asked = history.iter().filter(|one| one.path == path);
        let last = asked.max_by_key(|one| one.past.ended_version).and_then(|one| one.state.ended);
        let by_default = output.decode::<String>().is_ok_and(|text| text == DEFAULT);
        let fits = match last.map(|(end, _)| end) {
            Some(SuspensionEnd::Answered) => output.decode::<usize>().is_ok(),
            Some(SuspensionEnd::Elapsed) => by_default,
            // A fork has it from its parent.
            _ => run.fork_of.is_some(),
        };
        ensure(fits, || format!("question `{path}` has {output}, its suspension ended {last:?}"))?;
    }
    Ok(())
}

/// Every suspension ended, and each that was answered had one answer, and can be gone back to.
pub(super) fn suspensions(world: &World, run: &RunState, performed: &Performed) -> Checked {
    let history = history(world, run);
    answers(world, &history)?;
    let savepoints = now(world.store().savepoints(&TenantId::default(), run.id)).unwrap();
    let mut ends = (0, 0);
    for one in &history {
        let end = one.state.ended.map(|(end, _)| end);
        ensure(end.is_some(), || format!("suspension {} of `{}` is open", one.id, one.path))?;
        ends.0 += usize::from(end == Some(SuspensionEnd::Answered) && !is_question(&one.path));
        ends.1 += usize::from(end == Some(SuspensionEnd::Received));
        let saved = savepoints.iter().filter(|savepoint| savepoint.suspension == Some(one.id)).count();
        // What was answered in the parent, and is being told in a fork, was saved there.
        let needs_one = end == Some(SuspensionEnd::Answered) && run.fork_of.is_none();
        ensure(saved > 0 || !needs_one, || format!("no savepoint of {}", one.id))?;
        ensure(saved < 2, || format!("{saved} savepoints of {}", one.id))?;
        let late = one
            .state
            .ended
            .filter(|(end, at)| *end == SuspensionEnd::Answered && one.due_at.is_some_and(|due| due <= *at));
        // A fork answers what its parent left unanswered.
        ensure(late.is_none() || run.fork_of.is_some(), || {
            format!("{} was answered {late:?}, due {:?}", one.id, one.due_at)
        })?;
    }
    let cut = may_be_cut_short(world) || run.fork_of.is_some();
    let given = (performed.given('0'), performed.given('3'));
    let ledger = world.around.ledger.lock().unwrap();
    let late =
        ledger.asked.iter().filter(|one| matches!(one.what, What::Answer { may_be_late: true, .. })).count();
    let fits = (given.0..=given.0 + late).contains(&ends.0) && ends.1 == given.1;
    ensure(cut || fits, || format!("answers and events: {ends:?} ended waits, {given:?} were given"))
}

/// The history has each answer as it was given: the very one that was acknowledged, and of those that a step refused
/// only such as it refuses.
fn answers(world: &World, history: &[SuspensionRecord]) -> Checked {
    let ledger = world.around.ledger.lock().unwrap();
    let data = |asked: &Asked| match asked.what {
        What::Answer { data, .. } | What::Fork { data: Some(data), .. } => Some(data),
        _ => None,
    };
    for one in history {
        let kept = one.past.answer().map(Json::text);
        let refused = one.past.tries.iter().filter(|tried| tried.kind == TryKind::Refused);
        let refused: Vec<&str> =
            refused.filter_map(|tried| Some(tried.answer.as_ref()?.here()?.text())).collect();
        for text in &refused {
            ensure(guest::is_refused(text), || format!("{} has `{text}` as refused", one.id))?;
        }
        if !one.state.ended.is_some_and(|(end, _)| end == SuspensionEnd::Answered) {
            continue;
        }
        let given = ledger
            .asked
            .iter()
            .filter(|asked| data(asked).is_some_and(|data| Some(&*data.to_string()) == kept));
        let was_given = given.into_iter().any(|asked| !asked.is_refused());
        ensure(was_given, || format!("{} has the answer {kept:?}, which nobody gave", one.id))?;
        let acknowledged = ledger.asked.iter().filter(|asked| asked.is_acknowledged()).filter(
            |asked| matches!(&asked.what, What::Answer { target, .. } if target.suspension == Some(one.id)),
        );
        for data in acknowledged.filter_map(data) {
            let data = data.to_string();
            // In a paused run it is acknowledged before its step is called, which may refuse it.
            let is_there = kept == Some(&*data) || refused.contains(&&*data);
            ensure(is_there, || {
                format!("answer {data} to {} was acknowledged, and {kept:?} is kept", one.id)
            })?;
        }
    }
    Ok(())
}

/// An answer that names a step reached the question that its sender saw there: the calls of a step that waits for one
/// thing at a time are told of its questions one after the other. Their order is that of the log: ids of two
/// processes have none within a millisecond.
pub(super) fn seen(world: &World, run: &RunState, performed: &Performed, log: &[LogEntry]) -> Checked {
    let (scripts, ledger) = (world.tree.scripts(), world.around.ledger.lock().unwrap());
    // A restart opens its suspensions anew.
    let restarts = ledger.count(|what| matches!(what, What::Restart));
    if may_be_cut_short_by(&ledger, world) || run.fork_of.is_some() || restarts > 0 {
        return Ok(());
    }
    for asked in &ledger.asked {
        let What::Answer { target: Target { suspension: None, step: Some(_), .. }, meant, data, .. } =
            &asked.what
        else {
            continue;
        };
        for key in performed.last('0', *data) {
            let path = performed.path(key);
            let waits = scripts.get(step_id(path)).map(|script| performed::waits(script)).unwrap_or_default();
            if waits.iter().any(|letter| "bl".contains(*letter)) {
                continue;
            }
            let told = usize::try_from(number(key) - performed.refused_before(key)).unwrap().checked_sub(2);
            let reached = told.and_then(|told| {
                let before = waits.iter().take(told).filter(|letter| "adq".contains(**letter)).count();
                let asked = log.iter().filter(|entry| entry.path.to_string() == path);
                let mut asked = asked.filter_map(|entry| match entry.kind {
                    LogKind::Suspended { suspension } => Some(suspension),
                    _ => None,
                });
                asked.nth(before)
            });
            ensure(reached == *meant, || {
                format!("answer {data} was meant for {meant:?} and reached {reached:?} of `{path}`")
            })?;
        }
    }
    Ok(())
}

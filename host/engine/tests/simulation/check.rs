//! What must hold of every schedule, while it runs and when it has ended.

mod questions;
mod requests;

use std::collections::{BTreeSet, HashSet};

use reentry::StartOptions;
use reentry::core::id::{BlobId, OwnerId, RunId, TenantId};
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::run::{LogEntry, LogKind, RunState, RunStatus, StepStatus, TRIALS_MAX};
use reentry::core::time::Timestamp;
use reentry::store::{CallLogFilter, LogRow, SavepointKind};

use questions::{questions, seen, suspensions};
use requests::{Answered, requests};

use crate::disk::now;
use crate::guest::guest;
use crate::ledger::{Asked, Ledger, What};
use crate::performed::{self, Performed, number, run, step_id};
use crate::process::{Process, Surroundings};
use crate::stage::Effect;
use crate::tree::Tree;
use crate::world::World;

/// Most rows that are read of anything: more than a schedule makes.
const ROWS: usize = 100_000;

type Checked = Result<(), String>;

fn ensure(holds: bool, wrong: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(wrong()) }
}

/// Whatever moment it is.
pub(crate) fn on_the_way(world: &World) -> Checked {
    let states = world.states();
    let started = states.iter().filter(|run| run.fork_of.is_none()).count();
    ensure(started <= 1, || format!("one start made {started} runs"))?;
    let ledger = world.around.ledger.lock().unwrap();
    for (run, told) in &ledger.ended {
        let is = states.iter().find(|one| one.id == *run).map(|run| run.status().to_string());
        ensure(is.as_ref() == Some(told), || format!("told that it is {told}, it is {is:?}"))?;
    }
    for asked in &ledger.asked {
        if let (What::Look, Some(ended), Some(Ok(seen))) = (&asked.what, &asked.ended, &asked.said) {
            ensure(seen == ended, || format!("after {ended} was told, a look shows {seen}"))?;
        }
    }
    for run in states.iter().filter(|run| !run.paused && !run.status().is_final()) {
        let of_run = |asked: &&Asked| asked.run == Some(run.id);
        let is_paused = ledger
            .asked
            .iter()
            .filter(of_run)
            .any(|one| matches!(one.what, What::Pause) && one.is_acknowledged());
        // Whoever has it go on may be faster than the one who is told of the pause.
        let goes_on = ledger
            .asked
            .iter()
            .filter(of_run)
            .any(|one| matches!(one.what, What::Unpause | What::Restart | What::Travel { .. }));
        let lost = world.around.stage.epoch() > 0;
        ensure(!is_paused || goes_on || lost, || format!("run {} was paused, and goes on", run.id))?;
    }
    // One end is no fault yet, and three are needed in which the call was alone. A process that lives on without a
    // lease seems to end again and again.
    let ends = world.around.stage.deaths() + world.retired + 3 * world.leases_lost;
    let blamed = |run: &RunState| run.blocked.clone().filter(|why| why.code == "ends-hosts");
    let blamed = states.iter().find_map(blamed).filter(|_| ends <= usize::try_from(TRIALS_MAX).unwrap());
    ensure(blamed.is_none(), || format!("{ends} processes have ended: {blamed:?}"))?;
    for image in states.iter().flat_map(RunState::images) {
        let kept = now(world.store().blob(image)).unwrap();
        ensure(kept.is_some(), || format!("image {image} is missing"))?;
    }
    Ok(())
}

/// When the runs have ended and nobody is at work any more.
pub(crate) fn at_the_end(world: &World) -> Checked {
    let runs = world.states();
    // Those of runs whose beginning was lost with the power are of no interest.
    let is_there = |key: &str| runs.iter().any(|one| one.id.to_string() == run(key));
    let mut effects = world.around.stage.effects();
    effects.retain(|effect| is_there(&effect.key));
    for run in &runs {
        let of_run = |effect: &&Effect| effect.key.starts_with(&format!("{}/", run.id));
        let effects: Vec<Effect> = effects.iter().filter(of_run).cloned().collect();
        let performed = Performed::of(&effects, &world.tree.scripts())?;
        result(world, run)?;
        let log = log(world, run)?;
        said(world, run)?;
        repetitions(world, &performed, &log)?;
        waits(world, &performed)?;
        suspensions(world, run, &performed)?;
        questions(world, run, &log)?;
        seen(world, run, &performed, &log)?;
        records(world, run, &performed, &log)?;
    }
    requests(world, &Performed::of(&effects, &world.tree.scripts())?, &Answered::of(world, &runs))?;
    nothing_waits(world)?;
    images(world, &runs)
}

/// Whether something may have been closed that had been given something and could not do anything with it.
fn may_be_cut_short(world: &World) -> bool {
    may_be_cut_short_by(&world.around.ledger.lock().unwrap(), world)
}

fn may_be_cut_short_by(ledger: &Ledger, world: &World) -> bool {
    world.tree.closes || ledger.count(|what| matches!(what, What::Cancel | What::Travel { .. })) > 0
}

/// A step is called when all is over that it asked for.
fn waits(world: &World, performed: &Performed) -> Checked {
    let scripts = world.tree.scripts();
    for (key, text) in performed.texts() {
        let id = step_id(performed.path(key));
        let letters = scripts.get(id).map(|script| performed::waits(script)).unwrap_or_default();
        let seen = number(key) - performed.refused_before(key);
        let before = usize::try_from(seen).unwrap().checked_sub(2);
        let both = before.and_then(|before| letters.get(before)) == Some(&'l');
        let over = text.split(' ').filter(|over| !over.is_empty()).count();
        ensure(!both || over == 2, || format!("call {key}, which waits for two things, got `{text}`"))?;
    }
    Ok(())
}

/// The run ended as one that nobody disturbs and nothing makes wait.
fn result(world: &World, run: &RunState) -> Checked {
    if run.status() == RunStatus::Canceled {
        let wanted = world.around.ledger.lock().unwrap().count(|what| matches!(what, What::Cancel)) > 0;
        return ensure(wanted, || "it was canceled, though nobody wanted that".to_owned());
    }
    let root = now(world.store().step(&TenantId::default(), run.id, &StepPath::root())).unwrap();
    let root = root.map(|root| root.entry);
    let found = root.as_ref().and_then(|root| root.output.clone());
    let expected = straight(&world.tree);
    ensure(run.status() == RunStatus::Success && found == expected, || {
        let error = root.and_then(|root| root.error);
        format!("it ended {} with {found:?} {error:?}, expected {expected:?}", run.status())
    })
}

/// The result of the tree when it runs in one process, without anything to wait for.
fn straight(tree: &Tree) -> Option<Json> {
    let around = Surroundings::undisturbed();
    let process = Process::start(&around, 0);
    process.wait(async {
        let workflow = process.tenant.commit(tree.definition(guest().digest(), false)).await.unwrap();
        workflow.new_run().start(StartOptions::default()).await.unwrap().result.result
    })
}

/// What watchers saw, checked for its order.
fn log(world: &World, run: &RunState) -> Result<Vec<LogEntry>, String> {
    let rows = now(world.store().log(&TenantId::default(), run.id, 0, ROWS)).unwrap();
    let mut all = Vec::new();
    for row in rows {
        all.extend(row.entries.decode::<Vec<LogEntry>>().map_err(|error| error.to_string())?);
    }
    let first = all.first().map(|entry| entry.kind.clone());
    let begins = match run.fork_of {
        Some(_) => matches!(first, Some(LogKind::Forked)),
        None => matches!(first, Some(LogKind::Started { .. })),
    };
    ensure(begins, || format!("the log begins with {first:?}"))?;
    let stopped = all.iter().rev().find_map(|entry| match entry.kind {
        LogKind::Stopped { status } => Some(status),
        _ => None,
    });
    ensure(stopped == Some(run.status()), || {
        format!("the log ends with {stopped:?}, the run {}", run.status())
    })?;
    Ok(all)
}

/// What guests said is kept with the ends of their calls: of each call that ended there is its line, once. A call
/// says one line, which begins with its key.
fn said(world: &World, run: &RunState) -> Checked {
    let kept = now(world.store().call_logs(&TenantId::default(), run.id, &CallLogFilter::default())).unwrap();
    ensure(kept.dropped == 0 && !kept.more, || format!("{} lines were dropped", kept.dropped))?;
    let ends = |of: RunId| -> BTreeSet<(u64, StepPath)> {
        let rows = now(world.store().log(&TenantId::default(), of, 0, ROWS)).unwrap();
        let entries = |row: &LogRow| row.entries.decode::<Vec<LogEntry>>().unwrap();
        let ended = |entry: &LogEntry| {
            use LogKind::{AnswerRefused, Ended, Retrying, Suspended, Waiting};
            matches!(
                entry.kind,
                AnswerRefused { .. } | Ended { .. } | Retrying { .. } | Suspended { .. } | Waiting { .. }
            )
        };
        let of_row = |row: &LogRow| {
            let ended = entries(row).into_iter().filter(ended);
            ended.map(|entry| (row.version, entry.path)).collect::<Vec<_>>()
        };
        rows.iter().flat_map(of_row).collect()
    };
    let scripts = world.tree.scripts();
    let mut calls = BTreeSet::new();
    for row in &kept.rows {
        let (version, path) = (row.version, &row.log.path);
        let says = format!("\"message\":\"{}/{path}/", row.run);
        ensure(row.log.lines == 1 && row.log.text.contains(&says), || {
            format!("the line of a call of `{path}`, version {version}: {}", row.log.text)
        })?;
        // A checkpoint is the end of a call of which watchers are not told.
        let script = scripts.get(step_id(&path.to_string()));
        let is_checkpoint = script.is_some_and(|script| script.contains('k'));
        ensure(is_checkpoint || ends(row.run).contains(&(version, path.clone())), || {
            format!("a line of `{path}` at version {version}, at which no call of it ended")
        })?;
        calls.insert((path.clone(), row.log.call));
    }
    for (path, step) in now(world.store().steps(&TenantId::default(), run.id)).unwrap() {
        let is_guest = scripts.contains_key(step_id(&path.to_string()));
        for call in (1..=step.calls).filter(|_| is_guest && step.entry.status == StepStatus::Success) {
            ensure(calls.contains(&(path.clone(), call)), || {
                format!("what call {call} of `{path}` said is lost")
            })?;
        }
    }
    Ok(())
}

/// A call is made again as often as it fails, which its script says, and performed again only then or when somebody
/// died.
fn repetitions(world: &World, performed: &Performed, log: &[LogEntry]) -> Checked {
    let scripts = world.tree.scripts();
    // A process that lives on without a lease takes calls as others do, and has each taken from it again.
    let stage = &world.around.stage;
    let takes = stage.deaths() + world.retired + stage.damaged() + 3 * world.leases_lost;
    // What was under way at an end is made again, and so is a further try that began just when its run was paused.
    let restarts = world.around.ledger.lock().unwrap().count(|what| matches!(what, What::Restart));
    let pauses = world.around.ledger.lock().unwrap().count(|what| matches!(what, What::Pause));
    for (key, times) in &performed.times {
        let path = performed.path(key);
        let is_retry = |entry: &&LogEntry| {
            entry.path.to_string() == path && matches!(entry.kind, LogKind::Retrying { .. })
        };
        let retries = log.iter().filter(is_retry).count();
        let fails = scripts.get(step_id(path)).map_or(0, |script| script.matches(['f', 'y']).count());
        let travels = world.around.ledger.lock().unwrap().count(|what| matches!(what, What::Travel { .. }));
        let fails = fails * (1 + restarts + travels);
        ensure(retries <= fails, || {
            format!("`{path}` was tried again {retries} times, it failed {fails} times")
        })?;
        let allowed = 1 + takes + retries + restarts + pauses;
        ensure(*times <= allowed, || {
            format!("call {key} was performed {times} times, at most {allowed} allowed")
        })?;
    }
    Ok(())
}

/// The records of the steps say what the log says, and what the guests' memories say.
fn records(world: &World, run: &RunState, performed: &Performed, log: &[LogEntry]) -> Checked {
    let (canceled, is_fork) = (run.status() == RunStatus::Canceled, run.fork_of.is_some());
    for (path, step) in now(world.store().steps(&TenantId::default(), run.id)).unwrap() {
        let status = step.entry.status;
        let ended = log.iter().rev().filter(|entry| entry.path == path).find_map(|entry| match entry.kind {
            LogKind::Ended { status } => Some(status),
            _ => None,
        });
        let open = matches!(status, StepStatus::Running | StepStatus::Waiting | StepStatus::Suspended);
        ensure(!open || canceled, || format!("`{path}` is {status:?} in a run that has ended"))?;
        // An item whose turn does not come any more stays as it is.
        let queued = status == StepStatus::Pending;
        ensure(!queued || canceled || world.tree.closes, || format!("`{path}` was never begun"))?;
        // What a fork has from its parent is not in its log.
        let told = ended == Some(status) || (is_fork && ended.is_none());
        ensure(open || queued || told, || format!("`{path}` is {status:?}, in the log {ended:?}"))?;
        let seen = performed.calls(&path.to_string(), run.travels);
        let all: BTreeSet<u32> = (1..=step.calls).collect();
        // Its parent made those before.
        let fits = if is_fork { all.is_superset(&seen) } else { all == seen };
        ensure(fits || canceled || status == StepStatus::Canceled, || {
            format!("`{path}` has the record of {} calls, its guest saw {seen:?}", step.calls)
        })?;
    }
    Ok(())
}

fn nothing_waits(world: &World) -> Checked {
    let store = world.store();
    let (due, orphans) = (
        now(store.next_due(Timestamp(0))).unwrap(),
        now(store.claim_orphans(OwnerId::from_bytes([9; 16]), Timestamp(0), &HashSet::new(), ROWS)).unwrap(),
    );
    let deliverable =
        now(store.claim_mail(OwnerId::from_bytes([9; 16]), Timestamp(0), &HashSet::new(), ROWS)).unwrap();
    ensure(due.is_none() && orphans.is_empty() && deliverable.is_empty(), || {
        format!("something waits for a run that has ended: {due:?} {orphans:?} {deliverable:?}")
    })
}

/// Kept are the memories that savepoints need, and no others; with the runs they all go.
fn images(world: &World, runs: &[RunState]) -> Checked {
    let all = world.around.disk.images.lock().unwrap().clone();
    let kept = || -> BTreeSet<BlobId> {
        let there = all.iter().filter(|(_, image)| now(world.store().blob(*image)).unwrap().is_some());
        there.map(|(_, image)| *image).collect()
    };
    let (mut needed, mut ends) = (BTreeSet::new(), 0);
    for run in runs {
        for savepoint in now(world.store().savepoints(&TenantId::default(), run.id)).unwrap() {
            ends += usize::from(savepoint.kind == SavepointKind::Failure);
            let Some(suspension) = savepoint.suspension else { continue };
            let savepoint = now(world.store().savepoint(&TenantId::default(), run.id, suspension)).unwrap();
            needed.extend(savepoint.into_iter().flat_map(|savepoint| savepoint.images));
        }
        let end =
            now(world.store().last_savepoint(&TenantId::default(), run.id, SavepointKind::Failure)).unwrap();
        needed.extend(end.into_iter().flat_map(|end| end.images));
    }
    // Of several ends only the last can be read.
    let fits = if ends > 1 { kept().is_superset(&needed) } else { kept() == needed };
    ensure(fits, || format!("kept images {:?}, needed {needed:?}", kept()))?;
    // Forks read their parents.
    for run in runs.iter().rev() {
        now(world.store().delete_run(&world.tenant(), run.id)).map_err(|error| error.to_string())?;
    }
    ensure(kept().is_empty(), || format!("images {:?} outlive their runs", kept()))
}

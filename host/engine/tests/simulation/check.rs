//! What must hold of every schedule, while it runs and when it has ended.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use reentry::StartOptions;
use reentry::core::id::SnapshotId;
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::time::Timestamp;
use reentry::core::run::{LogEntry, LogKind, Run, RunStatus, StepStatus};
use reentry::store::{RunFilter, SuspensionEnd, SuspensionFilter};

use crate::disk::now;
use crate::guest::guest;
use crate::ledger::What;
use crate::performed::Performed;
use crate::process::{Process, Surroundings};
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
    let runs = now(world.store().list_runs(&world.tenant(), RunFilter::default())).unwrap().rows;
    ensure(runs.len() <= 1, || format!("one start made {} runs", runs.len()))?;
    let ledger = world.around.ledger.lock().unwrap();
    let state = world.state();
    if let Some(told) = &ledger.ended {
        let is = state.as_ref().map(|run| run.status().to_string());
        ensure(is.as_ref() == Some(told), || format!("told that it is {told}, it is {is:?}"))?;
    }
    for asked in &ledger.asked {
        if let (What::Look, Some(ended), Some(Ok(seen))) = (&asked.what, &asked.ended, &asked.said) {
            ensure(seen == ended, || format!("after {ended} was told, a look shows {seen}"))?;
        }
    }
    let images = state.iter().flat_map(Run::images);
    for image in images {
        let kept = now(world.store().image(image)).unwrap();
        ensure(kept.is_some(), || format!("image {image} is missing"))?;
    }
    Ok(())
}

/// When the run has ended and nobody is at work any more.
pub(crate) fn at_the_end(world: &World) -> Checked {
    let run = world.state().unwrap();
    let canceled = run.status() == RunStatus::Canceled;
    result(world, &run)?;
    let effects = world.around.stage.effects();
    // Those of a run whose beginning was lost with the power are of no interest.
    let effects: Vec<_> =
        effects.into_iter().filter(|effect| effect.key.starts_with(&format!("{}/", run.id))).collect();
    let performed = Performed::of(&effects)?;
    let log = log(world, &run)?;
    repetitions(world, &performed, &log)?;
    requests(world, &performed, canceled)?;
    suspensions(world, &run, &performed, canceled)?;
    records(world, &run, &performed, &log, canceled)?;
    nothing_waits(world)?;
    images(world, &run)
}

/// The run ended as one that nobody disturbs and nothing makes wait.
fn result(world: &World, run: &Run) -> Checked {
    if run.status() == RunStatus::Canceled {
        let wanted =
            world.around.ledger.lock().unwrap().asked.iter().any(|one| matches!(one.what, What::Cancel));
        return ensure(wanted, || "it was canceled, though nobody wanted that".to_owned());
    }
    let root = now(world.store().step(run.id, &StepPath::root())).unwrap();
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
        let workflow = process.host.commit(tree.definition(guest().digest(), false)).await.unwrap();
        workflow.start(StartOptions::default()).await.unwrap().result.result
    })
}

/// What watchers saw, checked for its order.
fn log(world: &World, run: &Run) -> Result<Vec<LogEntry>, String> {
    let rows = now(world.store().log(run.id, 0, ROWS)).unwrap();
    let mut all = Vec::new();
    for row in rows {
        all.extend(row.entries.decode::<Vec<LogEntry>>().map_err(|error| error.to_string())?);
    }
    let first = all.first().map(|entry| entry.kind.clone());
    ensure(first == Some(LogKind::Started), || format!("the log begins with {first:?}"))?;
    let stopped = all.iter().rev().find_map(|entry| match entry.kind {
        LogKind::Stopped { status } => Some(status),
        _ => None,
    });
    ensure(stopped == Some(run.status()), || {
        format!("the log ends with {stopped:?}, the run {}", run.status())
    })?;
    Ok(all)
}

/// A call is made again as often as it fails, which its script says, and performed again only then or when somebody died.
fn repetitions(world: &World, performed: &Performed, log: &[LogEntry]) -> Checked {
    let scripts = world.tree.scripts();
    // A process that lives on without a lease takes calls as others do, and has each taken from it again.
    let takes = world.around.stage.deaths() + 3 * world.leases_lost;
    for (key, times) in &performed.times {
        let path = performed.path(key);
        let is_retry = |entry: &&LogEntry| {
            entry.path.to_string() == path && matches!(entry.kind, LogKind::Retrying { .. })
        };
        let retries = log.iter().filter(is_retry).count();
        let id = path.rsplit('.').next().and_then(|last| last.split('[').next()).unwrap_or_default();
        let fails = scripts.get(id).map_or(0, |script| script.matches(['f', 'y']).count());
        ensure(retries <= fails, || {
            format!("`{path}` was tried again {retries} times, it failed {fails} times")
        })?;
        let allowed = 1 + takes + retries;
        ensure(*times <= allowed, || {
            format!("call {key} was performed {times} times, at most {allowed} allowed")
        })?;
    }
    Ok(())
}

/// What was acknowledged happened once; what was refused never did; two requests with one key are one.
fn requests(world: &World, performed: &Performed, canceled: bool) -> Checked {
    let ledger = world.around.ledger.lock().unwrap();
    let (mut answers, mut keys) = (BTreeMap::<usize, Vec<_>>::new(), BTreeMap::<&String, Vec<_>>::new());
    let mut events = BTreeMap::<(usize, &String), bool>::new();
    for asked in &ledger.asked {
        match &asked.what {
            What::Answer { data, key, target, .. } => {
                answers.entry(*data).or_default().push(asked);
                // A place may be suspended again, and take the same request that was refused before.
                if let (Some(key), Some(_)) = (key, target.suspension) {
                    keys.entry(key).or_default().push(asked);
                }
            }
            What::Send { payload, name, .. } => {
                *events.entry((*payload, name)).or_default() |= asked.is_acknowledged();
            }
            _ => {}
        }
    }
    for (data, asked) in answers {
        let (ever, last) = (performed.ever('0', data), performed.last('0', data));
        let may_be_late = asked.iter().any(|one| matches!(one.what, What::Answer { may_be_late: true, .. }));
        let acknowledged = asked.iter().any(|one| one.is_acknowledged()) && !may_be_late;
        ensure(last.len() <= 1, || format!("answer {data} was given to {last:?}"))?;
        ensure(!acknowledged || canceled || last.len() == 1, || {
            format!("answer {data} was acknowledged and lost")
        })?;
        ensure(ever.is_empty() || !asked.iter().all(|one| one.is_refused()), || {
            format!("answer {data} was refused, and given to {ever:?}")
        })?;
    }
    for (key, asked) in keys {
        let mixed = asked.iter().any(|one| one.is_acknowledged()) && asked.iter().any(|one| one.is_refused());
        ensure(!mixed, || {
            format!("of requests with the key `{key}` one was done and one refused: {asked:?}")
        })?;
    }
    for ((payload, name), acknowledged) in events {
        let taken = performed.last('3', payload);
        let mail = now(world.store().mail(&world.tenant(), name, None, ROWS)).unwrap();
        let kept = mail.iter().any(|message| message.payload.text() == payload.to_string());
        ensure(taken.len() <= 1, || format!("event {payload} went to {taken:?}"))?;
        ensure(!kept || taken.is_empty(), || format!("event {payload} went to {taken:?}, and is kept"))?;
        let there = kept || !taken.is_empty();
        ensure(!acknowledged || canceled || there, || format!("event {payload} was acknowledged and lost"))?;
    }
    Ok(())
}

/// Every suspension ended, and each that was answered had one answer, and can be gone back to.
fn suspensions(world: &World, run: &Run, performed: &Performed, canceled: bool) -> Checked {
    let filter = SuspensionFilter {
        run: Some(run.id),
        with_ended: true,
        with_timers: true,
        limit: 1_000,
        ..SuspensionFilter::default()
    };
    let history = now(world.store().list_suspensions(&world.tenant(), filter)).unwrap().rows;
    let savepoints = now(world.store().savepoints(run.id)).unwrap();
    let mut ends = (0, 0);
    for one in history {
        let end = one.state.ended.map(|(end, _)| end);
        ensure(end.is_some(), || format!("suspension {} of `{}` is open", one.id, one.path))?;
        ends.0 += usize::from(end == Some(SuspensionEnd::Answered));
        ends.1 += usize::from(end == Some(SuspensionEnd::Received));
        let saved = savepoints.iter().any(|savepoint| savepoint.suspension == Some(one.id));
        ensure(saved || end != Some(SuspensionEnd::Answered), || format!("no savepoint of {}", one.id))?;
    }
    let given = (performed.given('0'), performed.given('3'));
    let ledger = world.around.ledger.lock().unwrap();
    let late =
        ledger.asked.iter().filter(|one| matches!(one.what, What::Answer { may_be_late: true, .. })).count();
    let fits = (given.0..=given.0 + late).contains(&ends.0) && ends.1 == given.1;
    ensure(canceled || fits, || format!("answers and events: {ends:?} ended waits, {given:?} were given"))
}

/// The records of the steps say what the log says, and what the guests' memories say.
fn records(world: &World, run: &Run, performed: &Performed, log: &[LogEntry], canceled: bool) -> Checked {
    for (path, step) in now(world.store().steps(run.id)).unwrap() {
        let status = step.entry.status;
        let ended = log.iter().rev().filter(|entry| entry.path == path).find_map(|entry| match entry.kind {
            LogKind::Ended { status } => Some(status),
            _ => None,
        });
        let open = matches!(status, StepStatus::Pending | StepStatus::Running | StepStatus::Waiting);
        ensure(!open || canceled, || format!("`{path}` is {status:?} in a run that has ended"))?;
        ensure(open || ended == Some(status), || format!("`{path}` is {status:?}, in the log {ended:?}"))?;
        let calls = performed.calls(&path.to_string());
        ensure(calls == step.calls || canceled, || {
            format!("`{path}` has the record of {} calls, its guest saw {calls}", step.calls)
        })?;
    }
    Ok(())
}

fn nothing_waits(world: &World) -> Checked {
    let store = world.store();
    let (due, orphans) = (now(store.next_due(Timestamp(0))).unwrap(), now(store.orphans(&HashSet::new(), ROWS)).unwrap());
    let deliverable = now(store.deliverable(&HashSet::new(), ROWS)).unwrap();
    ensure(due.is_none() && orphans.is_empty() && deliverable.is_empty(), || {
        format!("something waits for a run that has ended: {due:?} {orphans:?} {deliverable:?}")
    })
}

/// Kept are the memories that savepoints need, and no others; with the run they all go.
fn images(world: &World, run: &Run) -> Checked {
    let all = world.around.disk.images.lock().unwrap().clone();
    let kept = || -> BTreeSet<SnapshotId> {
        let there = all.iter().filter(|(_, image)| now(world.store().image(*image)).unwrap().is_some());
        there.map(|(_, image)| *image).collect()
    };
    let mut needed = BTreeSet::new();
    for savepoint in now(world.store().savepoints(run.id)).unwrap() {
        let Some(suspension) = savepoint.suspension else { continue };
        let savepoint = now(world.store().savepoint(run.id, suspension)).unwrap();
        needed.extend(savepoint.into_iter().flat_map(|savepoint| savepoint.images));
    }
    if let Some(end) =
        now(world.store().last_savepoint(run.id, reentry::store::SavepointKind::Failure)).unwrap()
    {
        needed.extend(end.images);
    }
    ensure(kept() == needed, || format!("kept images {:?}, needed {needed:?}", kept()))?;
    now(world.store().delete_run(&world.tenant(), run.id)).map_err(|error| error.to_string())?;
    ensure(kept().is_empty(), || format!("images {:?} outlive their run", kept()))
}

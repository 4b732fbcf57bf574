//! What must hold of every schedule, while it runs and when it has ended.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use reentry::StartOptions;
use reentry::core::id::{BlobId, OwnerId, RunId, SuspensionId, TenantId};
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::resume::Target;
use reentry::core::run::{LogEntry, LogKind, RunState, RunStatus, StepStatus, TRIALS_MAX};
use reentry::core::time::Timestamp;
use reentry::store::{
    CallLogFilter, LogRow, SavepointKind, SuspensionEnd, SuspensionFilter, SuspensionRecord, TryKind,
};

use crate::disk::now;
use crate::guest::{self, guest};
use crate::ledger::{Asked, Ledger, What};
use crate::performed::{self, Performed, number, run, step_id};
use crate::process::{Process, Surroundings};
use crate::stage::Effect;
use crate::tree::{DEFAULT, Tree, is_question};
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
    let blamed =
        |run: &RunState| run.blocked.clone().filter(|why| why.is(&reentry::core::failure::ENDS_HOSTS));
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

/// The questions of the workflow's own in all runs, and what each was answered with: no guest is told.
struct Answered {
    questions: BTreeSet<SuspensionId>,
    /// The runs and places that have the data.
    with: BTreeMap<usize, Vec<RunId>>,
}

impl Answered {
    fn of(world: &World, runs: &[RunState]) -> Self {
        let (mut questions, mut with) = (BTreeSet::new(), BTreeMap::<usize, Vec<RunId>>::new());
        for run in runs {
            let history = history(world, run);
            questions.extend(history.iter().filter(|one| is_question(&one.path)).map(|one| one.id));
            for (path, step) in now(world.store().steps(&TenantId::default(), run.id)).unwrap() {
                let data = step.entry.output.filter(|_| is_question(&path));
                if let Some(Ok(data)) = data.map(|data| data.decode::<usize>()) {
                    with.entry(data).or_default().push(run.id);
                }
            }
        }
        Self { questions, with }
    }

    /// The runs one of whose questions has this answer.
    fn with(&self, data: usize) -> &[RunId] {
        self.with.get(&data).map_or(&[], |runs| runs)
    }

    fn is_question(&self, asked: &Asked) -> bool {
        matches!(&asked.what, What::Answer { meant: Some(meant), .. } if self.questions.contains(meant))
    }

    /// Checks requests with one answer to a question: it was given once to each run at most, and to none if it was
    /// refused.
    fn check(&self, data: usize, asked: &[&Asked], may_be_gone: bool) -> Checked {
        let given = self.with(data);
        let runs: BTreeSet<&RunId> = given.iter().collect();
        ensure(given.len() == runs.len(), || {
            format!("answer {data} was given to two questions of {given:?}")
        })?;
        let acknowledged = asked.iter().any(|one| one.is_acknowledged());
        ensure(!acknowledged || may_be_gone || !given.is_empty(), || {
            format!("answer {data} of a question was acknowledged and lost")
        })?;
        ensure(given.is_empty() || !asked.iter().all(|one| one.is_refused()), || {
            format!("answer {data} of a question was refused, and {given:?} have it")
        })
    }
}

/// What was acknowledged happened once; what was refused never did; two requests with one key are one.
fn requests(world: &World, performed: &Performed, answered: &Answered) -> Checked {
    let (cut, forks) = (may_be_cut_short(world), world.runs.len().saturating_sub(1));
    let refuses = world.tree.scripts().values().any(|script| script.contains(guest::REFUSING));
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
            // The run of a fork whose step refuses its answer is there, and its question open.
            What::Fork { data: Some(data), .. } if asked.is_refused() && !asked.was_refused_by_its_step() => {
                let (ever, runs) = (performed.ever('0', *data), answered.with(*data));
                let never = ever.is_empty() && runs.is_empty();
                ensure(never, || format!("a fork with answer {data} was refused, and {ever:?} {runs:?}"))?;
            }
            What::Send { payload, name, .. } => {
                *events.entry((*payload, name)).or_default() |= asked.is_acknowledged();
            }
            _ => {}
        }
    }
    for (data, asked) in answers {
        let (ever, mut last) = (performed.ever('0', data), performed.last('0', data));
        // What was refused may be given again.
        let was_given = !last.is_empty();
        last.retain(|key| !performed.refuses(key));
        let may_be_late = asked.iter().any(|one| matches!(one.what, What::Answer { may_be_late: true, .. }));
        let acknowledged = asked.iter().any(|one| one.is_acknowledged()) && !may_be_late;
        if asked.iter().any(|one| answered.is_question(one)) {
            ensure(ever.is_empty(), || format!("answer {data} of a question was given to {ever:?}"))?;
            answered.check(data, &asked, cut || may_be_late)?;
            continue;
        }
        // A fork of a run that is called with it makes that call too.
        ensure(last.len() <= 1 + forks, || format!("answer {data} was given to {last:?}"))?;
        let runs: BTreeSet<&str> = last.iter().map(|key| run(key)).collect();
        ensure(last.len() == runs.len(), || format!("answer {data} was given twice: {last:?}"))?;
        ensure(!acknowledged || cut || was_given, || format!("answer {data} was acknowledged and lost"))?;
        // What a step refuses, it was given.
        let taken = ever.iter().filter(|key| !performed.refuses(key)).count();
        ensure(taken == 0 || !asked.iter().all(|one| one.is_refused()), || {
            format!("answer {data} was refused, and given to {ever:?}")
        })?;
        let told = asked.iter().any(|one| one.was_refused_by_its_step());
        ensure(!told || guest::is_refused(&data.to_string()), || {
            format!("answer {data} is said to be refused by a step, which takes it")
        })?;
    }
    for (key, asked) in keys {
        let refused = asked.iter().any(|one| one.is_refused() && !one.met_damage());
        // A question that is given back may take what was refused before.
        let mixed = refused && !refuses && asked.iter().any(|one| one.is_acknowledged());
        ensure(!mixed, || {
            format!("of requests with the key `{key}` one was done and one refused: {asked:?}")
        })?;
    }
    for ((payload, name), acknowledged) in events {
        let taken = performed.last('3', payload);
        let mail = now(world.store().mail(&world.tenant(), name, None, ROWS)).unwrap();
        let kept = mail.iter().any(|message| message.payload.text() == payload.to_string());
        ensure(taken.len() <= 1 + forks, || format!("event {payload} went to {taken:?}"))?;
        ensure(!kept || taken.is_empty(), || format!("event {payload} went to {taken:?}, and is kept"))?;
        let there = kept || !taken.is_empty();
        ensure(!acknowledged || cut || there, || format!("event {payload} was acknowledged and lost"))?;
    }
    Ok(())
}

/// The suspensions that a run ever had.
fn history(world: &World, run: &RunState) -> Vec<SuspensionRecord> {
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
fn questions(world: &World, run: &RunState, log: &[LogEntry]) -> Checked {
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
fn suspensions(world: &World, run: &RunState, performed: &Performed) -> Checked {
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
fn seen(world: &World, run: &RunState, performed: &Performed, log: &[LogEntry]) -> Checked {
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

//! What becomes of each request: done once, refused, or lost without a trace.

use std::collections::{BTreeMap, BTreeSet};

use reentry::core::id::{RunId, SuspensionId, TenantId};
use reentry::core::run::RunState;

use super::questions::history;
use super::{Checked, ROWS, ensure, may_be_cut_short};
use crate::disk::now;
use crate::guest;
use crate::ledger::{Asked, What};
use crate::performed::{Performed, run};
use crate::tree::is_question;
use crate::world::World;

/// The questions of the workflow's own in all runs, and what each was answered with: no guest is told.
pub(super) struct Answered {
    questions: BTreeSet<SuspensionId>,
    /// The runs and places that have the data.
    with: BTreeMap<usize, Vec<RunId>>,
}

impl Answered {
    pub(super) fn of(world: &World, runs: &[RunState]) -> Self {
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
pub(super) fn requests(world: &World, performed: &Performed, answered: &Answered) -> Checked {
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

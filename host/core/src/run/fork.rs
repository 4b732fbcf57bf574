//! Going on from a moment of the past: in a run of its own, or, after a bad end, in the same one.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Change;
use super::decision::{Decision, SuspensionEnd};
use super::doing::Doing;
use super::head::{ForkOf, RunState};
use super::known::{Known, NoDecision};
use super::log::LogKind;
use super::quotas::Spent;
use super::refused::Refused;
use super::resume::resume;
use super::status::Phase;
use super::suspension::Suspension;
use crate::actor::By;
use crate::effect::Effect;
use crate::event::Restarted;
use crate::id::{OwnerId, RunId, SuspensionId};
use crate::path::StepPath;
use crate::resume::{ResumeRequest, Target, find_all};
use crate::time::Timestamp;
use crate::workflow::Program;

/// How a run is forked.
#[derive(Clone, Debug)]
pub struct Fork {
    /// Id of the new run.
    pub id: RunId,
    /// Id of the first suspension that is opened again; the others get those after it.
    pub suspension: SuspensionId,
    /// Who performs the calls that were under way, and those that follow.
    pub owner: OwnerId,
    /// The answer with which the new run begins, in the words of the run that it is forked from.
    pub answer: Option<Box<ResumeRequest>>,
    /// Who asks for it.
    pub by: By,
}

/// Makes a new run that stands where `from` stood. What `from` refers to is shared, not copied; the records of what
/// was done before stay with `from`, and the new run reads them there.
///
/// The first commit of the new run: version 1, to be stored as a new run.
///
/// # Errors
/// [`NoDecision::Refused`] for a run that has not begun or has ended, and for an answer that cannot be given.
pub fn fork(
    from: RunState,
    program: &Program,
    fork: Fork,
    now: Timestamp,
    known: &Known,
) -> Result<Decision, NoDecision> {
    if from.phase != Phase::Live {
        return Err(Refused::NotForkable { status: from.status() }.into());
    }
    if let Some(answer) = &fork.answer {
        // Refused in terms of what the caller knows.
        let target = Target { seen: None, ..answer.target.clone() };
        find_all(&from, &target).map_err(Refused::from)?;
    }
    let fork_of = Some(ForkOf { run: from.id, version: from.version });
    // What the span has is in the log of the other one.
    let span_noted = 0;
    let run = RunState {
        id: fork.id,
        version: 0,
        fork_of,
        span_noted,
        paused: false,
        blocked: None,
        // What the other one has used is that one's.
        spent: Spent::default(),
        created_at: now,
        ..from
    };
    let mut change = Change::new(run, program, now, known, Some(fork.owner));
    change.log_by(&StepPath::root(), LogKind::Forked, fork.by);
    let ids = new_ids(change.run.suspensions_of_fork(), fork.suspension);
    change.continues = ids.iter().map(|(before, now)| (*now, *before)).collect();
    take_answers_along(&mut change, &ids)?;
    go_on(&mut change, &ids)?;
    if let Some(answer) = fork.answer {
        let mut request = *answer;
        // What the caller has seen is the run that is forked.
        request.target.seen = None;
        request.request = None;
        let meant = &mut request.target.suspension;
        *meant = meant.map(|id| ids.get(&id).copied().unwrap_or(id));
        resume(&mut change, request)?;
    }
    change.enter_all()?;
    Ok(change.decide())
}

/// New ids of suspensions by the old ones, in the order in which they were opened.
fn new_ids<'a>(
    kept: impl Iterator<Item = &'a Suspension>,
    first: SuspensionId,
) -> BTreeMap<SuspensionId, SuspensionId> {
    let kept: BTreeSet<_> = kept.map(Suspension::opened).collect();
    kept.into_iter().zip(0..).map(|((_, id), place)| (id, first.after(place))).collect()
}

/// Makes suspensions of the new run of those that were answered and whose steps are being told: should a step refuse
/// the answer, its suspension is open again here.
fn take_answers_along(
    change: &mut Change<'_>,
    ids: &BTreeMap<SuspensionId, SuspensionId>,
) -> Result<(), NoDecision> {
    let version = change.next_version();
    let paths: Vec<StepPath> = change.run.steps.keys().cloned().collect();
    for path in paths {
        let mut taken = Vec::new();
        for over in change.step_mut(&path)?.doing.over_mut() {
            let Some(claim) = &mut over.claim else { continue };
            // The answers were given to the run that is forked, not by the request for the new one.
            (claim.version, claim.request) = (0, None);
            over.id = ids.get(&over.id).copied().unwrap_or(over.id);
            over.version = version;
            taken.push(over.clone());
        }
        for over in taken {
            change.close(&over, SuspensionEnd::Answered);
            change.open(&path, Suspension { over: None, claim: None, ..over });
        }
    }
    Ok(())
}

/// A run that failed or was cancelled goes on from where it was right before: the call that failed is made again.
pub(super) fn restart(change: &mut Change<'_>, restarted: Restarted) -> Result<(), NoDecision> {
    let Restarted { saved, suspension, by, .. } = restarted;
    if !matches!(change.run.phase, Phase::Failed | Phase::Canceled) || saved.id != change.run.id {
        return Err(Refused::NotRestartable { status: change.run.status() }.into());
    }
    // What was saved before an earlier end is not where the run was.
    if saved.version + 1 != change.run.version {
        return Err(Refused::NotSaved.into());
    }
    let RunState { version, travels, spent, .. } = change.run;
    change.run = RunState { version, travels, spent, blocked: None, ..*saved };
    change.log_by(&StepPath::root(), LogKind::Restarted, by);
    let ids = new_ids(change.run.waiting().map(|(_, open)| open), suspension);
    go_on(change, &ids)
}

/// Takes up whatever the entries of a run were doing; suspensions that were open are open under their new ids.
fn go_on(change: &mut Change<'_>, ids: &BTreeMap<SuspensionId, SuspensionId>) -> Result<(), NoDecision> {
    let (now, version, owner) = (change.now, change.next_version(), change.owner);
    change.shared_images = change.run.images().collect();
    let paths: Vec<StepPath> = change.run.steps.keys().cloned().collect();
    for path in paths {
        let step = change.step_mut(&path)?;
        // A deadline that ended it would end it again.
        step.deadline = step.deadline.filter(|at| *at > now);
        (step.take_overs, step.trials) = (0, 0);
        let mut reopened = Vec::new();
        for suspension in step.suspensions.iter_mut().filter(|suspension| suspension.over.is_none()) {
            suspension.id = ids.get(&suspension.id).copied().unwrap_or(suspension.id);
            suspension.version = version;
            reopened.push(suspension.clone());
        }
        let doing = step.doing.clone();
        for suspension in reopened {
            if matches!(suspension.wait.what, crate::step::WaitFor::Event(_)) {
                change.ask(Effect::Collect { path: path.clone(), suspension: suspension.id });
            }
            if suspension.takes_answer() {
                change.log(&path, LogKind::Suspended { suspension: suspension.id });
            }
            change.open(&path, suspension);
        }
        match doing {
            Doing::Calling(_, call)
            | Doing::Retrying(_, _, call)
            | Doing::Delayed(_, call)
            | Doing::Ready(call) => {
                change.step_mut(&path)?.attempt = 0;
                change.call(&path, call, None)?;
            }
            Doing::Continuing(_) => {
                change.step_mut(&path)?.doing = Doing::Continuing(owner);
                change.ask(Effect::Continue { path });
            }
            _ => {}
        }
    }
    Ok(())
}

//! Engines that are broken on purpose: each stores or reads something that a sound one does not.

use std::sync::Mutex;

use reentry::core::id::RunId;
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::run::{Call, Doing, EntryRecord, ReopenedSuspension, RunState, TRIALS_MAX};
use reentry::core::step::{Resolution, WaitFor, Wake};
use reentry::core::time::Timestamp;
use reentry::store::{
    CallLog, ClosedSuspension, Commit, SavepointKind, Store, SuspensionEnd, SuspensionFilter,
};

use crate::disk::{Disk, now};
use crate::stage::Stage;

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// What somebody else has stored meanwhile is written over.
    VersionsIgnored,
    /// The same, and a suspension can be ended by several.
    ClaimsIgnored,
    /// A guest's memory is not kept.
    ImagesLost,
    /// A guest's memory is never let go.
    ImagesKept,
    /// A step is given the memory of another one.
    ImagesMixedUp,
    /// A message is acknowledged and not kept.
    MessagesLost,
    /// A message that was taken is there for others.
    MessagesTakenTwice,
    /// What is acknowledged as durable does not survive a loss of power.
    AcknowledgedTooEarly,
    /// What follows from a change is done before the change is stored.
    StoredTooLate,
    /// A run is read as it was before.
    StaleReads,
    /// Calls of the living are handed out as those of the dead: two do the same.
    LeasesIgnored,
    /// Calls of the dead are not found.
    OrphansForgotten,
    /// Calls that their driver gave up are not found.
    GivenUpForgotten,
    /// Delays that nobody sits through never end.
    DelaysForgotten,
    /// A try after such a delay is there to be made by others as well.
    DelaysEndTwice,
    /// A run is not saved before its suspensions end.
    SavepointsDropped,
    /// What happened is not written down.
    LogDropped,
    /// What a guest said in a call is not kept.
    CallLogsDropped,
    /// It is kept once more with what comes next.
    CallLogsTwice,
    /// A request is done as often as it is made.
    RequestsForgotten,
    /// How often a call was tried is not kept.
    AttemptsForgotten,
    /// A process rings only if it is the first.
    TimersForgotten,
    /// A call that is made again is given somebody else's answer.
    AnswersMixedUp,
    /// A run is not saved before it fails.
    EndsForgotten,
    /// How often a run went back is not kept: what is done again has the keys of what was done before.
    TravelsForgotten,
    /// The memories that a fork has in common with its parent go when the parent needs them no more.
    ForksShareNothing,
    /// That a run is paused is not kept.
    PausesForgotten,
    /// Waits that nobody wants any more, as a bail does, stay open.
    WaitsLeftOpen,
    /// A step that waits for several things is called when one of them is over.
    WaitsForOne,
    /// A memory that is damaged stays so.
    DamageStays,
    /// A suspension that was open again is open again once more when it has been answered.
    ReopenedTwice,
    /// A suspension whose time was over is open again.
    ReopenedAfterExpiry,
    /// The savepoint and the key of a refused answer stay.
    RefusedAnswersKept,
    /// Deadlines are not looked at.
    DeadlinesForgotten,
    /// What expired is written down as answered.
    ExpiredAsAnswered,
    /// Every question is taken to be one that was always there.
    QuestionsOfOld,
    /// Whatever a client has seen, his answer is taken to come after it.
    SeenForgotten,
    /// What has expired stays open.
    ExpiredStaysOpen,
    /// A blocked run takes what others take.
    BlocksIgnored,
    /// The same, and it is brought on as others are.
    BlockedWoken,
    /// What went wrong is not counted.
    TroublesForgotten,
    /// Who made a call is never known to be dead by the one who asks for the same again.
    TakeOversForgotten,
    /// A call is blamed when its process ends for the first time.
    BlamedAtOnce,
    /// Every call counts as one that is made alone.
    EveryCallTried,
    /// The history does not have an answer that was given.
    AnswersNotKept,
    /// It has that of another question.
    AnswersOfOthersKept,
}

impl Broken {
    pub(crate) const ALL: [Self; 46] = [
        Self::VersionsIgnored,
        Self::ClaimsIgnored,
        Self::ImagesLost,
        Self::ImagesKept,
        Self::ImagesMixedUp,
        Self::MessagesLost,
        Self::MessagesTakenTwice,
        Self::AcknowledgedTooEarly,
        Self::StoredTooLate,
        Self::StaleReads,
        Self::LeasesIgnored,
        Self::OrphansForgotten,
        Self::GivenUpForgotten,
        Self::DelaysForgotten,
        Self::DelaysEndTwice,
        Self::SavepointsDropped,
        Self::LogDropped,
        Self::CallLogsDropped,
        Self::CallLogsTwice,
        Self::RequestsForgotten,
        Self::AttemptsForgotten,
        Self::TimersForgotten,
        Self::AnswersMixedUp,
        Self::EndsForgotten,
        Self::TravelsForgotten,
        Self::ForksShareNothing,
        Self::PausesForgotten,
        Self::WaitsLeftOpen,
        Self::WaitsForOne,
        Self::DamageStays,
        Self::ReopenedTwice,
        Self::ReopenedAfterExpiry,
        Self::RefusedAnswersKept,
        Self::DeadlinesForgotten,
        Self::ExpiredAsAnswered,
        Self::QuestionsOfOld,
        Self::SeenForgotten,
        Self::ExpiredStaysOpen,
        Self::BlocksIgnored,
        Self::BlockedWoken,
        Self::TroublesForgotten,
        Self::TakeOversForgotten,
        Self::BlamedAtOnce,
        Self::EveryCallTried,
        Self::AnswersNotKept,
        Self::AnswersOfOthersKept,
    ];
}

/// What a broken engine remembers.
#[derive(Default)]
pub(crate) struct Mixed {
    /// The last answer that somebody gave, to be given to somebody else.
    answer: Mutex<Option<Json>>,
    /// What a guest said in the last call.
    said: Mutex<Option<(RunId, CallLog)>>,
    /// The suspensions that were open again.
    reopened: Mutex<Vec<ReopenedSuspension>>,
}

/// The commit that a broken engine would have stored.
pub(crate) fn rewritten(
    broken: Broken,
    mut commit: Commit,
    store: &dyn Store,
    stage: &Stage,
    mixed: &Mixed,
) -> Commit {
    match broken {
        Broken::VersionsIgnored => over_what_is_there(&mut commit, store),
        Broken::ClaimsIgnored => {
            over_what_is_there(&mut commit, store);
            let filter = SuspensionFilter::default().run(commit.run.id).with_timers(true);
            let open = now(store.list_suspensions(&commit.run.tenant, filter)).unwrap().rows;
            let is_new = |id| commit.opened.iter().any(|opened| opened.id == id);
            commit.closed.retain(|closed| {
                open.iter().any(|one| one.id == closed.suspension) || is_new(closed.suspension)
            });
        }
        Broken::ImagesLost if stage.one_in(4) => commit.images.truncate(0),
        Broken::ImagesKept => commit.dropped_images.clear(),
        Broken::MessagesTakenTwice => commit.took.clear(),
        Broken::SavepointsDropped if stage.one_in(4) => commit.savepoint = None,
        Broken::LogDropped if stage.one_in(4) => commit.log = None,
        Broken::CallLogsDropped if stage.one_in(4) => commit.call_log = None,
        Broken::CallLogsTwice => {
            let mut said = mixed.said.lock().unwrap();
            let before = said.take().filter(|(run, _)| *run == commit.run.id && commit.call_log.is_none());
            *said = commit.call_log.clone().map(|log| (commit.run.id, log));
            commit.call_log = commit.call_log.or(before.map(|(_, log)| log));
        }
        Broken::RequestsForgotten => commit.request = None,
        Broken::DelaysEndTwice => delay_once_more(&mut commit, store),
        Broken::AttemptsForgotten => each_step(&mut commit, |step| step.attempt = 0),
        Broken::AnswersMixedUp => mix_answers(&mut commit, mixed),
        Broken::EndsForgotten => {
            commit.savepoint.take_if(|savepoint| savepoint.kind == SavepointKind::Failure);
        }
        Broken::TravelsForgotten => commit.run_mut().travels = 0,
        Broken::ForksShareNothing if commit.fork_of.is_some() => commit.shared_images.clear(),
        Broken::PausesForgotten => commit.run_mut().paused = false,
        Broken::ReopenedTwice => reopen_once_more(&mut commit, mixed),
        Broken::ReopenedAfterExpiry => reopen_expired(&mut commit),
        Broken::RefusedAnswersKept => {
            for reopened in &mut commit.reopened {
                (reopened.claim, reopened.request) = (0, None);
            }
        }
        Broken::ExpiredAsAnswered => {
            for closed in &mut commit.closed {
                if closed.end == SuspensionEnd::Elapsed {
                    closed.end = SuspensionEnd::Answered;
                }
            }
        }
        Broken::QuestionsOfOld => each_step(&mut commit, |step| {
            step.suspensions.iter_mut().for_each(|suspension| suspension.version = 0);
        }),
        Broken::ExpiredStaysOpen => commit.closed.retain(|closed| closed.end != SuspensionEnd::Elapsed),
        Broken::BlamedAtOnce => each_step(&mut commit, |step| {
            if step.take_overs > 0 {
                step.trials = TRIALS_MAX;
            }
        }),
        Broken::EveryCallTried => each_step(&mut commit, |step| {
            if matches!(step.doing, Doing::Calling(..)) {
                step.trials = step.calls + step.take_overs;
            }
        }),
        Broken::WaitsLeftOpen => commit.closed.retain(|closed| closed.end != SuspensionEnd::Closed),
        Broken::WaitsForOne => each_step(&mut commit, |step| {
            if let Doing::Waiting(waiting) = &mut step.doing {
                waiting.wake = Wake::Any;
            }
        }),
        Broken::AnswersNotKept if stage.one_in(4) => {
            commit.closed.iter_mut().for_each(|closed| closed.answer = None)
        }
        Broken::AnswersOfOthersKept => {
            for closed in commit.closed.iter_mut().filter(|closed| closed.end == SuspensionEnd::Answered) {
                if let Some(answer) = closed.answer.clone() {
                    let before = mixed.answer.lock().unwrap().replace(answer);
                    closed.answer = before.or(closed.answer.take());
                }
            }
        }
        _ => {}
    }
    commit
}

fn over_what_is_there(commit: &mut Commit, store: &dyn Store) {
    let there: Option<RunState> = now(store.run(&commit.run.tenant, commit.run.id)).unwrap();
    if let (Some(_), Some(there)) = (commit.expected, there) {
        commit.expected = Some(there.version);
        commit.run_mut().version = commit.run.version.max(there.version + 1);
    }
}

/// Leaves calls for which a delay has ended where they were.
fn delay_once_more(commit: &mut Commit, store: &dyn Store) {
    let there: Option<RunState> = now(store.run(&commit.run.tenant, commit.run.id)).unwrap();
    let Some(there) = there else { return };
    for (path, step) in std::sync::Arc::make_mut(&mut commit.run)
        .steps
        .iter_mut()
        .chain(commit.steps.iter_mut().map(|(path, step)| (&*path, step)))
    {
        let before = there.steps.get(path).map(|step| &step.doing);
        if let (Doing::Calling(..), Some(delayed @ Doing::Delayed(..))) = (&step.doing, before) {
            step.doing = delayed.clone();
        }
    }
}

/// Whether all that is due in a run are calls that were delayed.
pub(crate) fn is_only_delayed(run: &RunState, at: Timestamp) -> bool {
    let mut due = run.steps.values().filter(|step| step.due_at().is_some_and(|due| due <= at));
    due.all(|step| matches!(step.doing, Doing::Delayed(..)))
}

fn each_step(commit: &mut Commit, change: impl Fn(&mut EntryRecord)) {
    std::sync::Arc::make_mut(&mut commit.run)
        .steps
        .values_mut()
        .chain(commit.steps.iter_mut().map(|(_, step)| step))
        .for_each(change);
}

/// Has a suspension open again that is answered, if that happened to it before.
fn reopen_once_more(commit: &mut Commit, mixed: &Mixed) {
    let mut before = mixed.reopened.lock().unwrap();
    let answered = |reopened: &&ReopenedSuspension| {
        let is_answered = |closed: &ClosedSuspension| {
            closed.suspension == reopened.suspension && closed.end == SuspensionEnd::Answered
        };
        commit.closed.iter().any(is_answered) && commit.reopened.is_empty()
    };
    let again = before.iter().find(answered).cloned();
    before.extend(commit.reopened.iter().cloned());
    commit.reopened.extend(again);
}

/// Has suspensions open again that have expired, in the one way in which a store lets that happen.
fn reopen_expired(commit: &mut Commit) {
    for closed in &mut commit.closed {
        if closed.end == SuspensionEnd::Elapsed {
            closed.end = SuspensionEnd::Answered;
            let (path, message) = (StepPath::root(), String::new());
            let suspension = closed.suspension;
            commit.reopened.push(ReopenedSuspension { path, suspension, claim: 0, request: None, message });
        }
    }
}

/// A run as an engine sees it that does not look at deadlines of questions.
pub(crate) fn without_deadlines(run: &mut RunState) {
    for suspension in run.steps.values_mut().flat_map(|step| &mut step.suspensions) {
        if let WaitFor::Answer(answer) = &mut suspension.wait.what {
            answer.deadline = None;
        }
    }
}

fn mix_answers(commit: &mut Commit, mixed: &Mixed) {
    let before = mixed.answer.lock().unwrap().clone();
    each_step(commit, |step| {
        let Doing::Calling(_, Call::Resume(call)) = &mut step.doing else { return };
        for over in &mut call.over {
            if let Some(Resolution::Answered(answer)) = &mut over.over {
                mixed.answer.lock().unwrap().replace(answer.clone());
                if let Some(before) = &before {
                    *answer = before.clone();
                }
            }
        }
    });
}

/// An image of the same run that is not the one asked for.
pub(crate) fn other_image(disk: &Disk, store: &dyn Store, id: reentry::core::id::BlobId) -> Option<Vec<u8>> {
    let images = disk.images.lock().unwrap().clone();
    let run = images.iter().find(|(_, image)| *image == id)?.0;
    let others = images.iter().rev().filter(|(of, image)| *of == run && *image != id);
    others.map(|(_, image)| now(store.blob(*image)).unwrap()).find_map(|image| image)
}

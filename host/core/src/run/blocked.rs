//! A run that nothing brings on any more: bringing it on went wrong again and again, or it used what it may.

use super::change::Change;
use super::doing::Doing;
use super::entry::EntryRecord;
use super::known::NoDecision;
use super::log::LogKind;
use super::quotas::Quota;
use super::refused::Refused;
use super::{pause, take_over};
use crate::actor::By;
use crate::event::Event;
use crate::path::StepPath;

/// Refuses what a blocked run does not take: everything but being continued and canceled. One that has reached a quota
/// takes the ends of the calls that were under way, too.
pub(super) fn check(change: &Change<'_>, event: &Event) -> Result<(), Refused> {
    match (&change.run.blocked, event) {
        (None, _) | (Some(_), Event::CancelRequested(_) | Event::Unblocked { .. }) => Ok(()),
        (Some(why), Event::CallEnded(_)) if Quota::of(why).is_some() => Ok(()),
        (Some(why), _) => Err(Refused::Blocked { why: why.clone() }),
    }
}

/// A blocked run is tried once more: the calls that were under way are made again, as after a take-over that is the
/// first, and those that were kept back are made now.
pub(super) fn unblock(change: &mut Change<'_>, by: By) -> Result<(), NoDecision> {
    let Some(why) = change.run.blocked.take() else {
        return Err(Refused::NotRestartable { status: change.run.status() }.into());
    };
    // It would be blocked again at once.
    let still = Quota::of(&why).and_then(|quota| quota.reached(&change.run.spent, &change.known.quotas));
    if let Some(why) = still {
        return Err(Refused::Blocked { why }.into());
    }
    change.log_by(&StepPath::root(), LogKind::Restarted, by);
    // At a quota the calls that were under way still are, and count.
    let are_left = Quota::of(&why).is_some();
    let is_held = |step: &EntryRecord| match step.doing {
        Doing::Calling(..) | Doing::Retrying(..) => !are_left,
        _ => step.owner().is_some(),
    };
    let held = change.run.steps.iter().filter(|(_, step)| is_held(step));
    let held: Vec<StepPath> = held.map(|(path, _)| path.clone()).collect();
    for path in held {
        if change.run.steps.contains_key(&path) {
            take_over::take(change, &path, false)?;
        }
    }
    match change.run.paused {
        true => Ok(()),
        false => pause::make_ready_calls(change),
    }
}

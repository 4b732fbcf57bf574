//! Runs as this process stored them last. Most that are started or answered were stored here a moment before, and are
//! not read again: whether one is still as it was is found out when the change is stored, which names the version that
//! it builds on.

use std::sync::{Arc, Mutex, PoisonError};

use reentry_core::id::{RunId, TenantId};
use reentry_core::json::Json;
use reentry_core::run::{EntryRecord, RunState, Suspension};
use reentry_core::step::{DeadlineOutcome, WaitFor};

/// Places for runs. A run has one of them, by the end of its id, and replaces the one that is there.
const PLACES: usize = 256;

/// Most bytes of text of a run that is kept in mind: together at most 4 MiB. Larger ones are read when they are needed.
const BYTES_MAX: usize = 16 << 10;

/// Most entries of such a run that are not done.
const ENTRIES_MAX: usize = 32;

/// The runs at rest that were stored last.
#[derive(Debug)]
pub(crate) struct Recent(Mutex<Box<[Option<Arc<RunState>>]>>);

impl Default for Recent {
    fn default() -> Self {
        Self(Mutex::new(vec![None; PLACES].into()))
    }
}

impl Recent {
    /// Notes how a run is stored now. Only what is small and rests is kept: one that runs is in the hands of its
    /// driver, and one that has ended is seldom asked for.
    pub(crate) fn note(&self, run: &Arc<RunState>) {
        let kept = is_kept(run).then(|| Arc::clone(run));
        self.with_place(run.id, |place| {
            if kept.is_some() || place.as_ref().is_some_and(|there| there.id == run.id) {
                *place = kept;
            }
        });
    }

    /// Takes a run of a tenant out, if it is kept in mind.
    pub(crate) fn take(&self, tenant: &TenantId, run: RunId) -> Option<Arc<RunState>> {
        self.with_place(run, |place| place.take_if(|there| there.id == run && there.tenant == *tenant))
    }

    fn with_place<T>(&self, run: RunId, f: impl FnOnce(&mut Option<Arc<RunState>>) -> T) -> T {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [.., last] = *run.as_bytes();
        // There is a place for each value of a byte.
        f(places.get_mut(usize::from(last)).unwrap_or(&mut None))
    }
}

fn is_kept(run: &RunState) -> bool {
    let rests = !run.has_ended() && run.steps.values().all(|step| step.owner().is_none());
    rests && run.steps.len() <= ENTRIES_MAX && bytes(run).is_some_and(|bytes| bytes <= BYTES_MAX)
}

/// About how many bytes of text a run holds; `None` when it holds what is not counted.
fn bytes(run: &RunState) -> Option<usize> {
    let settings = run.state.iter().chain(&run.request_context);
    let settings: usize = settings.map(|(key, value)| key.len() + value.text().len()).sum();
    run.steps.values().try_fold(settings, |sum, step| {
        let waits = step.suspensions.iter().try_fold(0, |sum, wait| Some(sum + bytes_of_wait(wait)?))?;
        Some(sum + bytes_of_entry(step) + waits)
    })
}

fn bytes_of_entry(step: &EntryRecord) -> usize {
    let entry = &step.entry;
    let texts = [
        Some(&entry.payload),
        entry.output.as_ref(),
        entry.suspend_payload.as_ref(),
        entry.resume_payload.as_ref(),
    ];
    texts.into_iter().flatten().map(|json: &Json| json.text().len()).sum()
}

/// `None` for answers that a step has not been told yet, and for inputs of what runs on its behalf.
fn bytes_of_wait(wait: &Suspension) -> Option<usize> {
    let what = &wait.wait.what;
    let default = match what.deadline().map(|deadline| &deadline.otherwise) {
        Some(DeadlineOutcome::Answer(value)) => value.text().len(),
        _ => 0,
    };
    match what {
        _ if wait.over.is_some() => None,
        WaitFor::Answer(answer) => {
            let names: usize = answer.labels.iter().chain(&answer.assignees).map(String::len).sum();
            let schema = answer.resume_schema.as_ref().map_or(0, |schema| schema.text().len());
            Some(default + names + schema + answer.payload.text().len())
        }
        WaitFor::Time(_) | WaitFor::Event(_) | WaitFor::Checkpoint => Some(default),
        WaitFor::Run(_) => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use reentry_core::digest::WorkflowDigest;
    use reentry_core::run::Phase;
    use reentry_core::time::Timestamp;

    use super::*;

    fn run(id: [u8; 16], edit: impl FnOnce(&mut RunState)) -> Arc<RunState> {
        let workflow = (WorkflowDigest::from_bytes([0; 32]), "w".to_owned());
        let mut run = RunState::new(RunId::from_bytes(id), TenantId::default(), workflow, Timestamp(1));
        edit(&mut run);
        Arc::new(run)
    }

    #[test]
    fn a_run_is_given_once_to_its_tenant_and_gives_way_to_another() {
        let (recent, mine) = (Recent::default(), TenantId::default());
        let (one, other) =
            (run([1; 16], |_| {}), run([[2; 15].as_slice(), &[1]].concat().try_into().unwrap(), |_| {}));
        recent.note(&one);
        assert_eq!(recent.take(&TenantId::new("t").unwrap(), one.id), None);
        assert_eq!(recent.take(&mine, other.id), None);
        assert_eq!(recent.take(&mine, one.id).as_ref(), Some(&one));
        assert_eq!(recent.take(&mine, one.id), None);

        recent.note(&one);
        recent.note(&other);
        assert_eq!(recent.take(&mine, one.id), None);
        assert_eq!(recent.take(&mine, other.id), Some(other));
    }

    #[test]
    fn what_is_large_or_has_ended_is_forgotten() {
        let (recent, mine) = (Recent::default(), TenantId::default());
        let text = |bytes: usize| Json::stored(format!("\"{}\"", "x".repeat(bytes - 3))).unwrap();
        let with_state = |bytes| run([1; 16], |run| drop(run.state.insert("k".to_owned(), text(bytes))));
        for (later, is_kept) in [
            (with_state(BYTES_MAX), true),
            (with_state(BYTES_MAX + 1), false),
            (run([1; 16], |run| run.phase = Phase::Canceled), false),
        ] {
            recent.note(&run([1; 16], |_| {}));
            recent.note(&later);
            assert_eq!(recent.take(&mine, later.id), is_kept.then_some(later));
        }
    }
}

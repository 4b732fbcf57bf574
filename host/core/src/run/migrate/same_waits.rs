//! Whether a step waits for the same in another version of its component.

use crate::run::doing::Doing;
use crate::run::entry::EntryRecord;
use crate::step::Waits;

/// Compares what a step waits for, by the guest's numbers and by kind. What the waits say beside that (payload,
/// labels, instant) is not looked at: a wait that goes on stays as it is, as the contract has it.
///
/// # Errors
/// What is different, to be read after the name of the step.
pub(super) fn check(step: &EntryRecord, there: &Waits) -> Result<(), String> {
    // Waits that are over are among them: the guest has not heard of that yet.
    let mut here: Vec<_> = step.suspensions.iter().map(|one| (one.wait.id, one.wait.what.kind())).collect();
    let mut wanted: Vec<_> = there.waits.iter().map(|wait| (wait.id, wait.what.kind())).collect();
    here.sort_unstable();
    wanted.sort_unstable();
    if here != wanted {
        return Err(format!("waits for {}, and would wait for {} there", list(&here), list(&wanted)));
    }
    match &step.doing {
        Doing::Waiting(waiting) if here.len() > 1 && waiting.wake != there.wake => Err(format!(
            "is called again when {:?} of its waits are over, and would be when {:?} are there",
            waiting.wake, there.wake
        )
        .to_lowercase()),
        _ => Ok(()),
    }
}

fn list(waits: &[(u32, &str)]) -> String {
    match waits {
        [] => "nothing".to_owned(),
        _ => waits.iter().map(|(id, kind)| format!("{kind} {id}")).collect::<Vec<_>>().join(", "),
    }
}

//! The numbers that words are stored as. A number never changes its meaning.

use reentry_core::run::RunStatus;

use crate::columns::damaged;
use crate::{SavepointKind, StoreError, SuspensionEnd, TenantState, TopicKind, TryKind};

/// Statuses and the numbers they are stored as.
const STATUS_CODES: [(RunStatus, i64); 9] = [
    (RunStatus::Pending, 0),
    (RunStatus::Running, 1),
    (RunStatus::Waiting, 2),
    (RunStatus::Suspended, 3),
    (RunStatus::Success, 4),
    (RunStatus::Failed, 5),
    (RunStatus::Canceled, 6),
    (RunStatus::Paused, 7),
    (RunStatus::Blocked, 8),
];

/// The numbers of the statuses that are final, as SQL.
pub(crate) const FINAL: &str = "(4, 5, 6)";

/// The numbers of the others, as SQL.
pub(crate) const OPEN: &str = "(0, 1, 2, 3, 7, 8)";

/// Ends of suspensions and the numbers they are stored as.
const END_CODES: [(SuspensionEnd, i64); 5] = [
    (SuspensionEnd::Answered, 1),
    (SuspensionEnd::Elapsed, 2),
    (SuspensionEnd::Closed, 3),
    (SuspensionEnd::Received, 4),
    (SuspensionEnd::Finished, 5),
];

/// Kinds of savepoints and the numbers they are stored as.
const KIND_CODES: [(SavepointKind, i64); 2] = [(SavepointKind::Suspension, 1), (SavepointKind::Failure, 2)];

/// Kinds of tries and the numbers they are stored as.
const TRY_CODES: [(TryKind, i64); 2] = [(TryKind::Refused, 1), (TryKind::Late, 2)];

/// States of tenants and the numbers they are stored as.
const TENANT_STATE_CODES: [(TenantState, i64); 3] =
    [(TenantState::Active, 0), (TenantState::Suspended, 1), (TenantState::Deleting, 2)];

/// The number of a state.
pub(crate) fn tenant_state_code(state: TenantState) -> i64 {
    code(&TENANT_STATE_CODES, state).expect("every state has a number: tested below")
}

/// The state of a number.
pub(crate) fn tenant_state_of(stored: i64) -> Result<TenantState, StoreError> {
    meaning(&TENANT_STATE_CODES, stored, "state of a tenant")
}

/// The number of a status.
pub(crate) fn status_code(status: RunStatus) -> i64 {
    code(&STATUS_CODES, status).expect("every status has a number: tested below")
}

/// The status of a number.
pub(crate) fn status_of(stored: i64) -> Result<RunStatus, StoreError> {
    meaning(&STATUS_CODES, stored, "status")
}

/// The number of an end.
pub(crate) fn end_code(end: SuspensionEnd) -> i64 {
    code(&END_CODES, end).expect("every end has a number: tested below")
}

/// The end of a number.
pub(crate) fn end_of(stored: i64) -> Result<SuspensionEnd, StoreError> {
    meaning(&END_CODES, stored, "end of a suspension")
}

/// The number of a kind of savepoint.
pub(crate) fn kind_code(kind: SavepointKind) -> i64 {
    code(&KIND_CODES, kind).expect("every kind has a number: tested below")
}

/// The kind of savepoint of a number.
pub(crate) fn kind_of(stored: i64) -> Result<SavepointKind, StoreError> {
    meaning(&KIND_CODES, stored, "kind of a savepoint")
}

/// The number of a kind of try.
pub(crate) fn try_code(kind: TryKind) -> i64 {
    code(&TRY_CODES, kind).expect("every kind has a number: tested below")
}

/// The kind of try of a number.
pub(crate) fn try_of(stored: i64) -> Result<TryKind, StoreError> {
    meaning(&TRY_CODES, stored, "kind of a try")
}

fn code<T: PartialEq>(codes: &[(T, i64)], value: T) -> Option<i64> {
    codes.iter().find(|(known, _)| *known == value).map(|(_, code)| *code)
}

fn meaning<T: Copy>(codes: &[(T, i64)], stored: i64, what: &str) -> Result<T, StoreError> {
    let found = codes.iter().find(|(_, code)| *code == stored).map(|(value, _)| *value);
    found.ok_or_else(|| damaged(what, format_args!("nothing is stored as {stored}")))
}

/// The number of a kind of topic; null for events, which were the only ones in files of earlier versions.
pub(crate) fn topic_code(kind: TopicKind) -> Option<i64> {
    match kind {
        TopicKind::Event => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_a_number_of_its_own() {
        for status in RunStatus::ALL {
            assert_eq!(status_of(status_code(status)).unwrap(), status);
            let code = status_code(status).to_string();
            assert_eq!(
                (FINAL.contains(&code), OPEN.contains(&code)),
                (status.is_final(), !status.is_final())
            );
        }
        let ends = [SuspensionEnd::Answered, SuspensionEnd::Elapsed, SuspensionEnd::Closed];
        for end in ends.into_iter().chain([SuspensionEnd::Received, SuspensionEnd::Finished]) {
            assert_eq!(end_of(end_code(end)).unwrap(), end);
        }
        for kind in [SavepointKind::Suspension, SavepointKind::Failure] {
            assert_eq!(kind_of(kind_code(kind)).unwrap(), kind);
        }
        for kind in [TryKind::Refused, TryKind::Late] {
            assert_eq!(try_of(try_code(kind)).unwrap(), kind);
        }
        for state in [TenantState::Active, TenantState::Suspended, TenantState::Deleting] {
            assert_eq!(tenant_state_of(tenant_state_code(state)).unwrap(), state);
        }
        let unknown = status_of(99).unwrap_err().to_string();
        assert_eq!(unknown, "stored status is damaged: nothing is stored as 99");
    }
}

//! The suite that every back end must pass: what the docs of [`Store`] promise, one case each.
//!
//! [`conformance!`](macro@crate::conformance) makes a test of every case for one back end. The cases know nothing of
//! how a back end stores; what only one of them promises is tested beside it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

pub mod answers;
pub mod applied;
pub mod call_logs;
pub mod claimed;
pub mod claims;
pub mod clock;
pub mod commits;
pub mod deletion;
pub mod drafts;
pub mod filters;
pub mod forks;
pub mod holds;
pub mod library;
pub mod lists;
pub mod mail;
pub mod owners;
pub mod records;
pub mod requests;
pub mod run_filters;
pub mod savepoints;
pub mod tenants;
pub mod troubles;
pub mod watching;

use std::sync::Arc;

use crate::Store;
use crate::memory::MemoryStore;

/// Data of one back end, empty at first.
pub trait BackEnd {
    /// Another handle to the data, as another process would have.
    fn open(&self) -> Arc<dyn Store>;
}

impl BackEnd for MemoryStore {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.clone())
    }
}

/// Runs one case.
pub fn check(back_end: &dyn BackEnd, case: impl AsyncFnOnce(&dyn BackEnd)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(case(back_end));
}

/// Makes a test of every case. The argument is an expression that makes an empty [`BackEnd`].
#[macro_export]
macro_rules! conformance {
    ($back_end:expr) => {
        $crate::conformance_cases! { $back_end;
            commits: what_is_committed_is_read_back, nothing_is_found_where_nothing_was_stored,
                a_run_is_created_once, a_change_builds_on_the_version_it_names, a_change_raises_the_version,
                a_refused_commit_stores_nothing, ids_are_used_once, every_handle_sees_what_was_acknowledged,
                steps_come_in_the_order_of_their_first_call, steps_that_ended_are_not_read_with_the_run,
                images_are_kept_until_they_are_dropped, odd_json_comes_back_as_it_was;
            claims: one_of_many_ends_a_suspension, a_suspension_begins_and_ends_in_one_commit,
                changes_to_one_run_follow_each_other,
                a_suspension_is_closed_by_its_own_run, a_refused_answer_is_given_back,
                only_what_was_answered_is_open_again;
            answers: an_answer_stays_with_its_question, suspensions_are_picked_out_of_a_run,
                large_answers_are_kept_apart,
                a_refused_answer_is_kept_as_a_try, refusals_without_end_are_counted, late_tries_are_kept_and_counted,
                a_suspension_says_what_it_goes_on_from;
            tenants: nothing_of_one_tenant_is_seen_by_another, no_part_of_a_run_is_read_by_another_tenant,
                tenants_are_listed_with_what_is_kept_of_them,
                a_tenant_without_runs_is_deleted, records_of_tenants_are_kept;
            lists: runs_are_listed_page_by_page, runs_are_filtered, a_page_is_bounded,
                open_suspensions_are_listed_page_by_page, the_history_of_a_run_is_kept, suspensions_are_filtered,
                a_place_that_is_none_is_refused, runs_are_found_by_an_end_of_their_id,
                the_last_run_was_created_or_answered_last;
            filters: questions_are_found_by_what_they_are_about, questions_are_found_by_their_deadlines,
                questions_are_found_by_their_age, names_are_those_of_what_is_open,
                rows_are_counted_by_what_they_have_in_common, a_filter_that_nothing_passes_is_refused;
            run_filters: runs_are_found_by_what_they_wait_for, runs_come_in_the_order_of_their_creation;
            clock: what_is_due_comes_earliest_first, what_is_due_is_found_behind_what_is_passed_over,
                what_is_held_or_over_is_not_due, the_end_of_time_is_never_due;
            claimed: what_one_has_claimed_no_other_gets, what_was_claimed_is_free_again, a_claim_ends_by_itself,
                orphans_and_messages_are_claimed, nothing_is_claimed_twice_by_many_at_once;
            owners: calls_of_dead_owners_are_orphans, orphans_are_found_behind_what_is_passed_over,
                an_owner_lives_as_long_as_its_guard, calls_are_found_by_owner;
            library: components_are_kept_once, workflows_are_kept_once;
            holds: names_are_those_of_their_tenant, equal_bytes_go_with_the_last_that_needs_them,
                what_is_published_is_found_by_all, what_is_published_stays_while_it_is_needed;
            records: records_are_read_by_name, repetitions_come_in_the_order_of_their_indexes, many_items_come_in_order,
                what_has_not_begun_is_not_read_with_the_run, a_payload_stays_with_its_step,
                a_payload_apart_is_there_once,
                a_payload_apart_stays_for_forks, old_records_are_read_by_version,
                dropped_steps_are_gone_with_all_below_them;
            forks: a_fork_sees_what_was_done_before_it, the_steps_of_a_fork_come_by_the_clock,
                what_a_parent_does_later_changes_nothing, a_fork_may_begin_in_the_past, a_fork_may_drop_what_it_saw,
                a_fork_does_not_begin_where_nothing_was_kept,
                a_fork_begins_from_a_run_of_its_tenant;
            savepoints: a_savepoint_is_read_back, the_oldest_savepoints_go,
                an_image_is_kept_as_long_as_somebody_needs_it,
                a_part_is_kept_once_for_all_savepoints,
                a_savepoint_names_what_there_is;
            call_logs: what_guests_log_is_read_call_by_call, call_logs_are_read_page_by_page, the_oldest_call_logs_go,
                a_fork_reads_what_its_parents_logged;
            watching: what_watchers_see_is_read_from_any_version_on;
            requests: a_request_is_answered_by_one_commit, a_key_is_taken_by_what_is_stored,
                the_first_answer_to_a_request_stays;
            mail: messages_are_found_by_name_and_key, a_message_is_kept_once, a_message_is_taken_once,
                only_what_is_there_is_taken, those_who_wait_for_a_message_are_found,
                messages_that_wait_to_be_delivered_are_found, old_messages_go;
            applied: the_last_version_applied_is_current, what_a_savepoint_is_of_is_not_removed,
                what_a_step_has_called_is_not_removed, the_users_of_a_component_are_known,
                a_component_that_is_needed_is_not_removed, what_nothing_needs_is_known,
                a_version_that_is_needed_is_not_removed,
                a_definition_that_nobody_needs_is_removed;
            troubles: what_goes_wrong_is_counted, a_commit_blocks_a_run, what_is_blocked_is_passed_by,
                a_blocked_run_is_deleted;
            deletion: a_part_of_a_head_is_kept_as_long_as_a_run_has_it, only_what_has_ended_is_deleted,
                a_deleted_run_leaves_nothing, a_run_with_forks_is_kept,
                what_ended_long_ago_is_deleted;
        }
    };
}

/// The list of cases, taken apart. Use [`conformance!`](macro@crate::conformance).
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($back_end:expr; $($topic:ident: $($case:ident),+;)+) => {
        $($(
            #[test]
            fn $case() {
                $crate::conformance::check(&$back_end, $crate::conformance::$topic::$case);
            }
        )+)+
    };
}

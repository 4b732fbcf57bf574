//! Filters of lists of suspensions, alone and together, in both orders, page by page; how many rows there are; and
//! what filters of either kind refuse.

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{SuspensionId, TenantId};
use reentry_core::run::{EntryRecord, SuspensionEnd};
use reentry_core::step::{AnswerWait, Deadline, DeadlineOutcome, WaitFor};
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::drafts::{asking, change, create, ended, path, put, run, run_id, sleeping, suspension_id, tenant};
use crate::counts::{RunGroups, SuspensionGroups};
use crate::{Counts, RunFilter, Store, StoreError, SuspensionFilter};

/// A question with labels, those who are asked, and a deadline.
pub fn question(suspension: u64, labels: &[&str], assignees: &[&str], deadline: Option<u64>) -> EntryRecord {
    let mut step = asking(suspension, labels);
    if let WaitFor::Answer(answer) = &mut step.suspensions[0].wait.what {
        let assignees = assignees.iter().map(|name| (*name).to_owned()).collect();
        let deadline = deadline.map(|at| Deadline { at: Timestamp(at), otherwise: DeadlineOutcome::TimeOut });
        *answer = AnswerWait { assignees, deadline, ..answer.clone() };
    }
    step
}

/// The same, opened at an instant.
fn asked_at(at: u64) -> EntryRecord {
    let mut step = asking(at, &[]);
    step.suspensions[0].id = SuspensionId::new(Timestamp(at), [0x80; 10]);
    step
}

/// A digest of another version.
pub(super) fn version_2() -> WorkflowDigest {
    WorkflowDigest::of(b"expenses, version 2")
}

/// What waits at each step of a run.
type Waits = Vec<(&'static str, EntryRecord)>;

/// Runs of two workflows about some resources, which wait for this and that.
pub(super) async fn fill(store: &dyn Store) {
    let all: [(u64, &str, Option<&str>, Waits); 8] = [
        (1, "expenses", Some("r-1"), vec![("approve", question(1, &["finance"], &["ann"], Some(5_000)))]),
        (2, "expenses", Some("r-2"), vec![("outer.approve", question(2, &["finance", "berlin"], &[], None))]),
        (3, "travel", Some("r-1"), vec![("each[3].check", question(3, &["berlin"], &["bob"], Some(4_000)))]),
        (4, "travel", None, vec![("each[12]", sleeping(4, 4_500))]),
        (
            5,
            "expenses",
            Some("r-1"),
            vec![
                ("approve", question(5, &["finance", "finance"], &["ann", "bob"], Some(6_000))),
                ("audit", question(6, &["audit", "finance"], &[], None)),
            ],
        ),
        (6, "travel", None, vec![("approve-all", question(7, &[], &[], Some(4_000)))]),
        (7, "expenses", Some("r-2"), vec![("approve", question(8, &["finance"], &["ann"], Some(4_200)))]),
        (8, "expenses", None, vec![("approve", question(9, &["finance"], &[], None))]),
    ];
    for (number, workflow, resource, waits) in all {
        let mut made = run(number);
        made.workflow_id = workflow.to_owned();
        made.resource_id = resource.map(str::to_owned);
        if number == 8 {
            made.workflow = version_2();
        }
        let mut commit = create(made.clone());
        for (at, step) in &waits {
            commit = commit.with_step(at, step.clone());
        }
        put(store, commit.clone()).await;
        // The same of another tenant.
        made.id = run_id(number + 100);
        let mut commit = create(made).of(&tenant("other"));
        for (at, mut step) in waits {
            let id = &mut step.suspensions[0].id;
            *id = id.after(100);
            commit = commit.with_step(at, step);
        }
        put(store, commit).await;
    }
    let seventh = store.run(&TenantId::default(), run_id(7)).await.unwrap().unwrap();
    put(store, change(&seventh).with_step("approve", ended()).with_closed(8, SuspensionEnd::Answered)).await;
}

/// The suspensions of a list, put together from pages of every size; checks their number, too.
async fn suspensions(store: &dyn Store, tenant: &TenantId, filter: SuspensionFilter) -> Vec<SuspensionId> {
    let mut lists = Vec::new();
    for limit in [0, 1, 2] {
        let (mut ids, mut filter) = (Vec::new(), SuspensionFilter { limit, ..filter.clone() });
        loop {
            let page = store.list_suspensions(tenant, filter.clone()).await.unwrap();
            ids.extend(page.rows.iter().map(|row| row.id));
            filter.after = page.next;
            if filter.after.is_none() {
                break;
            }
        }
        lists.push(ids);
    }
    let counts = store.count_suspensions(tenant, filter, None).await.unwrap();
    assert_eq!(counts, Counts { number: lists[0].len() as u64, more: false, groups: Vec::new() });
    assert!(lists.iter().all(|ids| *ids == lists[0]), "{lists:?}");
    lists.swap_remove(0)
}

/// Questions that pass a filter, by their numbers, the oldest first or by the nearest deadline. The other way round
/// they come the other way round, and those of another tenant are its own.
async fn check_suspensions(store: &dyn Store, filter: SuspensionFilter, wanted: &[u64]) {
    let mut ids: Vec<SuspensionId> = wanted.iter().map(|number| suspension_id(*number)).collect();
    assert_eq!(suspensions(store, &TenantId::default(), filter.clone()).await, ids, "{filter:?}");
    if filter.run.is_none() {
        let others: Vec<SuspensionId> = ids.iter().map(|id| id.after(100)).collect();
        assert_eq!(suspensions(store, &tenant("other"), filter.clone()).await, others, "{filter:?}");
    }
    ids.reverse();
    let filter = SuspensionFilter { latest_first: true, ..filter };
    assert_eq!(suspensions(store, &TenantId::default(), filter.clone()).await, ids, "{filter:?}");
}

pub(super) fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Each filter of suspensions leaves what it says, alone and with the others.
pub async fn questions_are_found_by_what_they_are_about(back_end: &dyn BackEnd) {
    let store = &*back_end.open();
    fill(store).await;
    // Ended in one tenant alone.
    let label = text("finance");
    let of_other = SuspensionFilter { label, ..SuspensionFilter::default() };
    assert_eq!(suspensions(store, &tenant("other"), of_other).await.len(), 6);
    let eighth = store.run(&tenant("other"), run_id(107)).await.unwrap().unwrap();
    put(store, change(&eighth).with_step("approve", ended()).with_closed(108, SuspensionEnd::Answered)).await;

    let any = SuspensionFilter::default();
    for (label, wanted) in
        [("finance", &[1, 2, 5, 6, 9][..]), ("berlin", &[2, 3]), ("audit", &[6]), ("ann", &[])]
    {
        check_suspensions(store, SuspensionFilter { label: text(label), ..any.clone() }, wanted).await;
    }
    for (assignee, wanted) in [("ann", &[1, 5][..]), ("bob", &[3, 5]), ("finance", &[])] {
        check_suspensions(store, SuspensionFilter { assignee: text(assignee), ..any.clone() }, wanted).await;
    }
    for (workflow, wanted) in [("expenses", &[1, 2, 5, 6, 9][..]), ("travel", &[3, 7]), ("other", &[])] {
        check_suspensions(store, SuspensionFilter { workflow_id: text(workflow), ..any.clone() }, wanted)
            .await;
    }
    for (resource, wanted) in [("r-1", &[1, 3, 5, 6][..]), ("r-2", &[2]), ("r", &[])] {
        check_suspensions(store, SuspensionFilter { resource_id: text(resource), ..any.clone() }, wanted)
            .await;
    }
    for (step, wanted) in [
        ("approve", &[1, 2, 5, 9][..]),
        ("outer", &[2]),
        ("outer.approve", &[2]),
        ("each", &[3]),
        ("each[3]", &[3]),
        ("each[4]", &[]),
        ("each.check", &[3]),
        ("check", &[3]),
        ("approve-all", &[7]),
        ("app", &[]),
    ] {
        check_suspensions(store, SuspensionFilter { step: Some(path(step)), ..any.clone() }, wanted).await;
    }
    let each = SuspensionFilter { step: Some(path("each")), with_timers: true, ..any.clone() };
    check_suspensions(store, each, &[3, 4]).await;
    let version = SuspensionFilter { workflow: Some(version_2()), ..any.clone() };
    check_suspensions(store, version.clone(), &[9]).await;

    // Together.
    let finance = SuspensionFilter { label: text("finance"), ..any.clone() };
    let of_ann = SuspensionFilter { assignee: text("ann"), ..finance.clone() };
    check_suspensions(store, of_ann.clone(), &[1, 5]).await;
    check_suspensions(store, SuspensionFilter { resource_id: text("r-2"), ..of_ann }, &[]).await;
    let berlin = SuspensionFilter { label: text("berlin"), ..any.clone() };
    check_suspensions(store, SuspensionFilter { workflow_id: text("travel"), ..berlin.clone() }, &[3]).await;
    check_suspensions(store, SuspensionFilter { resource_id: text("r-1"), ..berlin }, &[3]).await;
    check_suspensions(store, SuspensionFilter { workflow_id: text("expenses"), ..version }, &[9]).await;
    let approve = SuspensionFilter { step: Some(path("approve")), ..finance };
    check_suspensions(store, SuspensionFilter { workflow_id: text("travel"), ..approve.clone() }, &[]).await;
    check_suspensions(store, SuspensionFilter { run: Some(run_id(5)), ..approve }, &[5]).await;
    let whole = SuspensionFilter { run: Some(run_id(7)), with_ended: true, label: text("finance"), ..any };
    check_suspensions(store, whole, &[8]).await;
}

/// By deadline the nearest comes first; those of one instant come in the order of their ids, and a page may end
/// between them.
pub async fn questions_are_found_by_their_deadlines(back_end: &dyn BackEnd) {
    let store = &*back_end.open();
    fill(store).await;
    let eighth = store.run(&tenant("other"), run_id(107)).await.unwrap().unwrap();
    put(store, change(&eighth).with_step("approve", ended()).with_closed(108, SuspensionEnd::Answered)).await;
    let due = |from: Option<u64>, before: Option<u64>| SuspensionFilter {
        due_from: from.map(Timestamp),
        due_before: before.map(Timestamp),
        ..SuspensionFilter::default()
    };
    check_suspensions(store, due(None, Some(9_000)), &[3, 7, 1, 5]).await;
    check_suspensions(store, due(None, Some(4_000)), &[]).await;
    check_suspensions(store, due(None, Some(4_001)), &[3, 7]).await;
    check_suspensions(store, due(Some(4_001), Some(6_000)), &[1]).await;
    check_suspensions(store, due(Some(5_000), None), &[1, 5]).await;
    check_suspensions(store, SuspensionFilter { with_timers: true, ..due(Some(0), None) }, &[3, 7, 4, 1, 5])
        .await;
    // In the order of deadlines, whatever finds the few.
    check_suspensions(store, SuspensionFilter { resource_id: text("r-1"), ..due(Some(0), None) }, &[3, 1, 5])
        .await;
    check_suspensions(store, SuspensionFilter { assignee: text("bob"), ..due(Some(0), None) }, &[3, 5]).await;
    check_suspensions(store, SuspensionFilter { step: Some(path("approve")), ..due(Some(0), None) }, &[1, 5])
        .await;
    check_suspensions(store, SuspensionFilter { workflow_id: text("travel"), ..due(Some(0), None) }, &[3, 7])
        .await;
    check_suspensions(store, SuspensionFilter { run: Some(run_id(5)), ..due(Some(0), None) }, &[5]).await;
}

/// Age is told by the id, which is also what the order is by.
pub async fn questions_are_found_by_their_age(back_end: &dyn BackEnd) {
    let store = &*back_end.open();
    for at in 1..=5 {
        put(store, create(run(at)).with_step("a", asked_at(at))).await;
    }
    for (from, before, wanted) in [
        (None, Some(3), &[1, 2][..]),
        (Some(3), None, &[3, 4, 5]),
        (Some(2), Some(4), &[2, 3]),
        (Some(6), None, &[]),
        (Some(u64::MAX), None, &[]),
        (None, Some(u64::MAX), &[1, 2, 3, 4, 5]),
    ] {
        let filter = SuspensionFilter {
            opened_from: from.map(Timestamp),
            opened_before: before.map(Timestamp),
            ..SuspensionFilter::default()
        };
        let found = suspensions(store, &TenantId::default(), filter.clone()).await;
        let ids: Vec<SuspensionId> = wanted.iter().map(|at| asked_at(*at).suspensions[0].id).collect();
        assert_eq!(found, ids, "{filter:?}");
        let filter = SuspensionFilter { step: Some(path("a")), latest_first: true, ..filter };
        let found = suspensions(store, &TenantId::default(), filter).await;
        assert_eq!(found, ids.into_iter().rev().collect::<Vec<_>>());
    }
}

/// A question is found by its names as long as it is open, and again when it is open again.
pub async fn names_are_those_of_what_is_open(back_end: &dyn BackEnd) {
    let store = &*back_end.open();
    let found = async || {
        let label = SuspensionFilter { label: text("finance"), ..SuspensionFilter::default() };
        let assignee = SuspensionFilter { assignee: text("ann"), ..SuspensionFilter::default() };
        let step = SuspensionFilter { step: Some(path("a")), ..SuspensionFilter::default() };
        let moved = SuspensionFilter { workflow_id: text("moved"), ..SuspensionFilter::default() };
        let mut found = Vec::new();
        for filter in [label, assignee, step, moved] {
            found.push(suspensions(store, &TenantId::default(), filter).await.len());
        }
        found
    };
    let asks = || question(1, &["finance"], &["ann"], None);
    let asked = put(store, create(run(1)).with_step("a", asks())).await;
    assert_eq!(found().await, [1, 1, 1, 0]);
    let answer = change(&asked).saving(Some(1), &[]).with_closed(1, SuspensionEnd::Answered);
    let answered = put(store, answer.with_record("a", asks())).await;
    assert_eq!(found().await, [0, 0, 0, 0]);
    let again = change(&answered).with_record("a", asks()).with_reopened(1, 2, None);
    let again = put(store, again).await;
    assert_eq!(found().await, [1, 1, 1, 0]);
    // A run that follows another workflow waits there.
    let mut moves = change(&again);
    let moved = moves.run_mut();
    (moved.workflow, moved.workflow_id) = (version_2(), "moved".to_owned());
    put(store, moves).await;
    assert_eq!(found().await, [1, 1, 1, 1]);
    store.note_trouble(&TenantId::default(), run_id(1), &super::drafts::panicked("no"), 1).await.unwrap();
    store.delete_run(&TenantId::default(), run_id(1)).await.unwrap();
    assert_eq!(found().await, [0, 0, 0, 0]);
    // What is begun and ended in one commit never was open for anybody.
    put(store, create(run(2)).with_step("a", asks()).with_closed(1, SuspensionEnd::Answered)).await;
    assert_eq!(found().await, [0, 0, 0, 0]);
}

/// What has something in common is counted together, the most first.
pub async fn rows_are_counted_by_what_they_have_in_common(back_end: &dyn BackEnd) {
    let store = &*back_end.open();
    fill(store).await;
    let mine = TenantId::default();
    let told = |counts: Counts| {
        let groups: Vec<String> =
            counts.groups.iter().map(|(name, count)| format!("{name} {count}")).collect();
        format!("{}{}: {}", counts.number, if counts.more { "+" } else { "" }, groups.join(", "))
    };
    for (by, wanted) in [
        (SuspensionGroups::Workflow, "7: expenses 5, travel 2"),
        (SuspensionGroups::Step, "7: approve 3, approve-all 1, audit 1, each.check 1, outer.approve 1"),
        (SuspensionGroups::Label, "7: finance 5, berlin 2, audit 1"),
        (SuspensionGroups::Assignee, "7: ann 2, bob 2"),
    ] {
        let counts = store.count_suspensions(&mine, SuspensionFilter::default(), Some(by)).await.unwrap();
        assert_eq!(told(counts), wanted);
    }
    let berlin = SuspensionFilter { label: text("berlin"), limit: 1, ..SuspensionFilter::default() };
    let counts = store.count_suspensions(&mine, berlin, Some(SuspensionGroups::Label)).await.unwrap();
    assert_eq!(told(counts), "2: berlin 2, finance 1");
    for (filter, by, wanted) in [
        (RunFilter::default(), RunGroups::Workflow, "8: expenses 5, travel 3"),
        (RunFilter::default(), RunGroups::Status, "8: suspended 6, waiting 2"),
        (RunFilter { label: text("finance"), ..RunFilter::default() }, RunGroups::Workflow, "4: expenses 4"),
    ] {
        assert_eq!(told(store.count_runs(&mine, filter, Some(by)).await.unwrap()), wanted);
    }
    let nobody = tenant("nobody");
    assert_eq!(store.count_runs(&nobody, RunFilter::default(), None).await.unwrap(), Counts::default());
}

/// A filter that nothing can pass is refused, with what is wrong with it; so is the place of another list.
pub async fn a_filter_that_nothing_passes_is_refused(back_end: &dyn BackEnd) {
    let store = &*back_end.open();
    fill(store).await;
    let (tenant, any) = (TenantId::default(), SuspensionFilter::default());
    let by_due = SuspensionFilter { due_before: Some(Timestamp(5)), ..any.clone() };
    let long = "x".repeat(10_240);
    let after =
        |after: &str, filter: &SuspensionFilter| SuspensionFilter { after: text(after), ..filter.clone() };
    let (a_run, a_question) = (run_id(1).to_string(), suspension_id(1).to_string());
    for (filter, wanted) in [
        (SuspensionFilter { label: text(&long), ..any.clone() }, "a label has 1 to 256 bytes, found 10240"),
        (SuspensionFilter { label: text(""), ..any.clone() }, "a label has 1 to 256 bytes, found 0"),
        (
            SuspensionFilter { assignee: text(&long), ..any.clone() },
            "an assignee has 1 to 256 bytes, found 10240",
        ),
        (
            SuspensionFilter { workflow_id: text("a b"), ..any.clone() },
            "`a b` cannot be the id of a workflow",
        ),
        (
            SuspensionFilter { step: Some(path("")), ..any.clone() },
            "a step was to be named, found an empty path",
        ),
        (
            SuspensionFilter {
                opened_from: Some(Timestamp(9)),
                opened_before: Some(Timestamp(9)),
                ..any.clone()
            },
            "nothing was opened both from 1970-01-01T00:00:00.009Z on and before 1970-01-01T00:00:00.009Z",
        ),
        (SuspensionFilter { due_from: Some(Timestamp(6)), ..by_due.clone() }, "nothing was due both from"),
        (
            SuspensionFilter { actor: text("ann"), ..by_due.clone() },
            "only open suspensions are listed by deadline",
        ),
        (after(&a_run, &any), "is no place in this list"),
        (after(&a_question, &by_due), "is no place in this list"),
        (after(&format!("5-{a_question}"), &any), "is no place in this list"),
        (after(&format!("-5-{a_question}"), &by_due), "is no place in this list"),
        (after(&format!("5-{a_run}"), &by_due), "is no place in this list"),
    ] {
        let told = store.list_suspensions(&tenant, filter.clone()).await.unwrap_err();
        assert!(matches!(told, StoreError::Refused(_)) && told.to_string().contains(wanted), "{told}");
        // Where a count begins is not asked.
        if filter.after.is_none() {
            let counted = store.count_suspensions(&tenant, filter, None).await.unwrap_err();
            assert_eq!(counted.to_string(), told.to_string());
        }
    }
    let (any, labeled) = (RunFilter::default(), RunFilter { label: text("finance"), ..RunFilter::default() });
    for (filter, wanted) in [
        (RunFilter { label: text(&long), ..any.clone() }, "a label has 1 to 256 bytes, found 10240"),
        (RunFilter { workflow_id: text(""), ..any.clone() }, "`` cannot be the id of a workflow"),
        (
            RunFilter { created_from: Some(Timestamp(9)), created_before: Some(Timestamp(8)), ..any.clone() },
            "nothing was created both from",
        ),
        (RunFilter { after: text(&a_question), ..any }, "is no place in this list"),
        (RunFilter { after: text(&a_run), ..labeled }, "is no place in this list"),
    ] {
        let told = store.list_runs(&tenant, filter).await.unwrap_err();
        assert!(matches!(told, StoreError::Refused(_)) && told.to_string().contains(wanted), "{told}");
    }
}

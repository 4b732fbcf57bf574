//! Nothing of one tenant is seen by another, and all of it can be counted and dropped.

use reentry_core::digest::ComponentDigest;
use reentry_core::id::{RunId, TenantId};
use reentry_core::path::StepPath;
use reentry_core::run::SuspensionEnd;
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::applied::{over, pinned, workflow};
use super::drafts::{
    asking, change, create, ended, json, message, path, put, refusal, run, run_id, suspension_id, tenant,
};
use super::library::keep;
use crate::{
    CallLogFilter, Message, RunFilter, SavepointKind, Store, StoreError, SuspensionFilter, TenantRecord,
    TenantState, TenantSummary,
};

/// Whatever one tenant asks with the ids of another, it learns nothing and changes nothing.
pub async fn nothing_of_one_tenant_is_seen_by_another(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (mine, other) = (tenant("mine"), tenant("other"));
    let first = put(&*store, create(run(1)).of(&mine).with_step("a", asking(1, &["boss"]))).await;
    put(&*store, create(run(2)).of(&other).with_step("a", asking(2, &["boss"]))).await;

    assert_eq!(store.run(&mine, run_id(1)).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.run(&other, run_id(1)).await.unwrap(), None);
    let listed = store.list_runs(&other, RunFilter::default()).await.unwrap().rows;
    assert_eq!(listed.iter().map(|row| row.id).collect::<Vec<_>>(), [run_id(2)]);
    let open = store.list_suspensions(&other, SuspensionFilter::default()).await.unwrap().rows;
    assert_eq!(open.iter().map(|row| row.id).collect::<Vec<_>>(), [suspension_id(2)]);
    for with_ended in [false, true] {
        let of_mine = SuspensionFilter { run: Some(run_id(1)), with_ended, ..SuspensionFilter::default() };
        assert_eq!(store.list_suspensions(&other, of_mine).await.unwrap().rows, []);
    }

    let stolen = change(&first).of(&other).with_closed(1, SuspensionEnd::Answered);
    let said = store.commit(stolen).await.unwrap_err().to_string();
    assert!(said.ends_with(" does not exist"), "{said}");
    assert_eq!(refusal(&*store, create(run(1)).of(&other)).await, "version conflict");
    assert_eq!(store.run(&mine, run_id(1)).await.unwrap(), Some(first));

    let after = Some(run_id(1).to_string());
    let told = store.list_runs(&other, RunFilter { after, ..RunFilter::default() }).await;
    assert!(matches!(told, Err(StoreError::Refused(_))), "{told:?}");
}

/// No record, savepoint, log or line of a run is read for another tenant, nor of its parents.
pub async fn no_part_of_a_run_is_read_by_another_tenant(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (mine, other) = (tenant("mine"), tenant("other"));
    let first = create(run(1)).of(&mine).with_step("a", asking(1, &[])).with_log("[1]").logging("a", 1, "{}");
    let first = put(&*store, first.with_record("b", ended()).with_record("each[0]", ended())).await;
    let answered = change(&first).saving(Some(1), &[]).with_closed(1, SuspensionEnd::Answered);
    put(&*store, answered.with_step("a", ended())).await;
    put(&*store, create(run(2)).of(&mine).forking(1, first.version)).await;
    for (tenant, found) in [(mine, true), (other, false)] {
        let parts = parts(&*store, &tenant, run_id(1)).await;
        assert_eq!(parts, parts.iter().map(|(part, _)| (*part, found)).collect::<Vec<_>>(), "{tenant}");
        let of_parents = [
            store.step(&tenant, run_id(2), &path("b")).await.unwrap().is_some(),
            store.steps(&tenant, run_id(2)).await.unwrap().len() == 2,
            store.lineage(&tenant, run_id(2)).await.unwrap().len() == 2,
            !store.call_logs(&tenant, run_id(2), &CallLogFilter::default()).await.unwrap().rows.is_empty(),
        ];
        assert_eq!(of_parents, [found; 4], "{tenant}");
    }
}

/// Whether anything is read for a tenant, by what is asked of a run.
async fn parts(store: &dyn Store, tenant: &TenantId, run: RunId) -> Vec<(&'static str, bool)> {
    let records = store.outputs(tenant, run, &[path("b")]).await.unwrap();
    let many: Vec<StepPath> = (0..100).map(|_| path("b")).collect();
    let many = store.outputs(tenant, run, &many).await.unwrap();
    let logs = store.call_logs(tenant, run, &CallLogFilter::default()).await.unwrap();
    vec![
        ("step", store.step(tenant, run, &path("b")).await.unwrap().is_some()),
        ("steps", !store.steps(tenant, run).await.unwrap().is_empty()),
        ("outputs", records.iter().all(|(_, step)| step.is_some())),
        ("many outputs", many.iter().all(|(_, step)| step.is_some())),
        ("children", !store.children(tenant, run, &path("each")).await.unwrap().is_empty()),
        ("log", !store.log(tenant, run, 0, 10).await.unwrap().is_empty()),
        ("call logs", !logs.rows.is_empty()),
        ("savepoint", store.savepoint(tenant, run, suspension_id(1)).await.unwrap().is_some()),
        (
            "last savepoint",
            store.last_savepoint(tenant, run, SavepointKind::Suspension).await.unwrap().is_some(),
        ),
        ("savepoints", !store.savepoints(tenant, run).await.unwrap().is_empty()),
        ("lineage", !store.lineage(tenant, run).await.unwrap().is_empty()),
    ]
}

/// Tenants are those of which anything is kept, each with how much that is.
pub async fn tenants_are_listed_with_what_is_kept_of_them(back_end: &dyn BackEnd) {
    let store = back_end.open();
    assert_eq!(store.list_tenants().await.unwrap(), []);
    fill(&*store, &tenant("b"), 1).await;
    keep(&*store, &tenant("a"), b"more", "more").await;
    let (all, some) = (TenantSummary::of(tenant("b")), TenantSummary::of(tenant("a")));
    let all = TenantSummary { runs: 2, open_runs: 1, components: 1, workflows: 1, messages: 1, ..all };
    assert_eq!(store.list_tenants().await.unwrap(), [TenantSummary { components: 1, ..some }, all]);
    // What is published is nobody's.
    let more = ComponentDigest::of(b"more");
    store.publish_component(&tenant("a"), &more, "more", Timestamp(1)).await.unwrap();
    store.remove_component(&tenant("a"), &more).await.unwrap();
    assert_eq!(store.list_tenants().await.unwrap().len(), 1);
}

/// Of a tenant that has no runs any more all goes, and nothing of others.
pub async fn a_tenant_without_runs_is_deleted(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (mine, other) = (tenant("mine"), tenant("other"));
    fill(&*store, &mine, 1).await;
    fill(&*store, &other, 3).await;
    let of_mine = keep(&*store, &mine, b"of mine", "of mine").await;
    let refused = store.delete_tenant(&mine).await.unwrap_err();
    assert_eq!(refused.to_string(), "tenant mine has 2 runs, 1 of them not ended");
    let open = store.run(&mine, run_id(1)).await.unwrap().unwrap();
    put(&*store, change(&over(open)).of(&mine).answering("key")).await;
    for number in [1, 2] {
        store.delete_run(&mine, run_id(number)).await.unwrap();
    }
    assert_eq!(store.delete_tenant(&mine).await.unwrap(), [of_mine]);
    let left = store.list_tenants().await.unwrap();
    assert_eq!(left.iter().map(|of| (of.tenant.as_str(), of.runs)).collect::<Vec<_>>(), [("other", 2)]);
    let one = workflow("w", 1, &[b"shared"]);
    assert_eq!(store.current_workflow(&mine, "w").await.unwrap(), None);
    assert!(!store.holds_workflow(&mine, &one.digest).await.unwrap());
    assert_eq!(store.mail(&mine, "paid", None, 9).await.unwrap(), []);
    assert_eq!(store.mail(&other, "paid", None, 9).await.unwrap().len(), 1);
    assert_eq!(store.current_workflow(&other, "w").await.unwrap(), Some(one.digest));
    assert!(store.workflow(&one.digest).await.unwrap().is_some());
    // The last one takes all with it.
    let open = store.run(&other, run_id(3)).await.unwrap().unwrap();
    put(&*store, change(&over(open)).of(&other)).await;
    for number in [3, 4] {
        store.delete_run(&other, run_id(number)).await.unwrap();
    }
    assert_eq!(store.delete_tenant(&other).await.unwrap(), [ComponentDigest::of(b"shared")]);
    assert_eq!(store.workflow(&one.digest).await.unwrap(), None);
    assert_eq!(store.delete_tenant(&other).await.unwrap(), []);
}

/// A record is added once, replaced as a whole but for when it was added, and goes with its tenant. One that has
/// nothing else is listed.
pub async fn records_of_tenants_are_kept(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mine = tenant("mine");
    assert_eq!(store.tenant_record(&mine).await.unwrap(), None);
    let added = TenantRecord { added_at: Some(Timestamp(5)), ..TenantRecord::new(mine.clone()) };
    assert!(store.add_tenant(added.clone()).await.unwrap());
    assert!(!store.add_tenant(TenantRecord::new(mine.clone())).await.unwrap());
    assert_eq!(back_end.open().tenant_record(&mine).await.unwrap(), Some(added.clone()));
    let settings = Some(json(r#"{"a":1}"#));
    let suspended = TenantRecord { state: TenantState::Suspended, settings, added_at: None, ..added.clone() };
    store.put_tenant(suspended.clone()).await.unwrap();
    let suspended = TenantRecord { added_at: added.added_at, ..suspended };
    let other = TenantRecord { state: TenantState::Deleting, ..TenantRecord::new(tenant("another")) };
    store.put_tenant(other.clone()).await.unwrap();
    assert_eq!(store.tenant_records().await.unwrap(), [other.clone(), suspended.clone()]);
    let listed =
        [other, suspended].map(|of| TenantSummary { state: of.state, ..TenantSummary::of(of.tenant) });
    assert_eq!(store.list_tenants().await.unwrap(), listed);
    store.delete_tenant(&mine).await.unwrap();
    assert_eq!(store.tenant_record(&mine).await.unwrap(), None);
}

/// Two runs, of which one has ended, of a workflow that the tenant has applied, and an event.
async fn fill(store: &dyn Store, tenant: &TenantId, number: u64) {
    keep(store, tenant, b"shared", "shared").await;
    let one = workflow("w", 1, &[b"shared"]);
    store.apply_workflow(tenant, one.clone(), Timestamp(1)).await.unwrap();
    put(store, create(pinned(number, &one)).of(tenant)).await;
    put(store, create(over(pinned(number + 1, &one))).of(tenant)).await;
    let sent = Message { tenant: tenant.clone(), ..message(number, "paid", None) };
    store.send(sent).await.unwrap();
}

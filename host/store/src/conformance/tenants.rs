//! Nothing of one tenant is seen by another, and all of it can be counted and dropped.

use reentry_core::digest::ComponentDigest;
use reentry_core::id::TenantId;
use reentry_core::run::SuspensionEnd;
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::applied::{over, pinned, workflow};
use super::drafts::{asking, change, create, message, put, refusal, run, run_id, suspension_id, tenant};
use super::library::keep;
use crate::{Message, RunFilter, Store, StoreError, SuspensionFilter, TenantSummary};

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
    assert!(said.ends_with("version Some(1) any more (found None)"), "{said}");
    assert_eq!(refusal(&*store, create(run(1)).of(&other)).await, "version conflict");
    assert_eq!(store.run(&mine, run_id(1)).await.unwrap(), Some(first));

    let after = Some(run_id(1).to_string());
    let told = store.list_runs(&other, RunFilter { after, ..RunFilter::default() }).await;
    assert!(matches!(told, Err(StoreError::Refused(_))), "{told:?}");
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

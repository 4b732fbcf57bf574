//! What tenants hold is their own: names, lists, usage and removal. Bytes are kept once, and no tenant can tell.

use reentry_core::digest::ComponentDigest;
use reentry_core::id::TenantId;
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::applied::{over, pinned, said, workflow};
use super::drafts::{change, create, put, run_id, tenant};
use super::library::keep;
use crate::{ComponentUsage, Store};

/// What a tenant may use, in the order of the list: names, with `*` and the name that they are published under, and
/// `-` where they are not the tenant's own.
async fn names(store: &dyn Store, tenant: &TenantId) -> Vec<String> {
    let listed = store.list_components(tenant).await.unwrap();
    let name = |row: &crate::ComponentSummary| {
        let published = row.published.as_ref().map(|name| format!("*{name}")).unwrap_or_default();
        format!("{}{published}{}", row.name, if row.held { "" } else { "-" })
    };
    listed.iter().map(name).collect()
}

/// Which component a name means.
async fn meant(store: &dyn Store, tenant: &TenantId, name: &str) -> Option<ComponentDigest> {
    store.component_named(tenant, name).await.unwrap()
}

/// A name that two tenants give means the own component of each; what another tenant has is as if it were not there.
pub async fn names_are_those_of_their_tenant(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (mine, other) = (tenant("mine"), tenant("other"));
    let own = keep(&*store, &mine, b"own", "name").await;
    let theirs = keep(&*store, &other, b"theirs", "name").await;
    assert_eq!(meant(&*store, &mine, "name").await, Some(own));
    assert_eq!(meant(&*store, &other, "name").await, Some(theirs));
    let unknown = ComponentDigest::of(b"unknown");
    for digest in [theirs, unknown] {
        assert_eq!(store.component_of(&mine, &digest).await.unwrap(), None);
        assert_eq!(store.usage(&mine, &digest).await.unwrap(), ComponentUsage::default());
        assert_eq!(said(store.remove_component(&mine, &digest).await), "not there");
        assert!(!store.publish_component(&mine, &digest, "name", Timestamp(1)).await.unwrap());
        assert_eq!(said(store.unpublish_component(&digest).await), "not published");
    }
    assert_eq!(meant(&*store, &tenant("third"), "name").await, None);
    // A later one of the other's does not make mine an old one.
    keep(&*store, &other, b"later", "name").await;
    assert_eq!(store.unneeded_components(&mine).await.unwrap(), []);
    assert_eq!(store.unneeded_components(&other).await.unwrap().len(), 1);
    let shared = workflow("w", 1, &[b"own", b"theirs"]);
    assert_eq!(store.missing_component(&mine, &shared.digest).await.unwrap(), None);
    store.apply_workflow(&mine, shared.clone(), Timestamp(1)).await.unwrap();
    assert_eq!(store.missing_component(&mine, &shared.digest).await.unwrap(), Some(theirs));
    assert_eq!(store.missing_component(&other, &shared.digest).await.unwrap(), Some(own));
    // Neither is removal held up by what others do, nor does it take anything from them.
    assert_eq!(said(store.remove_component(&other, &theirs).await), "removed");
    assert_eq!(names(&*store, &mine).await, ["name"]);
    assert_eq!(names(&*store, &other).await, ["name"]);
}

/// Equal bytes are kept once, and as long as a tenant holds them or a run needs them.
pub async fn equal_bytes_go_with_the_last_that_needs_them(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (mine, other) = (tenant("mine"), tenant("other"));
    let both = keep(&*store, &mine, b"both", "one").await;
    assert_eq!(keep(&*store, &other, b"both", "two").await, both);
    assert_eq!(
        (names(&*store, &mine).await, names(&*store, &other).await),
        (vec!["one".to_owned()], vec!["two".to_owned()])
    );
    assert_eq!(store.remove_component(&mine, &both).await.unwrap(), []);
    assert_eq!(said(store.remove_component(&mine, &both).await), "not there");
    assert_eq!(names(&*store, &mine).await, [""; 0]);
    assert!(store.component(&both).await.unwrap().is_some());
    assert_eq!(store.remove_component(&other, &both).await.unwrap(), [both]);
    assert_eq!(store.component(&both).await.unwrap(), None);

    // A run that began when its tenant did not hold the component any more.
    let one = workflow("w", 1, &[b"both"]);
    store.put_workflow(&mine, one.clone()).await.unwrap();
    keep(&*store, &other, b"both", "two").await;
    let run = put(&*store, create(pinned(1, &one)).of(&mine)).await;
    assert_eq!(store.remove_component(&other, &both).await.unwrap(), []);
    assert!(store.component(&both).await.unwrap().is_some());
    put(&*store, change(&over(run)).of(&mine)).await;
    store.delete_run(&mine, run_id(1)).await.unwrap();
    let last = keep(&*store, &mine, b"last", "last").await;
    let mut gone = store.remove_component(&mine, &last).await.unwrap();
    gone.sort();
    let mut wanted = vec![both, last];
    wanted.sort();
    assert_eq!(gone, wanted);
    assert!(!store.has_components().await.unwrap());
}

/// A published component is found by all tenants, by its name where they have none of that name.
pub async fn what_is_published_is_found_by_all(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (host, mine, other) = (TenantId::default(), tenant("mine"), tenant("other"));
    let public = keep(&*store, &host, b"public", "name").await;
    let own = keep(&*store, &mine, b"own", "name").await;
    assert!(!store.publish_component(&mine, &public, "name", Timestamp(5)).await.unwrap());
    assert!(store.publish_component(&host, &public, "name", Timestamp(5)).await.unwrap());
    assert_eq!(names(&*store, &host).await, ["name*name"]);
    assert_eq!(names(&*store, &mine).await, ["name", "name*name-"]);
    assert_eq!(names(&*store, &other).await, ["name*name-"]);
    assert_eq!(meant(&*store, &mine, "name").await, Some(own));
    assert_eq!(meant(&*store, &other, "name").await, Some(public));
    assert_eq!(store.component_of(&other, &public).await.unwrap().unwrap().created_at, Timestamp(5));
    assert_eq!(said(store.remove_component(&other, &public).await), "published");
    let one = workflow("w", 1, &[b"public"]);
    store.put_workflow(&other, one.clone()).await.unwrap();
    assert_eq!(store.missing_component(&other, &one.digest).await.unwrap(), None);
    // Under another name, and without the one that published it.
    assert!(store.publish_component(&host, &public, "renamed", Timestamp(6)).await.unwrap());
    assert_eq!(names(&*store, &host).await, ["name*renamed"]);
    assert_eq!(meant(&*store, &other, "name").await, None);
    // One who has the bytes under another name finds them by both.
    keep(&*store, &mine, b"public", "mine").await;
    assert_eq!(names(&*store, &mine).await, ["mine*renamed", "name"]);
    assert_eq!(meant(&*store, &mine, "renamed").await, Some(public));
    assert_eq!(meant(&*store, &mine, "mine").await, Some(public));
    store.remove_component(&mine, &public).await.unwrap();
    assert_eq!(store.remove_component(&host, &public).await.unwrap(), []);
    assert_eq!(names(&*store, &other).await, ["renamed*renamed-"]);
    assert_eq!(store.unneeded_components(&other).await.unwrap(), []);
    assert_eq!(store.unpublish_component(&public).await.unwrap(), [public]);
    assert_eq!(names(&*store, &other).await, [""; 0]);
    assert_eq!(said(store.unpublish_component(&public).await), "not published");
}

/// A component stays published as long as a tenant that does not hold it needs it.
pub async fn what_is_published_stays_while_it_is_needed(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (host, mine, other) = (TenantId::default(), tenant("mine"), tenant("other"));
    let public = keep(&*store, &host, b"public", "name").await;
    let unpublish = async || said(store.unpublish_component(&public).await);
    store.publish_component(&host, &public, "name", Timestamp(5)).await.unwrap();
    let (one, two) = (workflow("w", 1, &[b"public"]), workflow("w", 2, &[]));
    // The host's own runs have its own hold.
    put(&*store, create(pinned(1, &one)).of(&host)).await;
    store.apply_workflow(&mine, one.clone(), Timestamp(1)).await.unwrap();
    let needed = |tenants, current, runs, open| {
        format!(
            "{runs} runs, {open} of them not ended, and {current} current workflows of {tenants} tenants that do not hold it themselves"
        )
    };
    assert_eq!(unpublish().await, needed(1, 1, 0, 0));
    let run = put(&*store, create(pinned(2, &one)).of(&other)).await;
    let moved = put(&*store, create(pinned(3, &one)).of(&other)).await;
    let moved = reentry_core::run::RunState { workflow: two.digest, ..moved };
    put(&*store, change(&moved).of(&other).saving(None, &[])).await;
    assert_eq!(unpublish().await, needed(2, 1, 2, 2));
    put(&*store, change(&over(run)).of(&other)).await;
    store.apply_workflow(&mine, two, Timestamp(2)).await.unwrap();
    assert_eq!(unpublish().await, needed(1, 0, 2, 1));
    // Those who hold it themselves do not need that it is published.
    keep(&*store, &other, b"public", "theirs").await;
    assert_eq!(store.unpublish_component(&public).await.unwrap(), []);
    assert_eq!(names(&*store, &other).await, ["theirs"]);
}

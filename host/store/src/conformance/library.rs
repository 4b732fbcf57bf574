//! Components and workflow definitions: kept once, never changed, however many hold them.

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::json::Json;
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::drafts::tenant;
use crate::{ComponentRecord, Store, WorkflowRecord};

/// A component of these bytes.
pub fn component(bytes: &[u8]) -> ComponentRecord {
    ComponentRecord {
        digest: ComponentDigest::of(bytes),
        bytes: bytes.to_vec(),
        base: vec![7; 200_000],
        meta: Json::parse(r#"{"steps": ["approve"], "n": 1.10}"#).unwrap(),
        created_at: Timestamp(1_000),
    }
}

/// Has a tenant hold a component of these bytes.
pub async fn keep(store: &dyn Store, tenant: &TenantId, bytes: &[u8], name: &str) -> ComponentDigest {
    let component = component(bytes);
    let digest = component.digest;
    store.put_component(tenant, name, Timestamp(bytes.len() as u64), component).await.unwrap();
    digest
}

/// The first record of a component stays, and the first name that a tenant gives it; lists name the latest first.
pub async fn components_are_kept_once(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mine = TenantId::default();
    let (first, second) = (component(b"one"), component(&[1; 500_000]));
    assert_eq!(store.component(&first.digest).await.unwrap(), None);
    assert!(!store.has_components().await.unwrap());
    keep(&*store, &mine, b"one", "first").await;
    keep(&*store, &mine, &[1; 500_000], "second").await;
    let other = ComponentRecord { base: vec![8], ..component(b"one") };
    store.put_component(&mine, "again", Timestamp(9), other.clone()).await.unwrap();
    store.put_component(&tenant("other"), "theirs", Timestamp(9), other).await.unwrap();
    assert_eq!(back_end.open().component(&first.digest).await.unwrap(), Some(first.clone()));
    assert!(store.has_components().await.unwrap());
    let listed = store.list_components(&mine).await.unwrap();
    let found: Vec<_> = listed.iter().map(|row| (&row.name[..], row.bytes, row.digest)).collect();
    assert_eq!(found, [("second", 500_000, second.digest), ("first", 3, first.digest)]);
    assert_eq!((&listed[0].meta, listed[0].created_at), (&second.meta, Timestamp(500_000)));
    assert_eq!((listed[0].held, &listed[0].published), (true, &None));
    assert_eq!(store.component_of(&mine, &first.digest).await.unwrap().as_ref(), Some(&listed[1]));
}

/// The first record of a definition stays.
pub async fn workflows_are_kept_once(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let definition = Json::parse(r#"{"id":"approve","steps":[1.10]}"#).unwrap();
    let digest = WorkflowDigest::of(definition.text().as_bytes());
    assert_eq!(store.workflow(&digest).await.unwrap(), None);
    let record = WorkflowRecord {
        digest,
        id: "approve".to_owned(),
        definition,
        components: Vec::new(),
        created_at: Timestamp(5),
    };
    let mine = TenantId::default();
    store.put_workflow(&mine, record.clone()).await.unwrap();
    store.put_workflow(&mine, WorkflowRecord { created_at: Timestamp(6), ..record.clone() }).await.unwrap();
    assert_eq!(back_end.open().workflow(&digest).await.unwrap(), Some(record));
}

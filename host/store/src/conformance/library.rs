//! Components and workflow definitions: kept once, never changed.

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::json::Json;
use reentry_core::time::Timestamp;

use super::BackEnd;
use crate::{ComponentRecord, WorkflowRecord};

/// A component of these bytes.
pub(super) fn component(bytes: &[u8], name: &str) -> ComponentRecord {
    ComponentRecord {
        digest: ComponentDigest::of(bytes),
        name: name.to_owned(),
        bytes: bytes.to_vec(),
        base: vec![7; 200_000],
        meta: Json::parse(r#"{"steps": ["approve"], "n": 1.10}"#).unwrap(),
        created_at: Timestamp(1_000),
    }
}

/// The first record of a component stays; lists name the latest first.
pub async fn components_are_kept_once(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (first, second) = (component(b"one", "first"), component(&[1; 500_000], "second"));
    assert_eq!(store.component(&first.digest).await.unwrap(), None);
    store.put_component(first.clone()).await.unwrap();
    store.put_component(second.clone()).await.unwrap();
    store.put_component(component(b"one", "again")).await.unwrap();
    assert_eq!(back_end.open().component(&first.digest).await.unwrap(), Some(first.clone()));
    let listed = store.list_components().await.unwrap();
    let found: Vec<_> = listed.iter().map(|row| (&row.name[..], row.bytes, row.digest)).collect();
    assert_eq!(found, [("second", 500_000, second.digest), ("first", 3, first.digest)]);
    assert_eq!((&listed[0].meta, listed[0].created_at), (&second.meta, second.created_at));
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
    store.put_workflow(record.clone()).await.unwrap();
    store.put_workflow(WorkflowRecord { created_at: Timestamp(6), ..record.clone() }).await.unwrap();
    assert_eq!(back_end.open().workflow(&digest).await.unwrap(), Some(record));
}

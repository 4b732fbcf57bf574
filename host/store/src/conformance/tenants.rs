//! Nothing of one tenant is seen by another.

use reentry_core::run::SuspensionEnd;

use super::BackEnd;
use super::drafts::{asking, change, create, put, refusal, run, run_id, suspension_id, tenant};
use crate::{RunFilter, StoreError, SuspensionFilter};

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

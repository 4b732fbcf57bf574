//! What watchers see of a run.

use super::BackEnd;
use super::drafts::{change, create, put, run, run_id};
use reentry_core::id::TenantId;

/// Entries come under the versions of their commits, oldest first, from any version on.
pub async fn what_watchers_see_is_read_from_any_version_on(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut now = put(&*store, create(run(1)).with_log("[1.10]")).await;
    for version in 2..=5 {
        let next = change(&now);
        now = put(&*store, if version == 3 { next } else { next.with_log(&format!("[{version}]")) }).await;
    }
    put(&*store, create(run(2)).with_log("[]")).await;
    let read = async |after, limit| {
        let rows = store.log(&TenantId::default(), run_id(1), after, limit).await.unwrap();
        rows.iter().map(|row| format!("{} {} {}", row.version, row.at.0, row.entries)).collect::<Vec<_>>()
    };
    let all = ["1 1001 [1.10]", "2 1011 [2]", "4 1031 [4]", "5 1041 [5]"];
    assert_eq!(read(0, 10).await, all);
    assert_eq!(read(0, 2).await, all[..2]);
    assert_eq!(read(2, 1).await, all[2..3]);
    assert_eq!(read(3, usize::MAX).await, all[2..]);
    assert_eq!((read(5, 10).await.len(), read(u64::MAX, 10).await.len(), read(0, 0).await.len()), (0, 0, 0));
    assert_eq!(store.log(&TenantId::default(), run_id(3), 10, 0).await.unwrap(), []);
}

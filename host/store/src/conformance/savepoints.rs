//! Savepoints, and the images that they keep.

use reentry_core::id::TenantId;
use reentry_core::run::{Phase, SuspensionEnd};

use super::BackEnd;
use super::drafts::{asking, change, create, ended, image_id, put, refusal, run, run_id, suspension_id};
use crate::{SavepointKind, Store};

async fn versions(store: &dyn Store) -> Vec<u64> {
    store
        .savepoints(&TenantId::default(), run_id(1))
        .await
        .unwrap()
        .iter()
        .map(|savepoint| savepoint.version)
        .collect()
}

async fn kept(store: &dyn Store, images: &[u64]) -> Vec<bool> {
    let mut kept = Vec::new();
    for image in images {
        kept.push(store.blob(image_id(*image)).await.unwrap().is_some());
    }
    kept
}

/// A savepoint is found by its suspension and by its kind, and is read back as it was.
pub async fn a_savepoint_is_read_back(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first =
        put(&*store, create(run(1)).with_step("a", asking(1, &[])).with_image(1, b"one").with_image(2, b""))
            .await;
    let answer = change(&first).saving(Some(1), &[2, 1]).with_closed(1, SuspensionEnd::Answered);
    let wanted = answer.savepoint.clone().unwrap();
    let second = put(&*store, answer.with_step("a", ended())).await;
    let failing = change(&second).saving(None, &[]);
    let failure = failing.savepoint.clone().unwrap();
    put(&*store, failing).await;

    let store = back_end.open();
    assert_eq!(
        store.savepoint(&TenantId::default(), run_id(1), suspension_id(1)).await.unwrap().as_ref(),
        Some(&wanted)
    );
    assert_eq!(store.savepoint(&TenantId::default(), run_id(1), suspension_id(2)).await.unwrap(), None);
    assert_eq!(store.savepoint(&TenantId::default(), run_id(2), suspension_id(1)).await.unwrap(), None);
    let last = async |kind| store.last_savepoint(&TenantId::default(), run_id(1), kind).await.unwrap();
    assert_eq!(
        (last(SavepointKind::Suspension).await, last(SavepointKind::Failure).await),
        (Some(wanted), Some(failure))
    );
    assert_eq!(
        store.last_savepoint(&TenantId::default(), run_id(2), SavepointKind::Failure).await.unwrap(),
        None
    );
    let rows = store.savepoints(&TenantId::default(), run_id(1)).await.unwrap();
    let found: Vec<_> = rows.iter().map(|row| (row.suspension, row.version, row.kind, row.at.0)).collect();
    let suspension = (Some(suspension_id(1)), 1, SavepointKind::Suspension, 1_011);
    assert_eq!(found, [suspension, (None, 2, SavepointKind::Failure, 1_021)]);
}

/// With a bound, the oldest savepoints go, and the images that only they named; without one, none.
pub async fn the_oldest_savepoints_go(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut now = put(&*store, create(run(1)).with_image(1, b"one")).await;
    for image in 2..=5 {
        let next = change(&now).saving(Some(image), &[image - 1]).without_image(image - 1);
        now = put(&*store, next.with_image(image, b"next")).await;
    }
    assert_eq!(versions(&*store).await, [1, 2, 3, 4]);
    assert_eq!(kept(&*store, &[1, 2, 3, 4, 5]).await, [true; 5]);
    // The bound is looked at when a savepoint comes.
    now = put(&*store, change(&now).keeping(1)).await;
    assert_eq!(versions(&*store).await.len(), 4);
    now = put(&*store, change(&now).saving(None, &[3, 3, 5]).keeping(3)).await;
    assert_eq!(versions(&*store).await, [3, 4, 6]);
    assert_eq!(kept(&*store, &[1, 2, 3, 4, 5]).await, [false, false, true, true, true]);
    assert_eq!(
        store
            .last_savepoint(&TenantId::default(), run_id(1), SavepointKind::Suspension)
            .await
            .unwrap()
            .unwrap()
            .version,
        4
    );
    put(&*store, change(&now).saving(None, &[]).keeping(1)).await;
    assert_eq!(versions(&*store).await, [7]);
    assert_eq!(kept(&*store, &[3, 4, 5]).await, [false, false, true]);
}

/// An image goes when the last of the steps and savepoints that need it does, of whichever run.
pub async fn an_image_is_kept_as_long_as_somebody_needs_it(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first = put(&*store, create(run(1)).with_image(1, b"one").with_image(2, b"two")).await;
    let second = put(&*store, change(&first).saving(Some(1), &[1]).without_image(1)).await;
    let fork = put(&*store, create(run(2)).forking(1, 1).sharing(1)).await;
    let other = put(&*store, create(run(3)).forking(1, 1).sharing(1).sharing(2)).await;
    put(&*store, change(&second).saving(None, &[]).keeping(1).without_image(2)).await;
    assert_eq!(kept(&*store, &[1, 2]).await, [true, true]);
    put(&*store, change(&fork).without_image(1)).await;
    assert_eq!(store.blob(image_id(1)).await.unwrap().as_deref(), Some(&b"one"[..]));
    let other = put(&*store, change(&other).without_image(1)).await;
    assert_eq!(kept(&*store, &[1, 2]).await, [false, true]);
    // In one commit from one user to another.
    let other = put(&*store, change(&other).without_image(2).sharing(2)).await;
    assert_eq!(kept(&*store, &[2]).await, [true]);
    put(&*store, change(&other).without_image(2).without_image(2)).await;
    assert_eq!(kept(&*store, &[2]).await, [false]);
    put(&*store, create(run(4)).with_image(1, b"anew")).await;
}

/// A part that savepoints have in common is kept once, as long as one of them is.
pub async fn a_part_is_kept_once_for_all_savepoints(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first = put(&*store, create(run(1))).await;
    let second = put(&*store, change(&first).saving(Some(1), &[]).with_part(1, b"large")).await;
    let third = put(&*store, change(&second).saving(Some(2), &[]).with_part(1, b"large")).await;
    let point = store.savepoint(&TenantId::default(), run_id(1), suspension_id(2)).await.unwrap().unwrap();
    assert_eq!((point.images, point.parts), (vec![image_id(1)], Vec::new()));
    assert_eq!(store.blob(image_id(1)).await.unwrap().as_deref(), Some(&b"large"[..]));
    let fourth = put(&*store, change(&third).saving(None, &[]).keeping(2)).await;
    assert_eq!((versions(&*store).await, kept(&*store, &[1]).await), (vec![2, 3], vec![true]));
    put(&*store, change(&fourth).saving(None, &[]).keeping(2)).await;
    assert_eq!((versions(&*store).await, kept(&*store, &[1]).await), (vec![3, 4], vec![false]));
}

/// A savepoint shows a version before the commit, once, and names images that are kept.
pub async fn a_savepoint_names_what_there_is(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first = put(&*store, create(run(1)).with_image(1, b"one")).await;
    assert_eq!(refusal(&*store, change(&first).saving(None, &[2])).await, "refused");
    assert_eq!(refusal(&*store, change(&first).sharing(2)).await, "refused");
    let mut later = change(&first).saving(None, &[]);
    later.savepoint.as_mut().unwrap().version = 2;
    assert_eq!(refusal(&*store, later).await, "refused");
    let second = put(&*store, change(&first).saving(None, &[1, 2]).with_image(2, b"two")).await;
    let mut again = change(&second).saving(None, &[]);
    again.savepoint.as_mut().unwrap().version = 1;
    assert_eq!(refusal(&*store, again).await, "refused");
    assert_eq!(versions(&*store).await, [1]);
    let mut ends = change(&second).without_image(1).without_image(2);
    ends.run_mut().phase = Phase::Succeeded;
    put(&*store, ends).await;
    assert_eq!(kept(&*store, &[1, 2]).await, [true, true]);
}

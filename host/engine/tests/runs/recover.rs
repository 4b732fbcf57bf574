//! Calls that the host itself gave up are made again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reentry::core::run::RunStatus;
use reentry::fault::FaultPoint;
use reentry::{Error, OutputOptions, StartOptions};
use serde_json::json;

use crate::guest::{asks_twice, host, line};

#[tokio::test]
async fn a_call_whose_driver_gave_up_is_taken_up_by_the_same_host() {
    let once = Arc::new(AtomicBool::new(true));
    let fails = Arc::clone(&once);
    let hook = move |point| {
        if point == FaultPoint::BeforeCall && fails.swap(false, Ordering::SeqCst) {
            panic!("the driver gives up");
        }
    };
    let host = host().on_fault_point(Arc::new(hook)).build().await.unwrap();
    let tenant = host.default_tenant();
    let run = asks_twice(&tenant).await.new_run().create().await.unwrap();
    let error = run.start(StartOptions::input(json!(1))).await.unwrap_err();
    assert!(matches!(error, Error::Interrupted { .. }));
    assert_eq!(run.status().await.unwrap(), RunStatus::Running);
    assert_eq!(host.recover().await.unwrap(), [run.id()]);
    insta::assert_snapshot!(
        line(&run.result(OutputOptions::default()).await.unwrap()),
        @r#"{"status":"suspended","suspendPayload":{"ask":[1]},"suspended":[["ask"]]}"#
    );
    assert_eq!(host.recover().await.unwrap(), [], "nothing is left");
}

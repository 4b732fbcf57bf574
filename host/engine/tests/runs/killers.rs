//! A call that ends each process that makes it is found, and no other one is blamed.
//!
//! The processes are this test itself, started again for one of its tests only.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use std::sync::Arc;

use reentry::core::id::RunId;
use reentry::core::json::Json;
use reentry::core::run::RunStatus;
use reentry::fault::FaultPoint;
use reentry::store::RunFilter;
use reentry::{Error, Host, Level, Observer, OutputOptions, ResumeOptions, Source, StartOptions};
use serde_json::json;

use crate::guest::{echoes, host, kills};

const HONEST: usize = 20;

/// Ends the process when a guest says so.
struct Deadly;

impl Observer for Deadly {
    fn log(&self, _: &Source, _: Level, message: &str, _: Option<&Json>) {
        if message == "die" {
            // Nothing of this process runs after this: no destructor, no flush.
            std::process::abort();
        }
    }
}

/// Does one of the tests below in a process of its own.
fn process(test: &str, folder: &std::path::Path) -> ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args([&format!("killers::{test}"), "--exact", "--ignored", "--nocapture"])
        .env("FOLDER", folder)
        .output()
        .unwrap()
        .status
}

async fn deadly_host(host: reentry::HostBuilder) -> Host {
    let folder = std::env::var("FOLDER").expect("started by the test below");
    host.data_dir(folder).observer(Arc::new(Deadly)).build().await.unwrap()
}

/// All calls are under way when one of them ends the process: those that end are not told.
#[tokio::test(flavor = "multi_thread", worker_threads = 24)]
#[ignore = "is a process of the test below"]
async fn calls_at_once() {
    let hook = |point| {
        if point == FaultPoint::AfterCall {
            loop {
                std::thread::park();
            }
        }
    };
    let tenant = deadly_host(host().on_fault_point(Arc::new(hook))).await.default_tenant();
    let mut starting = Vec::new();
    for _ in 0..HONEST {
        let workflow =
            tenant.workflow("honest").then(echoes(&tenant).await.step("ask")).commit().await.unwrap();
        starting.push(tokio::spawn(workflow.new_run().start(StartOptions::input(json!(1)))));
    }
    let runs = async || tenant.runs(RunFilter::default()).await.unwrap().rows;
    while runs().await.iter().filter(|run| run.status == RunStatus::Running).count() < HONEST {
        tokio::task::yield_now().await;
    }
    let workflow = tenant.workflow("kills").then(kills(&tenant).await.step("ask")).commit().await.unwrap();
    let _ = workflow.new_run().start(StartOptions::default()).await;
    unreachable!("the process has ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "is a process of the test below"]
async fn takes_over() {
    let host = deadly_host(host()).await;
    host.recover().await.unwrap();
}

#[tokio::test]
async fn a_call_that_ends_each_process_is_blocked_and_those_beside_it_succeed() {
    let folder = tempfile::tempdir().unwrap();
    assert!(process("calls_at_once", folder.path()).signal().is_some());
    let mut ends = 0;
    while process("takes_over", folder.path()).signal().is_some() {
        ends += 1;
        assert!(ends < 10, "it is never found");
    }
    assert_eq!(ends, 3, "processes ended alone with it");

    let host = host().data_dir(folder.path()).build().await.unwrap();
    let tenant = host.default_tenant();
    let rows = tenant.runs(RunFilter::default()).await.unwrap().rows;
    let with =
        |status| rows.iter().filter(|run| run.status == status).map(|run| run.id).collect::<Vec<RunId>>();
    assert_eq!((with(RunStatus::Success).len(), with(RunStatus::Blocked).len()), (HONEST, 1));
    let run = tenant.run(with(RunStatus::Blocked)[0]).await.unwrap();
    let result = run.result(OutputOptions::default()).await.unwrap();
    insta::assert_snapshot!(
        result.error.unwrap().message,
        @"3 host processes ended while they made the call of step `ask` and no other one"
    );

    // Nothing brings it on; it takes no answer; it can be canceled and deleted.
    assert_eq!(host.recover().await.unwrap(), []);
    let error = run.resume(ResumeOptions::data(json!(1))).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)));
    assert_eq!(error.code(), "blocked");
    assert_eq!(process("tries_once_more", folder.path()).signal(), Some(6), "restarted, it is as it was");
    assert_eq!(run.status().await.unwrap(), RunStatus::Running);
    run.cancel().await.unwrap();
    tenant.delete_run(run.id()).await.unwrap();
}

#[tokio::test]
#[ignore = "is a process of the test above"]
async fn tries_once_more() {
    let tenant = deadly_host(host()).await.default_tenant();
    let filter = RunFilter::default().status(RunStatus::Blocked);
    let blocked = tenant.runs(filter).await.unwrap().rows;
    let _ = tenant.run(blocked[0].id).await.unwrap().restart().await;
    unreachable!("the process has ended");
}

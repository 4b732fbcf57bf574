//! What a host does for runs beside driving them: leaving in good order, telling what it does, retention.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reentry::core::id::RunId;
use reentry::core::run::RunStatus;
use reentry::core::time::Timestamp;
use reentry::{Did, ForkOptions, Observer, Prune, ResumeOptions, Upkeep};
use serde_json::json;

use crate::guest::{asks_twice, host, input};

/// Keeps what a host did.
#[derive(Default)]
struct Told(Mutex<Vec<(RunId, Did)>>);

impl Observer for Told {
    fn upkeep(&self, upkeep: &Upkeep) {
        self.0.lock().unwrap().push((upkeep.run, upkeep.did.clone()));
    }
}

#[tokio::test]
async fn a_host_that_leaves_begins_no_call_and_another_one_takes_over() {
    let (data, told) = (tempfile::tempdir().unwrap(), Arc::new(Told::default()));
    let leaving = host().data_dir(data.path()).build().await.unwrap();
    let run = asks_twice(&leaving.default_tenant()).await.new_run().start(input(json!(1))).await.unwrap().run;
    assert_eq!(leaving.stop(Duration::ZERO).await.unwrap(), 0);
    let result = run.resume(ResumeOptions::data(json!("a"))).await.unwrap();
    assert_eq!(result.status, RunStatus::Running, "the answer counts, the step is not called");
    assert_eq!(leaving.stop(Duration::ZERO).await.unwrap(), 1);
    let id = run.id();
    drop((run, leaving));

    let next = host().data_dir(data.path()).observer(told.clone()).build().await.unwrap();
    assert_eq!(next.recover().await.unwrap(), [id]);
    assert_eq!(*told.0.lock().unwrap(), [(id, Did::TookOver), (id, Did::Brought(RunStatus::Suspended))]);
    next.quiet().await;
    assert_eq!(next.stop(Duration::from_secs(60)).await.unwrap(), 0);
}

#[tokio::test]
async fn what_ended_goes_with_its_forks_and_what_a_fork_reads_stays_with_it() {
    let tenant = host().build().await.unwrap().default_tenant();
    let workflow = asks_twice(&tenant).await;
    let parent = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    let fork = parent.fork(ForkOptions::default()).await.unwrap();
    let waiting = workflow.new_run().start(input(json!(2))).await.unwrap().run;
    parent.cancel().await.unwrap();
    let everything = Prune::before(Timestamp(u64::MAX));
    let other = everything.clone().workflow_id("other");
    assert_eq!(tenant.prunable(&other).await.unwrap(), []);
    let young = Prune::before(Timestamp(0));
    assert_eq!(tenant.prunable(&young).await.unwrap(), []);
    assert_eq!(tenant.prunable(&everything).await.unwrap(), [parent.id()]);
    let pruned = tenant.prune(&everything).await.unwrap();
    assert_eq!((pruned.deleted, pruned.kept), (vec![], vec![parent.id()]));
    fork.cancel().await.unwrap();
    let mut pruned = tenant.prune(&everything).await.unwrap();
    // Those that were made in the same millisecond may go in any order.
    pruned.deleted.sort_unstable();
    let mut both = vec![parent.id(), fork.id()];
    both.sort_unstable();
    assert_eq!((pruned.deleted, pruned.kept), (both, vec![]));
    assert_eq!(waiting.status().await.unwrap(), RunStatus::Suspended);
}

#[tokio::test]
async fn a_run_can_be_sent_back_to_what_it_has_reached() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap().run;
    let targets = async || {
        let paths = run.travel_targets().await.unwrap();
        paths.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(targets().await, ["ask"]);
    run.resume(ResumeOptions::data(json!("a"))).await.unwrap();
    assert_eq!(targets().await, ["ask", "again"]);
}

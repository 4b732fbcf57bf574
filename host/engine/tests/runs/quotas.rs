//! What a run may use in all: it is blocked at a quota, with nothing lost, and goes on when it may use more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use reentry::core::error::ErrorKind;
use reentry::core::id::TenantId;
use reentry::core::run::RunStatus;
use reentry::core::time::Timestamp;
use reentry::{
    Clock, Error, ForkOptions, Host, OutputOptions, Policies, ResumeOptions, Run, RunQuotas, Tenant,
    TenantPolicy, Workflow,
};
use serde_json::json;

use crate::clock::Standing;
use crate::guest::{asks, asks_twice, calls_workflow, definition, echoes, host, input, line};

/// One policy for all, which changes.
#[derive(Default)]
struct Changing(Mutex<Arc<TenantPolicy>>);

impl Changing {
    fn set(&self, quotas: RunQuotas) {
        *self.0.lock().unwrap() = Arc::new(TenantPolicy::default().quotas(quotas));
    }
}

#[async_trait]
impl Policies for Changing {
    async fn policy(&self, _: &TenantId) -> Result<Arc<TenantPolicy>, Error> {
        Ok(Arc::clone(&self.0.lock().unwrap()))
    }
}

/// A clock by which a second passes whenever it is read.
struct Hasty(Arc<Standing>, AtomicU64);

#[async_trait]
impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn uptime(&self) -> Duration {
        Duration::from_secs(self.1.fetch_add(1, Ordering::SeqCst))
    }

    async fn wait_until(&self, at: Timestamp) {
        self.0.wait_until(at).await;
    }
}

async fn limited(quotas: RunQuotas) -> (Host, Arc<Changing>) {
    let policies = Arc::<Changing>::default();
    policies.set(quotas);
    let clock = Arc::new(Hasty(Standing::new(), AtomicU64::new(0)));
    let host =
        host().clock(clock).policies(Arc::clone(&policies) as Arc<dyn Policies>).build().await.unwrap();
    (host, policies)
}

fn none() -> RunQuotas {
    RunQuotas::default()
}

/// A call, nine turns of a loop, then three steps that each run a workflow with one call.
async fn thorough(tenant: &Tenant) -> Workflow {
    let echo = echoes(tenant).await;
    let inner = r#"[{"then": {"component": "@", "step": "ask"}}]"#;
    tenant.apply_workflow(definition("ask", &echo, inner)).await.unwrap();
    let calls = calls_workflow(tenant).await.digest();
    let steps = format!(
        r#"[{{"then": {{"component": "@", "step": "ask"}}}},
            {{"doWhile": {{"do": {{"map": {{"to": "input + 1"}}}}, "while": "output < 9"}}}},
            {{"then": {{"id": "one", "component": "{calls}", "step": "ask"}}}},
            {{"then": {{"id": "two", "component": "{calls}", "step": "ask"}}}},
            {{"then": {{"id": "three", "component": "{calls}", "step": "ask"}}}}]"#
    );
    tenant.commit(definition("thorough", &echo, &steps)).await.unwrap()
}

/// That a run stays as it is: nothing brings it on, and it takes neither answers nor another try.
async fn check_stays(host: &Host, run: &Run, code: &str) {
    let before = run.state().await.unwrap();
    assert_eq!((host.recover().await.unwrap(), host.wake_due().await.unwrap()), (vec![], vec![]));
    for refused in [
        run.resume(ResumeOptions::data(json!(1))).await.unwrap_err(),
        run.go_on().await.unwrap_err(),
        run.restart().await.unwrap_err(),
        run.pause().await.unwrap_err(),
    ] {
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "blocked"), "{refused}");
        assert!(refused.to_string().contains(code), "{refused}");
    }
    let after = run.state().await.unwrap();
    assert_eq!((after.version, after.blocked), (before.version, before.blocked), "nothing was stored");
}

#[tokio::test]
async fn a_run_is_blocked_at_each_quota_and_goes_on_when_it_may_use_more() {
    let mut told = Vec::new();
    for (code, tight, wider) in [
        ("run-calls", none().calls(1), none().calls(3)),
        ("run-turns", none().turns(5), none().turns(8)),
        ("run-children", none().children(1), none().children(2)),
        ("run-log", none().log_bytes(600), none().log_bytes(2_300)),
        ("run-cpu", none().call_time(Duration::from_secs(2)), none().call_time(Duration::from_secs(3))),
    ] {
        let (host, policies) = limited(tight).await;
        let tenant = host.default_tenant();
        let workflow = thorough(&tenant).await;
        let started = workflow.new_run().start(input(json!(0))).await.unwrap();
        let run = started.run;
        let failure = started.result.error.clone().unwrap();
        assert_eq!(failure.code.as_deref(), Some(code));
        // The log has the name of the user.
        told.push(if code == "run-log" { code.to_owned() } else { failure.message });
        assert_eq!(line(&run.result(OutputOptions::default()).await.unwrap()), line(&started.result));
        assert!(!run.steps().await.unwrap().steps.is_empty());
        check_stays(&host, &run, code).await;

        policies.set(wider);
        let again = run.go_on().await.unwrap();
        assert_eq!(again.error.unwrap().code.as_deref(), Some(code), "at the next bound");
        check_stays(&host, &run, code).await;

        // A fork begins to count anew, and may use as much.
        policies.set(none());
        let fork = run.fork(ForkOptions::default()).await.unwrap();
        host.quiet().await;
        assert_eq!(
            line(&fork.result(OutputOptions::default()).await.unwrap()),
            r#"{"result":9,"status":"success"}"#
        );
        assert_eq!(line(&run.go_on().await.unwrap()), r#"{"result":9,"status":"success"}"#);
        let run = run.state().await.unwrap();
        assert_eq!((run.spent.calls, run.spent.children), (10, 3), "as many as without a quota");
        assert!(fork.state().await.unwrap().spent.calls < 10);

        policies.set(tight);
        let run = workflow.new_run().start(input(json!(0))).await.unwrap().run;
        assert_eq!(run.cancel().await.unwrap().status, RunStatus::Canceled);
        tenant.delete_run(run.id()).await.unwrap();
    }
    insta::assert_snapshot!(told.join("\n"), @"
    it has used 1 of 1 calls into guests; the operator of the host can allow more
    it has used 5 of 5 entries entered; the operator of the host can allow more
    it has used 1 of 1 steps and workflows run by steps; the operator of the host can allow more
    run-log
    it has used 2000 of 2000 milliseconds within guests; the operator of the host can allow more
    ");
}

#[tokio::test]
async fn an_answer_at_a_quota_is_kept_and_reaches_its_step_later() {
    let (host, policies) = limited(none().calls(1)).await;
    let run = asks_twice(&host.default_tenant()).await.new_run().start(input(json!(1))).await.unwrap();
    assert_eq!(run.result.status, RunStatus::Suspended, "it may wait as long as it likes");
    let run = run.run;
    let result = run.resume(ResumeOptions::data(json!("yes"))).await.unwrap();
    assert_eq!(result.error.unwrap().code.as_deref(), Some("run-calls"));
    check_stays(&host, &run, "run-calls").await;
    policies.set(none());
    insta::assert_snapshot!(
        line(&run.go_on().await.unwrap()),
        @r#"{"status":"suspended","suspendPayload":{"again":["yes"]},"suspended":[["again"]]}"#
    );
    assert_eq!(run.resume(ResumeOptions::data(json!(2))).await.unwrap().status, RunStatus::Success);
}

#[tokio::test]
async fn a_loop_without_a_call_and_a_recursion_end() {
    let (host, _) = limited(none().turns(3_000).children(40)).await;
    let tenant = host.default_tenant();
    let ask = asks(&tenant).await;
    let endless = r#"[{"doWhile": {"do": {"map": {"to": "input"}}, "while": "true"}}]"#;
    let workflow = tenant.commit(definition("endless", &ask, endless)).await.unwrap();
    let result = workflow.new_run().start(input(json!(1))).await.unwrap().result;
    assert_eq!(result.error.unwrap().code.as_deref(), Some("run-turns"));

    // Two of itself at a time.
    let calls = calls_workflow(&tenant).await;
    let twice = r#"[{"parallel": {"arms": [{"then": {"id": "a", "component": "@", "step": "ask"}},
        {"then": {"id": "b", "component": "@", "step": "ask"}}]}}]"#;
    let itself = tenant.apply_workflow(definition("ask", &calls, twice)).await.unwrap().workflow;
    let run = itself.new_run().start(input(json!(1))).await.unwrap();
    assert_eq!(run.result.error.unwrap().code.as_deref(), Some("run-children"));
    assert_eq!(run.run.state().await.unwrap().spent.children, 40);
}

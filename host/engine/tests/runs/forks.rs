//! Forks: one commit each, of runs that wait and of runs that are under way.

use std::sync::{Arc, Condvar, Mutex};

use reentry::core::error::ErrorKind;
use reentry::core::resume::Target;
use reentry::core::run::RunStatus;
use reentry::fault::FaultPoint;
use reentry::store::RunFilter;
use reentry::{Error, ForkOptions, OutputOptions, ResumeOptions, Run, Tenant};
use serde_json::json;

use crate::guest::{asks, asks_twice, definition, host, input, line, refuses};

/// Two steps that ask at once.
const TWO: &str = r#"[{"parallel": {"arms": [
    {"then": {"id": "x", "component": "@", "step": "ask"}},
    {"then": {"id": "y", "component": "@", "step": "ask"}}
]}}]"#;

fn answer(text: &str) -> ResumeOptions {
    ResumeOptions::data(json!(text))
}

async fn runs(tenant: &Tenant) -> usize {
    tenant.runs(RunFilter::default()).await.unwrap().rows.len()
}

async fn shown(run: &Run) -> String {
    line(&run.result(OutputOptions::default()).await.unwrap())
}

#[tokio::test]
async fn a_fork_whose_answer_is_refused_is_not_made() {
    let tenant = host().build().await.unwrap().default_tenant();
    let ask = asks(&tenant).await;
    let workflow = tenant.commit(definition("two", &ask, TWO)).await.unwrap();
    let started = workflow.new_run().start(input(json!(1))).await.unwrap();
    let fork = |answer| started.run.fork(ForkOptions::default().answer(answer));
    let refused = [
        (answer("a"), "ambiguous-target"),
        (answer("a").step(Target::step("z").unwrap()), "unknown-target"),
        (answer("a").step(Target::step("x").unwrap()).retry_count(1), "retry-count"),
    ];
    for (answer, code) in refused {
        let error = fork(answer).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, code));
        assert_eq!(runs(&tenant).await, 1, "{code}");
    }
    let made = fork(answer("a").step(Target::step("y").unwrap())).await.unwrap();
    insta::assert_snapshot!(
        shown(&made).await,
        @r#"{"status":"suspended","suspendPayload":{"x":[1]},"suspended":[["x"]]}"#
    );
}

/// The fork is there with its answer or not at all, whenever the host goes down.
#[tokio::test]
async fn a_fork_with_an_answer_is_one_commit() {
    let commits = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&commits);
    let hook = move |point| seen.lock().unwrap().push(format!("{point}"));
    let tenant = host().on_fault_point(Arc::new(hook)).build().await.unwrap().default_tenant();
    let started = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap();
    commits.lock().unwrap().clear();
    let fork = started.run.fork(ForkOptions::default().answer(answer("a"))).await.unwrap();
    let told = commits
        .lock()
        .unwrap()
        .iter()
        .filter(|point| point.starts_with("after"))
        .cloned()
        .collect::<Vec<_>>();
    assert_eq!(
        told.join(" "),
        "after-commit-Created after-call after-commit-Completed after-call after-commit-Suspended"
    );
    insta::assert_snapshot!(
        shown(&fork).await,
        @r#"{"status":"suspended","suspendPayload":{"again":["a"]},"suspended":[["again"]]}"#
    );
}

#[tokio::test]
async fn the_answer_with_which_a_fork_began_can_be_given_anew() {
    let tenant = host().build().await.unwrap().default_tenant();
    let started = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap();
    let fork = started.run.fork(ForkOptions::default().answer(answer("a"))).await.unwrap();
    let first = fork.history().await.unwrap()[0].record.id;
    let other = fork.fork(ForkOptions::default().at(first).answer(answer("b"))).await.unwrap();
    insta::assert_snapshot!(
        shown(&other).await,
        @r#"{"status":"suspended","suspendPayload":{"again":["b"]},"suspended":[["again"]]}"#
    );
    insta::assert_snapshot!(
        shown(&fork).await,
        @r#"{"status":"suspended","suspendPayload":{"again":["a"]},"suspended":[["again"]]}"#
    );
    assert_eq!(started.run.status().await.unwrap(), RunStatus::Suspended);
}

/// Holds one call into a guest until it is let go: the first, or the one after so many.
#[derive(Default)]
struct Gate(Mutex<(u32, bool)>, Condvar, u32);

impl Gate {
    fn after(calls: u32) -> Self {
        Self(Mutex::default(), Condvar::default(), calls)
    }

    fn pass(&self, point: FaultPoint) {
        if point != FaultPoint::BeforeCall {
            return;
        }
        let mut state = self.0.lock().unwrap();
        state.0 += 1;
        let is_held = state.0 == self.2 + 1;
        while is_held && !state.1 {
            state = self.1.wait(state).unwrap();
        }
    }

    fn open(&self) {
        self.0.lock().unwrap().1 = true;
        self.1.notify_all();
    }

    fn holds(&self) -> bool {
        self.0.lock().unwrap().0 > self.2
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_fork_of_a_run_that_is_under_way_makes_the_call_for_itself() {
    let gate = Arc::new(Gate::default());
    let hook = Arc::clone(&gate);
    let tenant = host()
        .on_fault_point(Arc::new(move |point| hook.pass(point)))
        .build()
        .await
        .unwrap()
        .default_tenant();
    let run = asks_twice(&tenant).await.new_run().create().await.unwrap();
    let starting = tokio::spawn({
        let run = run.clone();
        async move { run.start(input(json!(1))).await.unwrap() }
    });
    while !gate.holds() {
        tokio::task::yield_now().await;
    }
    assert_eq!(run.status().await.unwrap(), RunStatus::Running);
    let fork = run.fork(ForkOptions::default()).await.unwrap();
    while fork.status().await.unwrap() == RunStatus::Running {
        tokio::task::yield_now().await;
    }
    insta::assert_snapshot!(
        shown(&fork).await,
        @r#"{"status":"suspended","suspendPayload":{"ask":[1]},"suspended":[["ask"]]}"#
    );
    assert_eq!(run.status().await.unwrap(), RunStatus::Running, "its own call goes on");
    gate.open();
    assert_eq!(line(&starting.await.unwrap()), shown(&fork).await);
    // Two runs from here on.
    assert_eq!(fork.resume(answer("a")).await.unwrap().status, RunStatus::Suspended);
    assert!(matches!(
        fork.fork(ForkOptions::default().at(run.history().await.unwrap()[0].record.id)).await,
        Err(Error::NoSavepoint { .. })
    ));
    insta::assert_snapshot!(
        shown(&run).await,
        @r#"{"status":"suspended","suspendPayload":{"ask":[1]},"suspended":[["ask"]]}"#
    );
}

/// What the parent's caller answered is made again in the fork, and refused there: that is not what the fork's caller
/// said.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_fork_is_told_of_its_own_answer_alone() {
    let gate = Arc::new(Gate::after(2));
    let hook = Arc::clone(&gate);
    let builder = host().on_fault_point(Arc::new(move |point| hook.pass(point)));
    let tenant = builder.build().await.unwrap().default_tenant();
    let component = refuses(&tenant).await;
    let workflow = tenant.commit(definition("two", &component, TWO)).await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    let answering = tokio::spawn({
        let run = run.clone();
        async move { run.resume(ResumeOptions::data(json!(7)).step(Target::step("x").unwrap())).await }
    });
    while !gate.holds() {
        tokio::task::yield_now().await;
    }
    let forked = run.fork(ForkOptions::default().answer(answer("a").step(Target::step("y").unwrap()))).await;
    gate.open();
    let fork = forked.unwrap();
    let refused = answering.await.unwrap().unwrap_err();
    insta::assert_snapshot!(refused, @"step `x` refused the answer: no sevens!");
    insta::assert_snapshot!(shown(&fork).await, @r#"{"status":"suspended","suspendPayload":{"x":[1]},"suspended":[["x"]]}"#);
}

//! What one tenant made is to another as if it were not there: every verb of the library, and what the other one is
//! told.

use std::fmt::Write as _;

use reentry::core::digest::{ComponentDigest, WorkflowDigest};
use reentry::core::id::{RunId, SuspensionId, TenantId};
use reentry::core::resume::Target;
use reentry::core::time::Timestamp;
use reentry::store::{RunFilter, SuspensionFilter};
use reentry::wasm::RuntimeConfig;
use reentry::{
    Component, Error, ForkOptions, Host, OpenRuns, OutputOptions, Prune, ResumeOptions, Run, SendEvent,
    Tenant, TenantState,
};
use serde_json::json;

use crate::guest::{Shared, asks, asks_newly, bytes_of_ask, definition, input, line};

fn tenant(host: &Host, name: &str) -> Tenant {
    host.tenant(TenantId::new(name).unwrap())
}

/// What a tenant may name.
struct Names {
    component: ComponentDigest,
    name: &'static str,
    workflow: WorkflowDigest,
    id: &'static str,
    run: RunId,
    suspension: SuspensionId,
    resource: &'static str,
    key: &'static str,
    event: &'static str,
}

/// Names that nobody has given.
fn of_nobody() -> Names {
    Names {
        component: ComponentDigest::of(b"nothing"),
        name: "nothing",
        workflow: WorkflowDigest::of(b"no workflow"),
        id: "nothing",
        run: "run_0000000003e87fffbfffffffffffffff".parse().unwrap(),
        suspension: "sus_0000000003e87fffbfffffffffffffff".parse().unwrap(),
        resource: "nothing",
        key: "nothing",
        event: "nothing",
    }
}

/// What a tenant made: a component, a workflow with a run that waits, a request, an event that nobody took.
async fn made_by(tenant: &Tenant) -> (Names, Run) {
    let ask = tenant.add_component("theirs", &bytes_of_ask()).await.unwrap();
    let steps = r#"[{"then": {"component": "@", "step": "ask"}}]"#;
    let workflow = tenant.apply_workflow(definition("theirs", &ask, steps)).await.unwrap().workflow;
    let options = input(json!(1)).idempotency_key("theirs");
    let run = workflow.new_run().resource_id("theirs").start(options).await.unwrap().run;
    let open = tenant.inbox(SuspensionFilter::default()).await.unwrap().rows[0].record.id;
    let sent = SendEvent::new("theirs").id("theirs");
    tenant.send_event(sent).await.unwrap();
    let names = Names {
        component: ask.digest(),
        name: "theirs",
        workflow: workflow.digest(),
        id: "theirs",
        run: run.id(),
        suspension: open,
        resource: "theirs",
        key: "theirs",
        event: "theirs",
    };
    (names, run)
}

/// What came of a verb: an error with its kind and code, or what was found.
fn told<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Ok(found) => format!("{found:?}"),
        Err(error) => format!("{:?} [{}] {error}", error.kind(), error.code()),
    }
}

/// A definition with a step of a component.
fn step_of(component: ComponentDigest) -> reentry::core::workflow::Definition {
    let text =
        format!(r#"{{"id": "b", "steps": [{{"then": {{"component": "{component}", "step": "ask"}}}}]}}"#);
    serde_json::from_str(&text).unwrap()
}

/// Every verb that takes a name, or lists, as tenant `b` asks it. `own` is a waiting run of b's.
async fn every_verb(host: &Host, b: &Tenant, names: &Names, own: &Run) -> String {
    let mut all = String::new();
    let mut add = |verb: &str, told: String| {
        let mut told = told;
        for (id, is) in [
            (names.component.to_string(), "COMPONENT"),
            (names.workflow.to_string(), "WORKFLOW"),
            (names.run.to_string(), "RUN"),
            (names.suspension.to_string(), "SUSPENSION"),
            (own.id().to_string(), "OWN"),
            (names.name.to_owned(), "NAME"),
        ] {
            told = told.replace(&id, is);
        }
        let _ = writeln!(all, "{verb}: {}", told.replace('\n', " "));
    };
    let ids = |rows: &[reentry::store::RunSummary]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    let filter = |filter: RunFilter| async { b.runs(filter).await.map(|page| ids(&page.rows)) };

    add("component", told(b.component(names.component).await));
    add("component_named", told(b.component_named(names.name).await));
    add(
        "components",
        told(b.components().await.map(|rows| rows.iter().map(|row| row.name.clone()).collect::<Vec<_>>())),
    );
    add("component_usage", told(b.component_usage(names.component).await));
    add("remove_component", told(b.remove_component(names.component).await));
    add("publish_component", told(host.publish_component(b.id(), names.component, None).await));
    add("unpublish_component", told(host.unpublish_component(names.component).await));
    add("prunable_components", told(b.prunable_components().await));
    add("prune_components", told(b.prune_components().await));
    add("commit", told(b.commit(step_of(names.component)).await.map(drop)));
    add("apply_workflow", told(b.apply_workflow(step_of(names.component)).await.map(drop)));
    add("workflow_by_id", told(b.workflow_by_id(names.id).await.map(drop)));
    add("workflow_by_digest", told(b.workflow_by_digest(names.workflow).await.map(drop)));
    add("workflows", told(b.workflows().await));
    add("retire_workflow", told(b.retire_workflow(names.id).await));
    add("remove_workflow", told(b.remove_workflow(names.workflow).await));
    add("migrate", told(own.migrate(names.workflow).await));
    add("try_migrate", told(own.try_migrate(names.workflow).await));
    // Every verb of a run begins here, as there is no other way to a handle.
    add("run", told(b.run(names.run).await.map(|run| run.id())));
    add("runs", told(filter(RunFilter::default()).await));
    add("runs by workflow", told(filter(RunFilter::default().workflow_id(names.id)).await));
    add("runs by resource", told(filter(RunFilter::default().resource_id(names.resource)).await));
    add("runs after", told(filter(RunFilter::default().after(names.run.to_string())).await));
    let digits = names.run.to_string()[4..].to_owned();
    add("runs_with_digits", told(b.runs_with_digits(&digits, 9).await));
    add("last_run", told(b.last_run().await));
    add("delete_run", told(b.delete_run(names.run).await));
    let old = Prune::before(Timestamp(u64::MAX)).workflow_id(names.id);
    add("prunable", told(b.prunable(&old).await));
    add("prune", told(b.prune(&old).await));
    let open = |filter| async {
        b.inbox(filter).await.map(|page| page.rows.iter().map(|row| row.record.run).collect::<Vec<_>>())
    };
    add("inbox", told(open(SuspensionFilter::default()).await));
    add("inbox of run", told(open(SuspensionFilter::default().run(names.run).with_ended(true)).await));
    let answer = ResumeOptions::data(json!(1)).step(Target::suspension(names.suspension));
    add("resume another's suspension", told(own.resume(answer).await.map(|result| line(&result))));
    let fork = ForkOptions::default().at(names.suspension);
    add("fork at another's suspension", told(own.fork(fork).await.map(|run| run.id())));
    add("result", told(own.result(OutputOptions::default()).await.map(|result| line(&result))));
    let sent = SendEvent::new(names.event).id(names.key);
    add("send_event", told(b.send_event(sent).await.map(|receipt| (receipt.delivered, receipt.run))));
    all
}

#[tokio::test]
async fn what_another_tenant_made_is_as_if_it_were_not_there() {
    let shared = Shared::new();
    let host = shared.host().build().await.unwrap();
    let (a, b) = (tenant(&host, "a"), tenant(&host, "b"));
    let (theirs, run) = made_by(&a).await;
    let before = run.state().await.unwrap();
    let own = asks_newly(&b).await;
    let steps = r#"[{"then": {"component": "@", "step": "ask"}}]"#;
    let own = b.commit(definition("own", &own, steps)).await.unwrap();
    let own = own.new_run().start(input(json!(1))).await.unwrap().run;

    let of_theirs = every_verb(&host, &b, &theirs, &own).await;
    assert_eq!(of_theirs, every_verb(&host, &b, &of_nobody(), &own).await);
    insta::assert_snapshot!(of_theirs, @r#"
    component: NotFound [no-component] no component COMPONENT for this tenant
    component_named: None
    components: ["ask"]
    component_usage: NotFound [no-component] no component COMPONENT for this tenant
    remove_component: NotFound [no-component] there is no component COMPONENT
    publish_component: NotFound [no-component] no component COMPONENT for this tenant
    unpublish_component: NotFound [not-published] component COMPONENT is not published
    prunable_components: []
    prune_components: []
    commit: Refused [invalid-workflow] the workflow cannot be committed: - workflow `b`, entry `ask`, `component`: no component COMPONENT for this tenant
    apply_workflow: Refused [invalid-workflow] the workflow cannot be committed: - workflow `b`, entry `ask`, `component`: no component COMPONENT for this tenant
    workflow_by_id: NotFound [no-workflow] workflow `NAME` has no current version; apply a definition of it
    workflow_by_digest: NotFound [no-workflow] no workflow definition WORKFLOW for this tenant
    workflows: []
    retire_workflow: NotFound [no-workflow] workflow `NAME` has no current version; apply a definition of it
    remove_workflow: NotFound [no-workflow] there is no workflow WORKFLOW
    migrate: NotFound [no-workflow] no workflow definition WORKFLOW for this tenant
    try_migrate: NotFound [no-workflow] no workflow definition WORKFLOW for this tenant
    run: NotFound [no-run] no run RUN for this tenant
    runs: [OWN]
    runs by workflow: []
    runs by resource: []
    runs after: Refused [invalid-query] the store cannot do this: `RUN` is no place in this list: pass `next` of the page before
    runs_with_digits: []
    last_run: Some(OWN)
    delete_run: NotFound [no-run] there is no run RUN
    prunable: []
    prune: Pruned { deleted: [], kept: [] }
    inbox: [OWN]
    inbox of run: []
    resume another's suspension: Refused [unknown-target] suspension `SUSPENSION` was not suspended; suspended steps: [ask]
    fork at another's suspension: NotFound [no-savepoint] run OWN has no savepoint of suspension SUSPENSION: it has not ended, or the savepoint went to make room
    result: "{\"status\":\"suspended\",\"suspendPayload\":{\"ask\":[1]},\"suspended\":[[\"ask\"]]}"
    send_event: (false, None)
    "#);
    // Nothing of it was touched.
    assert_eq!(run.state().await.unwrap(), before);
    assert_eq!(a.components().await.unwrap().len(), 1);
    assert_eq!(a.workflow_by_id("theirs").await.unwrap().digest(), theirs.workflow);
}

#[tokio::test]
async fn a_name_and_an_idempotency_key_mean_what_their_tenant_made() {
    let shared = Shared::new();
    let host = shared.host().build().await.unwrap();
    let (a, b) = (tenant(&host, "a"), tenant(&host, "b"));
    let (theirs, run) = made_by(&a).await;
    let own = host.default_tenant();
    let newer = asks_newly(&own).await;
    host.publish_component(own.id(), newer.digest(), Some("theirs")).await.unwrap();
    let mine: Component = b.component_named("theirs").await.unwrap().unwrap();
    assert_eq!(mine.digest(), newer.digest());
    assert_eq!(a.component_named("theirs").await.unwrap().unwrap().digest(), theirs.component);
    assert_eq!(b.component_named("theirs").await.unwrap().unwrap().digest(), mine.digest());
    // The same workflow id and the same key, of another workflow.
    let steps = r#"[{"then": {"component": "@", "step": "ask"}}]"#;
    let workflow = b.apply_workflow(definition("theirs", &mine, steps)).await.unwrap();
    assert_eq!(workflow.previous, None);
    let options = input(json!(2)).idempotency_key("theirs");
    let started = workflow.workflow.new_run().resource_id("theirs").start(options).await.unwrap();
    assert_ne!(started.run.id(), run.id());
    assert_eq!(a.workflow_by_id("theirs").await.unwrap().digest(), theirs.workflow);
    assert_eq!(
        (a.last_run().await.unwrap(), b.last_run().await.unwrap()),
        (Some(run.id()), Some(started.run.id()))
    );
}

#[tokio::test]
async fn equal_bytes_of_two_tenants_are_kept_once_and_looked_at_for_each() {
    let shared = Shared::new();
    let host = shared.host().build().await.unwrap();
    let (a, b) = (tenant(&host, "a"), tenant(&host, "b"));
    let (theirs, run) = made_by(&a).await;
    // b is told the same as if it had added them first, and may not use what a committed.
    let mine = b.add_component("mine", &bytes_of_ask()).await.unwrap();
    assert_eq!((mine.digest(), shared.compiled()), (theirs.component, 1));
    assert_eq!(b.workflow_by_digest(theirs.workflow).await.unwrap_err().code(), "no-workflow");
    assert_eq!(b.component_usage(mine.digest()).await.unwrap().runs, 0);
    b.remove_component(mine.digest()).await.unwrap();
    assert_eq!(b.component(mine.digest()).await.unwrap_err().code(), "no-component");
    assert_eq!(shared.compiled(), 1);
    // a's run goes on, in a process that has not opened the component yet.
    let other = shared.host().build().await.unwrap();
    let result = tenant(&other, "a").run(run.id()).await.unwrap().resume(ResumeOptions::data(json!(7))).await;
    assert_eq!(line(&result.unwrap()), r#"{"result":7,"status":"success"}"#);
    a.retire_workflow("theirs").await.unwrap();
    a.delete_run(run.id()).await.unwrap();
    a.remove_component(theirs.component).await.unwrap();
    assert_eq!((shared.store().has_components().await.unwrap(), shared.compiled()), (false, 0));
}

#[tokio::test]
async fn a_workflow_that_is_held_does_not_begin_without_its_components() {
    let shared = Shared::new();
    let host = shared.host().build().await.unwrap();
    let (a, b) = (tenant(&host, "a"), tenant(&host, "b"));
    // Both have the component and the workflow; b lets the component go.
    asks(&a).await;
    let ask = asks(&b).await;
    let steps = r#"[{"then": {"component": "@", "step": "ask"}}]"#;
    let workflow = b.commit(definition("w", &ask, steps)).await.unwrap();
    b.remove_component(ask.digest()).await.unwrap();
    for error in [
        workflow.new_run().start(input(json!(1))).await.map(drop).unwrap_err(),
        workflow.new_run().create().await.map(drop).unwrap_err(),
        b.workflow_by_digest(workflow.digest()).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(error.code(), "no-component", "{error}");
    }
    assert_eq!(b.runs(RunFilter::default()).await.unwrap().rows, []);
}

#[tokio::test]
async fn what_is_published_runs_for_all_until_nobody_needs_it() {
    let shared = Shared::new();
    let host = shared.host().build().await.unwrap();
    let (own, b) = (host.default_tenant(), tenant(&host, "b"));
    let ask = asks(&own).await;
    host.publish_component(own.id(), ask.digest(), Some("shared")).await.unwrap();
    let found = b.component_named("shared").await.unwrap().unwrap();
    let steps = r#"[{"then": {"component": "@", "step": "ask"}}]"#;
    let workflow = b.commit(definition("w", &found, steps)).await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    assert_eq!(b.remove_component(ask.digest()).await.unwrap_err().code(), "published");
    own.remove_component(ask.digest()).await.unwrap();
    let refused = host.unpublish_component(ask.digest()).await.unwrap_err();
    assert_eq!(refused.code(), "in-use");
    assert!(!refused.to_string().contains('`'), "no workflow of a tenant's is named: {refused}");
    run.resume(ResumeOptions::data(json!(7))).await.unwrap();
    b.delete_run(run.id()).await.unwrap();
    host.unpublish_component(ask.digest()).await.unwrap();
    assert_eq!(b.component_named("shared").await.unwrap().map(|found| found.digest()), None);
    assert!(!shared.store().has_components().await.unwrap());
}

#[tokio::test]
async fn adding_what_another_tenant_has_is_refused_as_if_nobody_had_it() {
    let shared = Shared::new();
    let wide = shared.host().build().await.unwrap();
    let bytes = bytes_of_ask();
    tenant(&wide, "a").add_component("theirs", &bytes).await.unwrap();
    let small = |config: RuntimeConfig| config.component_bytes_max(100);
    let narrow = shared.host().runtime(small).build().await.unwrap();
    let refused = tenant(&narrow, "b").add_component("mine", &bytes).await.unwrap_err();
    assert_eq!(refused.code(), "component-refused", "{refused}");
    // Whoever has it needs no leave to have it.
    tenant(&narrow, "a").add_component("theirs", &bytes).await.unwrap();
}

#[tokio::test]
async fn a_tenant_is_deleted_with_all_that_it_has() {
    let shared = Shared::new();
    let host = shared.host().build().await.unwrap();
    let (a, b) = (tenant(&host, "a"), tenant(&host, "b"));
    let (theirs, run) = made_by(&a).await;
    let (kept, _) = made_by(&b).await;
    let refused = host.delete_tenant(a.id(), OpenRuns::Refuse).await.unwrap_err();
    assert_eq!((refused.code(), a.runs(RunFilter::default()).await.unwrap().rows.len()), ("in-use", 1));
    // A fork is deleted before the run that it reads.
    run.fork(ForkOptions::default()).await.unwrap();
    let deleted = host.delete_tenant(a.id(), OpenRuns::Cancel).await.unwrap();
    let told = (deleted.runs, deleted.open_runs, deleted.components, deleted.workflows, deleted.messages);
    assert_eq!(told, (2, 2, 1, 1, 1));
    assert_eq!(a.run(theirs.run).await.unwrap_err().code(), "no-run");
    assert_eq!(a.components().await.unwrap(), []);
    assert_eq!(a.workflow_by_digest(theirs.workflow).await.unwrap_err().code(), "no-workflow");
    let again = host.delete_tenant(a.id(), OpenRuns::Cancel).await.unwrap_err();
    assert_eq!((again.code(), host.tenants().await.unwrap().len()), ("no-tenant", 1));
    // b has the same component, and its run goes on.
    let result = b.run(kept.run).await.unwrap().resume(ResumeOptions::data(json!(7))).await.unwrap();
    assert_eq!(line(&result), r#"{"result":7,"status":"success"}"#);
}

/// What a suspended tenant is told, verb by verb.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_begins_for_a_suspended_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::builder().data_dir(folder.path()).background(false).build().await.unwrap();
    let mine = tenant(&host, "mine");
    let unknown = host.set_tenant_state(mine.id(), TenantState::Suspended).await.unwrap_err();
    assert_eq!(unknown.code(), "no-tenant");
    assert!(host.add_tenant(mine.id()).await.unwrap());
    let (names, run) = made_by(&mine).await;
    let workflow = mine.workflow_by_digest(names.workflow).await.unwrap();
    let pending = workflow.new_run().create().await.unwrap();

    host.set_tenant_state(mine.id(), TenantState::Suspended).await.unwrap();
    let answer = || ResumeOptions::data(json!(true));
    let refused = [
        mine.add_component("more", &bytes_of_ask()).await.map(drop),
        workflow.new_run().start(input(json!(1))).await.map(drop),
        workflow.new_run().create().await.map(drop),
        pending.start(input(json!(1))).await.map(drop),
        run.resume(answer()).await.map(drop),
        run.fork(ForkOptions::default()).await.map(drop),
        run.restart().await.map(drop),
        mine.send_event(SendEvent::new("theirs")).await.map(drop),
    ];
    for told in refused {
        assert_eq!(told.unwrap_err().code(), "tenant-not-active");
    }
    // It is read and canceled, and others go on.
    assert_eq!(mine.runs(RunFilter::default()).await.unwrap().rows.len(), 2);
    pending.cancel().await.unwrap();
    made_by(&tenant(&host, "other")).await;

    host.set_tenant_state(mine.id(), TenantState::Active).await.unwrap();
    assert!(run.resume(answer()).await.unwrap().status.is_final());
}

//! All that can be read of a store.

use std::collections::HashSet;

use reentry_core::digest::ComponentDigest;
use reentry_core::id::TenantId;
use reentry_core::run::RunStatus;
use reentry_core::time::Timestamp;
use reentry_store::conformance::drafts::{image_id, message_id, owner_id, path, run_id, suspension_id};
use reentry_store::{
    CallLogFilter, LogPlace, RunFilter, RunGroups, RunSummary, SavepointKind, Store, StoreError,
    SuspensionFilter, SuspensionGroups, SuspensionRecord, Topic,
};

use super::asks::{EVENTS, PARTS, PATHS, RUNS, WORKFLOWS};
use super::{tenant_of, tenants, workflow};

/// Filters on what is waited for, each alone and together with others.
fn suspension_filters() -> Vec<SuspensionFilter> {
    let any = SuspensionFilter::default().limit(2);
    let due = any.clone().due_from(Timestamp(30)).due_before(Timestamp(60));
    let mut filters = vec![any.clone(), due.clone()];
    for one in [any.clone(), due, any.clone().with_timers(true)] {
        filters.push(one.clone().label("boss"));
        filters.push(one.clone().assignee("ann").label("x"));
        filters.push(one.clone().step(path("each")));
        filters.push(one.clone().step(path("b")).workflow_id("one"));
        filters.push(one.clone().workflow_id("approve"));
        filters.push(one.clone().workflow(workflow(1).digest));
        filters.push(one.clone().resource_id("r").assignee("bob"));
        filters.push(one.resource_id("r"));
    }
    let latest: Vec<_> = filters.iter().cloned().map(|one| one.latest_first(true)).collect();
    filters.extend(latest);
    filters
}

/// The same of runs, beside those on runs themselves.
fn run_filters() -> Vec<RunFilter> {
    let any = RunFilter::default().limit(2);
    let mut filters = vec![any.clone().due_before(Timestamp(60))];
    for status in [None, Some(RunStatus::Running), Some(RunStatus::Suspended), Some(RunStatus::Success)] {
        let mut one = any.clone();
        one.status = status;
        filters.push(one.clone());
        filters.push(one.clone().workflow_id("one"));
        filters.push(one.clone().resource_id("r").created_before(Timestamp(1_004)));
        filters.push(one.clone().step(path("each")));
        filters.push(one.clone().label("boss"));
        filters.push(one.label("boss").resource_id("r"));
    }
    let oldest: Vec<_> = filters.iter().cloned().map(|one| one.oldest_first(true)).collect();
    filters.extend(oldest);
    filters
}

/// All pages of a list.
async fn suspensions(
    store: &dyn Store,
    tenant: &TenantId,
    mut filter: SuspensionFilter,
) -> Result<Vec<SuspensionRecord>, StoreError> {
    let mut all = Vec::new();
    loop {
        let page = store.list_suspensions(tenant, filter.clone()).await?;
        all.extend(page.rows);
        filter.after = page.next;
        if filter.after.is_none() {
            return Ok(all);
        }
    }
}

/// All pages of a list.
async fn runs(
    store: &dyn Store,
    tenant: &TenantId,
    mut filter: RunFilter,
) -> Result<Vec<RunSummary>, StoreError> {
    let mut all = Vec::new();
    loop {
        let page = store.list_runs(tenant, filter.clone()).await?;
        all.extend(page.rows);
        filter.after = page.next;
        if filter.after.is_none() {
            return Ok(all);
        }
    }
}

/// All that can be read, as text.
pub(super) async fn everything(store: &dyn Store) -> Vec<String> {
    let mut answers = Vec::new();
    let mut add = |question: &str, answer: String| answers.push(format!("{question}: {answer}"));
    for tenant in tenants() {
        for number in 0..RUNS {
            let id = run_id(number);
            add("run", format!("{:?}", store.run(&tenant, id).await));
            let history = SuspensionFilter::default()
                .run(id)
                .with_ended(true)
                .with_tries(true)
                .with_timers(true)
                .limit(3);
            add("history", format!("{:?}", store.list_suspensions(&tenant, history).await));
        }
        for filter in run_filters() {
            add(
                "count",
                format!("{:?}", store.count_runs(&tenant, filter.clone(), Some(RunGroups::Status)).await),
            );
            add("runs", format!("{:?}", runs(store, &tenant, filter).await));
        }
        for filter in suspension_filters() {
            for by in [SuspensionGroups::Step, SuspensionGroups::Label] {
                add(
                    "count",
                    format!("{:?}", store.count_suspensions(&tenant, filter.clone(), Some(by)).await),
                );
            }
            add("inbox", format!("{:?}", suspensions(store, &tenant, filter).await));
        }
        for key in 0..9 {
            add("request", format!("{:?}", store.request(&tenant, &key.to_string()).await));
        }
        for number in 0..6 {
            add("message", format!("{:?}", store.message(&tenant, message_id(number)).await));
        }
        for (name, key) in EVENTS {
            add("mail", format!("{:?}", store.mail(&tenant, name, key, 3).await));
            add(
                "waiting for",
                format!(
                    "{:?}",
                    store.waiting_for(&tenant, &Topic::event(name, key.map(str::to_owned))).await
                ),
            );
        }
        for id in ["one", "two"] {
            add("current", format!("{:?}", store.current_workflow(&tenant, id).await));
        }
        add("workflows", format!("{:?}", store.list_workflows(&tenant).await));
        let shared = ComponentDigest::of(b"shared");
        add("usage", format!("{:?}", store.usage(&tenant, &shared).await));
        add("components", format!("{:?}", store.list_components(&tenant).await));
        add("component", format!("{:?}", store.component_of(&tenant, &shared).await));
        for name in ["shared", "public"] {
            add("named", format!("{:?}", store.component_named(&tenant, name).await));
        }
        add("unneeded", format!("{:?}", store.unneeded_components(&tenant).await));
        for number in 0..WORKFLOWS {
            let digest = workflow(number).digest;
            add("holds", format!("{:?}", store.holds_workflow(&tenant, &digest).await));
            add("missing", format!("{:?}", store.missing_component(&tenant, &digest).await));
        }
    }
    for number in 0..RUNS {
        let id = run_id(number);
        add("steps", format!("{:?}", store.steps(&tenant_of(number), id).await));
        for at in PATHS {
            add("step", format!("{:?}", store.step(&tenant_of(number), id, &path(at)).await));
        }
        add("outputs", format!("{:?}", store.outputs(&tenant_of(number), id, &PATHS.map(path)).await));
        add("children", format!("{:?}", store.children(&tenant_of(number), id, &path("each")).await));
        let mut after = None;
        for step in [None, Some(path("each"))] {
            let filter = CallLogFilter { step, after };
            let logs = store.call_logs(&tenant_of(number), id, &filter).await;
            after = logs.as_ref().ok().and_then(|logs| logs.rows.first()).map(|row| LogPlace {
                run: row.run,
                version: row.version,
                lines: row.log.lines,
            });
            let logs = logs.map(|mut logs| {
                logs.rows.iter_mut().for_each(|row| row.log.text = row.log.text.len().to_string().into());
                logs
            });
            add("call logs", format!("{logs:?}"));
        }
        add("log", format!("{:?}", store.log(&tenant_of(number), id, 3, 1).await));
        add("savepoints", format!("{:?}", store.savepoints(&tenant_of(number), id).await));
        add(
            "failure",
            format!("{:?}", store.last_savepoint(&tenant_of(number), id, SavepointKind::Failure).await),
        );
        for of in 0..8 {
            add(
                "savepoint",
                format!(
                    "{:?}",
                    store.savepoint(&tenant_of(number), id, suspension_id(number * 8 + of)).await
                ),
            );
        }
    }
    for number in (0..4).chain(PARTS) {
        add("image", format!("{:?}", store.blob(image_id(number)).await));
        add("owned", format!("{:?}", store.owned(owner_id(number)).await));
    }
    for number in 0..WORKFLOWS {
        add("workflow", format!("{:?}", store.workflow(&workflow(number).digest).await));
    }
    let except = HashSet::from([run_id(1)]);
    for now in [0, 50, 1_000] {
        add("due", format!("{:?}", store.claim_due(owner_id(9), Timestamp(now), &except, 2).await));
        add("next due", format!("{:?}", store.next_due(Timestamp(now)).await));
    }
    add("component", format!("{:?}", store.component(&ComponentDigest::of(b"shared")).await));
    add("tenants", format!("{:?}", store.list_tenants().await));
    add("any", format!("{:?}", store.has_components().await));
    add(
        "deliverable",
        format!("{:?}", store.claim_mail(owner_id(9), Timestamp(1_000), &HashSet::new(), 3).await),
    );
    add("orphans", format!("{:?}", store.claim_orphans(owner_id(9), Timestamp(1_000), &except, 3).await));
    answers
}

//! Runs that cannot be read, as what is stored of them is damaged or of a form that is not known: they neither hide
//! nor stop the others, are tried so often and no more, and can always be deleted.

use std::path::Path;

use anyhow::Result;
use reentry::core::error::ErrorKind;
use reentry::core::id::RunId;
use reentry::core::json::Json;
use reentry::core::run::{RunStatus, TROUBLES_MAX};
use reentry::core::workflow::Definition;
use reentry::store::{RunFilter, SuspensionFilter};
use reentry::wasm::{ComponentizeOptions, componentize};
use reentry::{Error, ForkOptions, Host, OutputOptions, ResumeOptions, StartOptions, Tenant, Waiting};
use reentry_tests::host;
use serde_json::json;

const ASK: &str = include_str!("../host/engine/fixtures/ask.wat");

/// What may be wrong with a run, as SQL; ?1 is its id. What is shared by runs of one workflow, each run has for
/// itself here.
const DAMAGES: [(&str, &str); 7] = [
    ("a head that ends early", "UPDATE runs SET head = substr(head, 1, 40) WHERE id = ?1"),
    (
        "a head of a form to come",
        r#"UPDATE runs SET head = json_set(head, '$.phase', 'dreaming') WHERE id = ?1"#,
    ),
    (
        "a head of another run",
        "UPDATE runs SET head = (SELECT head FROM runs ORDER BY seq LIMIT 1) WHERE id = ?1",
    ),
    ("a head that is no text", "UPDATE runs SET head = CAST(x'ff' AS TEXT) WHERE id = ?1"),
    (
        "steps that end early",
        "UPDATE steps SET record = '{' WHERE active = 1 AND run = (SELECT seq FROM runs WHERE id = ?1)",
    ),
    (
        "steps that are no text",
        "UPDATE steps SET record = CAST(x'ff' AS TEXT) WHERE active = 1 AND run = (SELECT seq FROM runs WHERE id = ?1)",
    ),
    ("no definition", "DELETE FROM workflows WHERE digest = (SELECT workflow FROM runs WHERE id = ?1)"),
];

/// A step that waits for an answer beside a sleep of a millisecond.
async fn start(tenant: &Tenant, id: &str) -> Result<RunId> {
    let component = componentize(&wat::parse_str(ASK)?, ComponentizeOptions::default())?;
    let component = tenant.add_component("ask", &component).await?;
    let ask = json!({"then": {"component": component.digest(), "step": "ask"}});
    let both = json!({"parallel": {"arms": [ask, {"sleep": {"ms": 1}}]}});
    let definition: Definition = serde_json::from_value(json!({"id": id, "steps": [both]}))?;
    let workflow = tenant.commit(definition).await?;
    Ok(workflow.new_run().start(StartOptions::input(json!(id))).await?.run.id())
}

async fn open(folder: &Path) -> Host {
    host().data_dir(folder).build().await.unwrap()
}

/// The sound run of a folder, and for each kind of damage a run that has it.
async fn damaged(folder: &Path) -> (RunId, Vec<(&'static str, RunId)>) {
    let tenant = open(folder).await.default_tenant();
    let sound = start(&tenant, "sound").await.unwrap();
    let mut runs = Vec::new();
    for (at, (kind, _)) in DAMAGES.iter().enumerate() {
        runs.push((*kind, start(&tenant, &format!("w{at}")).await.unwrap()));
    }
    drop(tenant);
    let database = rusqlite::Connection::open(folder.join("reentry.db")).unwrap();
    for ((_, run), (_, sql)) in runs.iter().zip(DAMAGES) {
        assert!(database.execute(sql, [run.as_bytes()]).unwrap() > 0, "{sql}");
    }
    (sound, runs)
}

async fn status(tenant: &Tenant, run: RunId) -> RunStatus {
    let all = tenant.runs(RunFilter::default()).await.unwrap().rows;
    all.into_iter().find(|row| row.id == run).unwrap().status
}

#[tokio::test]
async fn they_hide_and_stop_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let (sound, runs) = damaged(folder.path()).await;
    let host = open(folder.path()).await;
    let tenant = host.default_tenant();
    let mut told = String::new();
    let inbox = tenant.inbox(SuspensionFilter::default()).await.unwrap().rows;
    for Waiting { record, payload, .. } in &inbox {
        let kind = runs.iter().find(|(_, run)| *run == record.run).map_or("sound", |(kind, _)| kind);
        let damage = record.damage.as_deref().unwrap_or("-").replace(&record.run.to_string(), "RUN");
        let damage = damage.replace(&record.workflow.to_string(), "DIGEST");
        told += &format!("{kind}: {}, {damage}\n", payload.as_ref().map_or("-", Json::text));
    }
    insta::assert_snapshot!(told, @r#"
    sound: "sound", -
    a head that ends early: "w0", -
    a head of a form to come: "w1", -
    a head of another run: "w2", -
    a head that is no text: "w3", -
    steps that end early: -, stored step `ask` of run RUN is damaged: EOF while parsing an object at line 1 column 1
    steps that are no text: -, stored step `ask` of run RUN is damaged: expected value at line 1 column 1
    no definition: -, no workflow definition DIGEST for this tenant
    "#);
    assert_eq!(tenant.runs(RunFilter::default()).await.unwrap().rows.len(), 1 + DAMAGES.len());

    // Whoever comes first, the sound one is woken.
    while !host.wake_due().await.unwrap().contains(&sound) {}
    let result = tenant.run(sound).await.unwrap().resume(ResumeOptions::data(json!(1))).await.unwrap();
    assert_eq!(result.status, RunStatus::Success);
    let copy = folder.path().join("copy");
    host.backup(&copy, false).await.unwrap();
}

#[tokio::test]
async fn they_are_tried_so_often_and_then_blocked() {
    let folder = tempfile::tempdir().unwrap();
    let (_, runs) = damaged(folder.path()).await;
    let host = open(folder.path()).await;
    let tenant = host.default_tenant();
    for _ in 0..TROUBLES_MAX {
        host.wake_due().await.unwrap();
    }
    for (kind, run) in runs {
        assert_eq!(status(&tenant, run).await, RunStatus::Blocked, "{kind}");
        tenant.delete_run(run).await.unwrap();
    }
}

#[tokio::test]
async fn they_say_what_is_wrong_and_are_blocked_by_a_cancel() {
    let folder = tempfile::tempdir().unwrap();
    let (_, runs) = damaged(folder.path()).await;
    let tenant = open(folder.path()).await.default_tenant();
    let mut told = String::new();
    for (kind, id) in runs {
        let run = tenant.run(id).await.unwrap();
        let errors = [
            run.result(OutputOptions::default()).await.unwrap_err(),
            run.resume(ResumeOptions::data(json!(1))).await.unwrap_err(),
            run.restart().await.unwrap_err(),
            run.fork(ForkOptions::default()).await.unwrap_err(),
        ];
        assert_eq!(status(&tenant, id).await, RunStatus::Suspended, "{kind}");
        let error = run.cancel().await.unwrap_err();
        assert_eq!(
            (error.kind(), status(&tenant, id).await),
            (ErrorKind::Damaged, RunStatus::Blocked),
            "{kind}"
        );
        let codes: Vec<&str> = errors.iter().chain([&error]).map(Error::code).collect();
        told += &format!("{kind}: {}\n", codes.join(", "));
    }
    insta::assert_snapshot!(told, @r"
    a head that ends early: damaged-store, damaged-store, damaged-store, damaged-store, unreadable-run
    a head of a form to come: damaged-store, damaged-store, damaged-store, damaged-store, unreadable-run
    a head of another run: damaged-store, damaged-store, damaged-store, damaged-store, unreadable-run
    a head that is no text: damaged-store, damaged-store, damaged-store, damaged-store, unreadable-run
    steps that end early: damaged-store, damaged-store, damaged-store, damaged-store, unreadable-run
    steps that are no text: damaged-store, damaged-store, damaged-store, damaged-store, unreadable-run
    no definition: no-workflow, no-workflow, not-restartable, no-workflow, unreadable-run
    ");
}

#[tokio::test]
async fn they_are_deleted_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (sound, runs) = damaged(folder.path()).await;
    let tenant = open(folder.path()).await.default_tenant();
    for (kind, run) in runs {
        tenant.delete_run(run).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
    }
    tenant.delete_run(sound).await.unwrap_err();
    let left = tenant.runs(RunFilter::default()).await.unwrap().rows;
    assert_eq!(left.iter().map(|row| row.id).collect::<Vec<_>>(), [sound]);
}

#[tokio::test]
async fn a_fork_goes_on_though_the_run_it_was_made_of_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let host = open(folder.path()).await;
    let tenant = host.default_tenant();
    let parent = start(&tenant, "parent").await.unwrap();
    let fork = tenant.run(parent).await.unwrap().fork(ForkOptions::default()).await.unwrap().id();
    host.quiet().await;
    drop((host, tenant));
    let database = rusqlite::Connection::open(folder.path().join("reentry.db")).unwrap();
    database.execute(DAMAGES[0].1, [parent.as_bytes()]).unwrap();
    drop(database);
    let host = open(folder.path()).await;
    let tenant = host.default_tenant();
    let fork = tenant.run(fork).await.unwrap();
    fork.resume(ResumeOptions::data(json!(1))).await.unwrap();
    while fork.status().await.unwrap() != RunStatus::Success {
        host.wake_due().await.unwrap();
    }
}

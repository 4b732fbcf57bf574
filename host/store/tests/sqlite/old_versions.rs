//! Databases of older schema versions are opened, and what they hold goes on.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use reentry_core::actor::By;
use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::run::{Call, Doing, Phase, RunState, RunStatus, SuspensionEnd};
use reentry_core::time::Timestamp;
use reentry_store::conformance::drafts::{
    change, create, ended, image_id, owner_id, path, put, run_id, suspension_id, tenant,
};
use reentry_store::conformance::{BackEnd, check};
use reentry_store::{RunFilter, SuspensionFilter, SuspensionGroups, SuspensionPast};

use crate::folder::Folder;

/// A database of version 1, as reentry left it.
fn version_1() -> Folder {
    let folder = Folder::new();
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    database.execute_batch(include_str!("../../src/sqlite/migrations/0001_first.sql")).unwrap();
    database.execute_batch(include_str!("../fixtures/version-1.sql")).unwrap();
    database.pragma_update(None, "application_id", 0x7265_656e).unwrap();
    database.pragma_update(None, "user_version", 1).unwrap();
    folder
}

#[test]
fn runs_of_version_1_go_on() {
    check(&version_1(), async |folder: &dyn BackEnd| {
        let (store, tenant) = (folder.open(), TenantId::default());
        let read = async |number| store.run(&tenant, run_id(number)).await.unwrap().unwrap();

        let asks = read(1).await;
        assert_eq!((asks.status(), asks.steps.len()), (RunStatus::Suspended, 2));
        assert_eq!(asks.state["total"].text(), "12.50");
        let (at, suspension) = asks.answerable().next().unwrap();
        assert_eq!((at, suspension.id, suspension.since), (&path("ask"), suspension_id(1), Timestamp(2_001)));
        assert_eq!(suspension.labels(), ["boss"]);
        // Text as it was, to the last space.
        let payload = r#"{"price": 1.10,  "no": 123456789012345678901234567890, "s":"é \"x\""}"#;
        assert_eq!(suspension.payload().unwrap().text(), payload);
        assert_eq!(asks.images().collect::<Vec<_>>(), [image_id(1)]);
        assert_eq!(asks.steps[&path("ask")].entry.payload.text(), r#"{"amount": 120.50}"#);
        let done = store.step(&TenantId::default(), run_id(1), &path("first")).await.unwrap().unwrap();
        assert_eq!(done.entry.output.unwrap().text(), r#"{"n": 1.10,"n":2}"#);

        let sleeps = read(2).await;
        assert_eq!(sleeps.status(), RunStatus::Waiting);
        assert_eq!(sleeps.steps[&path("nap")].due_at(), Some(Timestamp(50_000)));
        assert_eq!(store.next_due(Timestamp(0)).await.unwrap(), Some(Timestamp(50_000)));

        let called = read(3).await;
        assert_eq!(called.status(), RunStatus::Running);
        let Doing::Calling(owner, Call::Resume(resume)) = &called.steps[&path("ask")].doing else { panic!() };
        assert_eq!((*owner, resume.resolved().len()), (owner_id(1), 1));
        assert_eq!((read(4).await.status(), read(5).await.steps.len()), (RunStatus::Success, 3));
        assert_eq!(store.owned(owner_id(1)).await.unwrap().len(), 2);
    });
}

/// The same at version 3, where a large payload had a row of its own.
fn version_3(payload: &str) -> Folder {
    let folder = version_1();
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    for sql in [
        include_str!("../../src/sqlite/migrations/0002_engine.sql"),
        include_str!("../../src/sqlite/migrations/0003_moved_runs.sql"),
        "UPDATE steps SET record = replace(record, '{\"amount\": 120.50}', 'null') WHERE seq = 1",
    ] {
        database.execute_batch(sql).unwrap();
    }
    database.execute("INSERT INTO payloads (step, data) VALUES (1, ?1)", [payload]).unwrap();
    database.pragma_update(None, "user_version", 3).unwrap();
    folder
}

#[test]
fn a_large_payload_of_version_3_is_kept_as_images_are() {
    let payload = format!(r#"{{"large":  "{}"}}"#, "é".repeat(2_000));
    check(&version_3(&payload), async |folder: &dyn BackEnd| {
        let (store, tenant) = (folder.open(), TenantId::default());
        let run = store.run(&tenant, run_id(1)).await.unwrap().unwrap();
        let (root, ask) = (&run.steps[&path("")], &run.steps[&path("ask")]);
        assert_eq!((root.payload(), ask.payload().unwrap().text()), (None, r#"{"amount": 120.50}"#));
        let kept = store.blob(root.apart.unwrap()).await.unwrap().unwrap();
        assert_eq!(kept, payload.as_bytes());
        let whole = store.step(&TenantId::default(), run_id(1), &path("")).await.unwrap().unwrap();
        assert_eq!(whole.entry.payload.text(), payload);

        let mut last = change(&run).with_step("", ended()).with_step("ask", ended()).without_image(1);
        last.run_mut().phase = reentry_core::run::Phase::Succeeded;
        put(&*store, last.with_closed(1, SuspensionEnd::Answered)).await;
        store.delete_run(&tenant, run_id(1)).await.unwrap();
        assert_eq!(store.blob(root.apart.unwrap()).await.unwrap(), None);
    });
}

#[test]
fn what_version_1_did_not_know_begins_there() {
    check(&version_1(), async |folder: &dyn BackEnd| {
        let (store, mine) = (folder.open(), TenantId::default());
        let asks = store.run(&mine, run_id(1)).await.unwrap().unwrap();
        // Definitions tell which components they use.
        let known = store.workflow(&asks.workflow).await.unwrap().unwrap();
        let mut components = vec![ComponentDigest::of(b"a"), ComponentDigest::of(b"b")];
        components.sort();
        assert_eq!(known.components, components);
        let usage = store.usage(&mine, &ComponentDigest::of(b"b")).await.unwrap();
        assert_eq!((usage.runs, usage.open_runs, usage.workflows[0].0), (5, 4, asks.workflow));
        assert!(store.remove_component(&mine, &ComponentDigest::of(b"a")).await.is_err());

        // A run of then is saved, answered, forked and deleted.
        let answer = change(&asks).saving(Some(1), &[1]).without_image(1).with_step("ask", ended());
        let answered = put(&*store, answer.with_closed(1, SuspensionEnd::Answered)).await;
        put(&*store, create(reentry_store::conformance::drafts::run(6)).forking(1, 1).sharing(1)).await;
        assert!(store.step(&TenantId::default(), run_id(6), &path("first")).await.unwrap().is_some());
        assert_eq!(store.step(&TenantId::default(), run_id(6), &path("ask")).await.unwrap(), None);
        let payload = answered.steps[&path("")].entry.payload.clone();
        assert_eq!(
            store.step(&TenantId::default(), run_id(1), &path("")).await.unwrap().unwrap().entry.payload,
            payload
        );
        store.delete_run(&mine, run_id(4)).await.unwrap();
        assert_eq!(store.list_runs(&mine, RunFilter::default()).await.unwrap().rows.len(), 5);
        assert_eq!(store.list_runs(&tenant("other"), RunFilter::default()).await.unwrap().rows, []);
        let open = store.list_suspensions(&mine, SuspensionFilter::default()).await.unwrap();
        assert_eq!(open.rows, []);
    });
}

#[test]
fn a_record_that_is_damaged_does_not_keep_the_rest_from_opening() {
    let folder = version_1();
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    database.execute("UPDATE steps SET record = '{\"doing\":{' WHERE seq = 2", []).unwrap();
    drop(database);
    check(&folder, async |folder: &dyn BackEnd| {
        let store = folder.open();
        let told = store.run(&TenantId::default(), run_id(1)).await.unwrap_err().to_string();
        assert!(told.contains("step `ask`") && told.contains("is damaged"), "{told}");
        assert!(store.run(&TenantId::default(), run_id(2)).await.unwrap().is_some());
    });
}

/// What ended before answers were kept has none; that it ended with a commit is known from the log, unless it began
/// in the same instant.
#[test]
fn answers_that_were_not_kept_are_not_made_up() {
    let folder = version_3("1");
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    let sql = "INSERT INTO suspensions (run, id, tenant, path, takes_answer, since, ended, ended_at)
        VALUES (1, ?1, 'default', 'ask', 1, ?2, 1, ?3)";
    let id = |number| *suspension_id(number).as_bytes();
    for (number, since, ended_at) in [(11, 100, 200), (12, 300, 300), (13, 300, 400)] {
        database.execute(sql, rusqlite::params![id(number), since, ended_at]).unwrap();
    }
    for (version, at) in [(5, 100), (6, 200), (7, 200), (8, 300)] {
        let sql = "INSERT INTO log (run, version, at, entries) VALUES (1, ?1, ?2, '[]')";
        database.execute(sql, [version, at]).unwrap();
    }
    drop(database);
    check(&folder, async |folder: &dyn BackEnd| {
        let (store, mine) = (folder.open(), TenantId::default());
        let filter = SuspensionFilter::default().run(run_id(1)).with_ended(true).with_tries(true);
        let rows = store.list_suspensions(&mine, filter).await.unwrap().rows;
        let told: Vec<_> = rows.iter().map(|row| (row.id, row.past.clone())).collect();
        let nothing = |ended_version| SuspensionPast { ended_version, ..SuspensionPast::default() };
        let wanted = [(1, None), (11, Some(6)), (12, None), (13, None)];
        assert_eq!(told, wanted.map(|(number, ended)| (suspension_id(number), nothing(ended))));

        // What is open is answered as any other, and an answer that was not kept may be refused.
        let run = store.run(&mine, run_id(1)).await.unwrap().unwrap();
        let back = put(&*store, change(&run).with_reopened(11, 6, None)).await;
        let answer = change(&back).with_step("ask", ended()).with_answer(1, "0", "1", By::default());
        put(&*store, answer).await;
        let filter = SuspensionFilter::default().run(run_id(1)).with_ended(true).with_tries(true);
        let rows = store.list_suspensions(&mine, filter).await.unwrap().rows;
        assert_eq!(rows[0].past.answer(), Some(&reentry_store::conformance::drafts::json("1")));
        assert_eq!((rows[1].state.ended, rows[1].past.tries[0].answer.as_ref()), (None, None));
    });
}

const WORKFLOWS: [&str; 6] =
    ["run of a", "applied by b", "savepoint of a", "called by a", "called by a once", "run of nobody"];

const COMPONENTS: [&str; 7] =
    ["of nobody", "of a", "of both", "of b", "of a once", "called by a", "in no workflow"];

/// A database of version 5 with components `x` and definitions that use them: one of a run of `a`, one that a
/// savepoint of it is of, two that steps of it have called, one that `b` has applied, one of nobody.
fn version_5() -> Folder {
    let folder = version_3("1");
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    for sql in [
        include_str!("../../src/sqlite/migrations/0004_payloads_apart.sql"),
        include_str!("../../src/sqlite/migrations/0005_troubles.sql"),
        "DELETE FROM components; DELETE FROM workflows; DELETE FROM workflow_components; DELETE FROM runs",
    ] {
        database.execute_batch(sql).unwrap();
    }
    let digest = |text: &str| *ComponentDigest::of(text.as_bytes()).as_bytes();
    for (at, name) in (1i64..).zip(COMPONENTS) {
        let sql = "INSERT INTO components (digest, name, created_at, meta, base, bytes) VALUES (?1, ?2, ?3, '{}', x'', x'')";
        database.execute(sql, rusqlite::params![digest(name), "x", at]).unwrap();
    }
    for (workflow, uses) in [
        ("run of a", &["of a", "of both"][..]),
        ("applied by b", &["of b", "of both"]),
        ("savepoint of a", &["of a once"]),
        ("called by a", &["called by a"]),
        ("called by a once", &[]),
        ("run of nobody", &["of nobody"]),
    ] {
        let sql = "INSERT INTO workflows (digest, id, created_at, definition) VALUES (?1, ?2, 1, '{}')";
        database.execute(sql, rusqlite::params![digest(workflow), workflow]).unwrap();
        for component in uses {
            let sql = "INSERT INTO workflow_components (workflow, component) VALUES (?1, ?2)";
            database.execute(sql, [digest(workflow), digest(component)]).unwrap();
        }
    }
    let sql =
        "INSERT INTO runs (id, tenant, workflow, workflow_id, status, version, created_at, updated_at, head)
        VALUES (randomblob(16), 'a', ?1, 'w', 4, 1, 1, 1, ?2)";
    let called =
        |workflow: &str| format!(r#"{{"called":{{"x":"{}"}}}}"#, WorkflowDigest::of(workflow.as_bytes()));
    for head in [called("called by a"), "[damaged".to_owned()] {
        database.execute(sql, rusqlite::params![digest("run of a"), head]).unwrap();
    }
    let run = database.last_insert_rowid();
    let sql = "INSERT INTO savepoints (run, version, kind, at, images, state, workflow) VALUES (?1, 1, 1, 1, x'', ?2, ?3)";
    let state = format!(r#"{{"head":{}}}"#, called("called by a once"));
    database.execute(sql, rusqlite::params![run, state, digest("savepoint of a")]).unwrap();
    let sql = "INSERT INTO applied (tenant, workflow, id, at, current) VALUES ('b', ?1, 'w', 1, 0)";
    database.execute(sql, [digest("applied by b")]).unwrap();
    database.pragma_update(None, "user_version", 5).unwrap();
    folder
}

#[test]
fn what_was_everybodys_becomes_that_of_the_tenants_that_use_it() {
    check(&version_5(), async |folder: &dyn BackEnd| {
        let store = folder.open();
        let named =
            |digest| COMPONENTS.into_iter().find(|name| ComponentDigest::of(name.as_bytes()) == digest);
        let mut told = Vec::new();
        for tenant in [tenant("a"), tenant("b"), TenantId::default(), tenant("other")] {
            let listed = store.list_components(&tenant).await.unwrap();
            let listed = listed.iter().map(|row| named(row.digest).unwrap()).collect::<Vec<_>>();
            let meant = store.component_named(&tenant, "x").await.unwrap().and_then(named);
            let mut holds = Vec::new();
            for workflow in WORKFLOWS {
                let digest = WorkflowDigest::of(workflow.as_bytes());
                if store.holds_workflow(&tenant, &digest).await.unwrap() {
                    holds.push(workflow);
                }
            }
            told.push(format!("{tenant}: {listed:?}, x is {meant:?}, holds {holds:?}"));
        }
        assert_eq!(
            told,
            [
                r#"a: ["called by a", "of a once", "of both", "of a"], x is Some("called by a"), holds ["run of a", "savepoint of a", "called by a", "called by a once"]"#,
                r#"b: ["of b", "of both"], x is Some("of b"), holds ["applied by b"]"#,
                r#"default: ["in no workflow", "of nobody"], x is Some("in no workflow"), holds ["run of nobody"]"#,
                "other: [], x is None, holds []",
            ]
        );
    });
}

/// A database of version 6 with questions of all kinds, among them some that cannot be read.
fn version_6() -> Folder {
    let folder = version_5();
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    database.execute_batch(include_str!("../../src/sqlite/migrations/0006_holds.sql")).unwrap();
    database.execute_batch("DELETE FROM suspensions; DELETE FROM steps; DELETE FROM runs").unwrap();
    let sql = "INSERT INTO runs (seq, id, tenant, workflow, workflow_id, resource_id, status, version, created_at, updated_at, head)
        VALUES (?1, ?2, 'default', zeroblob(32), ?3, ?4, 3, 1, ?1, 1, '{}')";
    for (seq, workflow, resource) in [(1u32, "one", Some("r")), (2, "two", None)] {
        let id = *run_id(seq.into()).as_bytes();
        database.execute(sql, rusqlite::params![seq, id, workflow, resource]).unwrap();
    }
    for (run, id, path, labels, due_at, ended) in [
        (1u32, 1u32, "ask", Some(r#"["a","b","a"]"#), Some(50), None),
        (1, 2, "each[3].ask[12]", None, None, None),
        (1, 3, "each[4].ask[7]", Some(r#"["a"]"#), None, Some(1)),
        (2, 4, "each[5].ask", Some(r#"["b", 7]"#), Some(40), None),
        (2, 5, "ask", Some("[damaged"), None, None),
        (2, 6, "e]a[ch", None, None, Some(1)),
    ] {
        let sql = "INSERT INTO suspensions (run, id, tenant, path, labels, takes_answer, since, due_at, ended, ended_at)
            VALUES (?1, ?2, 'default', ?3, ?4, 1, 1, ?5, ?6, ?6)";
        let id = *suspension_id(id.into()).as_bytes();
        database.execute(sql, rusqlite::params![run, id, path, labels, due_at, ended]).unwrap();
    }
    let asking = |id: u64, assignees: &str| {
        let id = suspension_id(id);
        format!(
            r#"{{"id":"{id}","wait":{{"id":1,"what":{{"answer":{{"payload":1,"assignees":{assignees}}}}}}}}}"#
        )
    };
    for (path, active, record) in [
        ("ask", 1, format!(r#"{{"suspensions":[{}]}}"#, asking(1, r#"["ann","bob"]"#))),
        ("each[3].ask[12]", 1, format!(r#"{{"suspensions":[{}]}}"#, asking(2, r#"["ann"]"#))),
        ("each[4].ask[7]", 0, format!(r#"{{"suspensions":[{}]}}"#, asking(3, r#"["ann"]"#))),
        ("damaged", 1, r#"{"suspensions":[{"assignees":["#.to_owned()),
    ] {
        let sql = "INSERT INTO steps (run, path, active, record) VALUES (1, ?1, ?2, ?3)";
        database.execute(sql, rusqlite::params![path, active, record]).unwrap();
    }
    database.pragma_update(None, "user_version", 6).unwrap();
    folder
}

/// A run that was blocked when reasons had no codes.
#[test]
fn a_run_that_was_blocked_without_a_code_is_blocked_with_a_general_one() {
    let folder = version_6();
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    for sql in ["lists", "logs", "answers", "claims"] {
        let path = format!("{}/src/sqlite/migrations/0007_{sql}.sql", env!("CARGO_MANIFEST_DIR"));
        database.execute_batch(&std::fs::read_to_string(path).unwrap()).unwrap();
    }
    let run = RunState::new(
        run_id(9),
        TenantId::default(),
        (WorkflowDigest::of(b"w"), "w".to_owned()),
        Timestamp(1),
    );
    let head = serde_json::to_string(&RunState { phase: Phase::Live, ..run }).unwrap();
    let sql = "INSERT INTO runs (seq, id, tenant, workflow, workflow_id, status, version, created_at, updated_at, head)
        VALUES (9, ?1, 'default', zeroblob(32), 'w', 8, 1, 1, 1, ?2)";
    database.execute(sql, rusqlite::params![run_id(9).as_bytes(), head]).unwrap();
    database.execute_batch("INSERT INTO troubles VALUES (9, 3, 'the host panicked')").unwrap();
    database.pragma_update(None, "user_version", 7).unwrap();
    drop(database);
    check(&folder, async |folder: &dyn BackEnd| {
        let run = folder.open().run(&TenantId::default(), run_id(9)).await.unwrap().unwrap();
        let why = run.blocked.unwrap();
        assert_eq!((why.code.as_ref(), why.reason.as_str()), ("blocked", "the host panicked"));
    });
}

#[test]
fn what_was_open_is_found_by_all_filters() {
    check(&version_6(), async |folder: &dyn BackEnd| {
        let (store, tenant) = (folder.open(), TenantId::default());
        let found = async |filter| {
            let rows = store.list_suspensions(&tenant, filter).await.unwrap().rows;
            rows.iter().map(|row| row.id).collect::<Vec<_>>()
        };
        let any = SuspensionFilter::default();
        for (filter, wanted) in [
            (any.clone(), &[1, 2, 4, 5][..]),
            (any.clone().label("a"), &[1]),
            (any.clone().label("b"), &[1]),
            (any.clone().assignee("ann"), &[1, 2]),
            (any.clone().assignee("bob"), &[1]),
            (any.clone().step(path("ask")), &[1, 2, 4, 5]),
            (any.clone().step(path("each")), &[2, 4]),
            (any.clone().step(path("each[3]")), &[2]),
            (any.clone().workflow_id("two"), &[4, 5]),
            (any.clone().resource_id("r"), &[1, 2]),
            (any.clone().due_before(Timestamp(51)), &[4, 1]),
        ] {
            let wanted: Vec<_> = wanted.iter().map(|number| suspension_id(*number)).collect();
            assert_eq!(found(filter.clone()).await, wanted, "{filter:?}");
        }
        let counts = store.count_suspensions(&tenant, any, Some(SuspensionGroups::Step)).await.unwrap();
        let wanted = [("ask", 2), ("each.ask", 2)].map(|(step, number)| (step.to_owned(), number));
        assert_eq!(counts.groups, wanted);
        let oldest_first = RunFilter::default().oldest_first(true).limit(1);
        assert_eq!(store.list_runs(&tenant, oldest_first).await.unwrap().rows[0].id, run_id(1));
    });
}

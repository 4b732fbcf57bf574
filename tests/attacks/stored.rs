//! What somebody tries who can write to the storage: the run stays as it is, and goes on when what was there is back.

use reentry::Run;
use reentry::core::id::TenantId;
use reentry::core::run::RunStatus;
use rusqlite::Connection;

use crate::guest::ASKS;
use crate::stage::{Stage, answer, input, open};

/// A damage, what undoes it, and the code of what is refused meanwhile.
type Damage = (&'static str, &'static str, &'static str, &'static str);

const DAMAGES: &[Damage] = &[
    (
        "a_003_a_bit_of_a_component",
        "CREATE TABLE saved AS SELECT digest, bytes FROM components;
         UPDATE components SET bytes = CAST(substr(bytes, 1, 99) || x'ff' || substr(bytes, 101) AS BLOB)",
        "UPDATE components SET bytes = (SELECT bytes FROM saved WHERE saved.digest = components.digest)",
        "damaged-store",
    ),
    (
        "a_094_an_image_is_gone",
        "CREATE TABLE saved AS SELECT * FROM images; DELETE FROM images",
        "INSERT INTO images SELECT * FROM saved",
        "damaged-store",
    ),
    (
        "a_096_a_component_is_gone",
        "CREATE TABLE saved AS SELECT * FROM components; DELETE FROM components",
        "INSERT INTO components SELECT * FROM saved",
        "invalid-workflow",
    ),
    (
        "a_092_an_image_of_nothing",
        "CREATE TABLE saved AS SELECT * FROM images; UPDATE images SET data = x''",
        "UPDATE images SET data = (SELECT data FROM saved WHERE saved.id = images.id)",
        "damaged-snapshot",
    ),
    (
        "a_092_an_image_of_sixteen_megabytes_of_nothing",
        "CREATE TABLE saved AS SELECT * FROM images; UPDATE images SET data = zeroblob(16777216)",
        "UPDATE images SET data = (SELECT data FROM saved WHERE saved.id = images.id)",
        "damaged-snapshot",
    ),
];

/// A run that waits, in a folder that no host has open.
async fn waits(stage: &Stage) -> Run {
    stage.workflow(&stage.attacker, &ASKS).await.unwrap().new_run().start(input()).await.unwrap().run
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_damaged_is_refused_and_goes_on_when_it_is_whole_again() {
    for (name, damages, undoes, code) in DAMAGES {
        let stage = Stage::new().await;
        let id = waits(&stage).await.id();
        let database = Connection::open(stage.folder.path().join("reentry.db")).unwrap();
        database.execute_batch(damages).unwrap();
        // A host that has nothing of it open.
        let _ = std::fs::remove_dir_all(stage.folder.path().join("cache"));
        let attacker = open(stage.folder.path()).await.tenant(TenantId::new("attacker").unwrap());
        let run = attacker.run(id).await.unwrap();
        for _ in 0..2 {
            let error = answer(&run).await.expect_err(name);
            assert_eq!(error.code(), *code, "{name}: {error}");
            stage.tells_nothing(name, &error.to_string());
            assert_eq!(run.status().await.unwrap(), RunStatus::Suspended, "{name}");
        }
        database.execute_batch(undoes).unwrap();
        database.execute_batch("DROP TABLE saved").unwrap();
        assert_eq!(answer(&run).await.unwrap().status, RunStatus::Success, "{name}");
        drop(database);
        stage.ends_unharmed().await;
    }
}

/// The image of one tenant's run in the place of another's, of one run in that of another of the same tenant.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_091_the_image_of_another_run_or_tenant() {
    let stage = Stage::new().await;
    let (mine, other) = (waits(&stage).await, waits(&stage).await);
    let workflow = stage.workflow(&stage.hurried, &ASKS).await.unwrap();
    let theirs = workflow.new_run().start(input()).await.unwrap().run;
    let database = Connection::open(stage.folder.path().join("reentry.db")).unwrap();
    let id = async |run: &Run| run.state().await.unwrap().images().next().unwrap();
    let image = |id: &reentry::core::id::BlobId| -> Vec<u8> {
        database
            .query_row("SELECT data FROM images WHERE id = ?1", [id.as_bytes()], |row| row.get(0))
            .unwrap()
    };
    let own = id(&mine).await;
    let whole = image(&own);
    let put = |data: &[u8]| {
        let sql = "UPDATE images SET data = ?2 WHERE id = ?1";
        assert_eq!(database.execute(sql, rusqlite::params![own.as_bytes(), data]).unwrap(), 1);
    };
    for foreign in [&other, &theirs] {
        put(&image(&id(foreign).await));
        let error = answer(&mine).await.unwrap_err();
        assert_eq!(error.code(), "damaged-snapshot", "{error}");
        assert_eq!(mine.status().await.unwrap(), RunStatus::Suspended);
    }
    put(&whole);
    for run in [mine, other, theirs] {
        assert_eq!(answer(&run).await.unwrap().status, RunStatus::Success);
    }
    drop(database);
    stage.ends_unharmed().await;
}

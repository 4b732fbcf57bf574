//! What guests try with the memory that is kept of them.

use reentry::core::run::RunStatus;
use rusqlite::Connection;

use crate::guest::{ASKS, COMPLETES, Guest};
use crate::stage::{Stage, answer, input, times};

fn image_bytes(stage: &Stage) -> Vec<i64> {
    let database = Connection::open(stage.folder.path().join("reentry.db")).unwrap();
    let mut rows = database.prepare("SELECT length(data) FROM images").unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Noise takes as much as it is, and hardly more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_085_a_memory_full_of_noise() {
    const BYTES: i64 = 8 << 20;
    let stage = Stage::new().await;
    let noise = Guest {
        pages: "129",
        more: "(global $x (mut i64) (i64.const 88172645463325252))
          (func $next (result i64)
            (global.set $x (i64.xor (global.get $x) (i64.shl (global.get $x) (i64.const 13))))
            (global.set $x (i64.xor (global.get $x) (i64.shr_u (global.get $x) (i64.const 7))))
            (global.set $x (i64.xor (global.get $x) (i64.shl (global.get $x) (i64.const 17))))
            (global.get $x))",
        start:
            "(local.set $n (i32.const 65536))
          (loop $on (i64.store (local.get $n) (call $next))
            (br_if $on (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 8))) (i32.const 8454144))))",
        ..ASKS
    };
    let run =
        stage.workflow(&stage.attacker, &noise).await.unwrap().new_run().start(input()).await.unwrap().run;
    let kept: i64 = image_bytes(&stage).iter().sum();
    assert!((BYTES..BYTES + BYTES / 100).contains(&kept), "{kept} bytes for {BYTES}");
    assert_eq!(answer(&run).await.unwrap().status, RunStatus::Success);
    stage.ends_unharmed().await;
}

/// A step that suspends for ever keeps the images of its latest savepoints only, and can be canceled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_082_suspends_again_and_again() {
    let stage = Stage::new().await;
    // Asks with its answer, over and over.
    let again = Guest {
        resume: "(local.set $n (i32.load offset=96 (local.get $call)))
          (i32.store (i32.const 1168) (i32.load offset=16 (local.get $n)))
          (i32.store (i32.const 1172) (i32.load offset=20 (local.get $n)))
          (global.set $heap (i32.const 32768))
          (return (i32.const 1024))",
        ..ASKS
    };
    let run =
        stage.workflow(&stage.attacker, &again).await.unwrap().new_run().start(input()).await.unwrap().run;
    let turns = times(150, 2_000);
    for _ in 0..turns {
        assert_eq!(answer(&run).await.unwrap().status, RunStatus::Suspended);
    }
    let kept = image_bytes(&stage).len();
    assert!(kept < 110, "{kept} images after {turns} answers");
    run.cancel().await.unwrap();
    stage.ends_unharmed().await;
}

/// What a guest writes into the places of its result and of the wait while nothing of it runs is its memory, and
/// nothing else: an image that is put back goes on from what was kept, again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_101_memory_that_grew_and_data_that_was_dropped() {
    let stage = Stage::new().await;
    let grows = Guest {
        more: r#"(data $once "abc")"#,
        start: "(memory.init $once (i32.const 1600) (i32.const 0) (i32.const 3)) (data.drop $once)
          (drop (memory.grow (i32.const 20))) (i32.store (i32.const 1300000) (i32.const 77))",
        resume: "(if (i32.ne (memory.size) (i32.const 21)) (then unreachable))
          (if (i32.ne (i32.load (i32.const 1300000)) (i32.const 77)) (then unreachable))
          (if (i32.ne (i32.load8_u (i32.const 1602)) (i32.const 99)) (then unreachable))",
        ..ASKS
    };
    let run =
        stage.workflow(&stage.attacker, &grows).await.unwrap().new_run().start(input()).await.unwrap().run;
    let fork = run.fork(reentry::ForkOptions::default()).await.unwrap();
    for run in [run, fork] {
        assert_eq!(answer(&run).await.unwrap().status, RunStatus::Success);
    }
    stage.ends_unharmed().await;
}

/// Two runs from the same image, and two calls of one component, draw different numbers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_110_chance_after_the_same_memory_was_put_back_twice() {
    let stage = Stage::new().await;
    // Completes with a number of six digits at least that it draws when it goes on.
    let draws = Guest {
        imports: r#"(import "reentry:step/host@0.1.0" "random" (func $random (param i32 i32)))"#,
        resume: "(call $random (i32.const 8) (i32.const 1600))
          (local.set $n (i32.load (i32.const 1600)))
          (i64.store (i32.const 1608) (i64.or (i64.and (i64.load (local.get $n)) (i64.const 0x0707070707070707))
            (i64.const 0x3131313131313131)))
          (i32.store (i32.const 1548) (i32.const 1608)) (i32.store (i32.const 1552) (i32.const 8))
          (return (i32.const 1536))",
        ..ASKS
    };
    let run =
        stage.workflow(&stage.attacker, &draws).await.unwrap().new_run().start(input()).await.unwrap().run;
    let mut drawn = std::collections::BTreeSet::new();
    for _ in 0..4 {
        let fork = run.fork(reentry::ForkOptions::default()).await.unwrap();
        drawn.insert(answer(&fork).await.unwrap().result.unwrap().text().to_owned());
    }
    assert!(drawn.len() >= 3, "{drawn:?}");
    for fork in stage.attacker.runs(Default::default()).await.unwrap().rows {
        if fork.id != run.id() {
            stage.attacker.delete_run(fork.id).await.unwrap();
        }
    }
    stage.ends_unharmed().await;
}

/// A component that is added again under its name, with other bytes, is not that of runs that wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_098_another_component_under_the_same_name() {
    let stage = Stage::new().await;
    let run =
        stage.workflow(&stage.attacker, &ASKS).await.unwrap().new_run().start(input()).await.unwrap().run;
    let other = Guest { resume: "unreachable", start: COMPLETES, ..ASKS };
    stage.workflow(&stage.attacker, &other).await.unwrap();
    assert_eq!(answer(&run).await.unwrap().result.unwrap().text(), "7");
    stage.ends_unharmed().await;
}

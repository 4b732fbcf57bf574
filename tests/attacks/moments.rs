//! Attacks in which it matters what happens at once, or one after another.

use reentry::core::run::RunStatus;

use crate::guest::{ASKS, COMPLETES, Guest, RE_ENTERED};
use crate::guests::leaked;
use crate::stage::{Stage, answer, descriptors, input, times};

/// A guest that traps over and over while it holds handles of the host.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_055_traps_while_it_holds_handles() {
    let stage = Stage::new().await;
    let guest = Guest {
        wasi: true,
        describe: RE_ENTERED,
        imports: r#"(import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64)
                (result i32)))"#,
        start: "(loop $on (drop (call $after (i64.const 1)))
          (br_if $on (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 100)))) unreachable",
        ..ASKS
    };
    let workflow = stage.workflow(&stage.attacker, &guest).await.unwrap();
    let before = descriptors();
    for _ in 0..times(100, 10_000) {
        let result = workflow.new_run().start(input()).await.unwrap().result;
        assert_eq!(result.error.unwrap().code.unwrap(), "trap");
    }
    assert_eq!(descriptors(), before);
    stage.ends_unharmed().await;
}

/// A run is canceled at many points of a call that computes, asks the host, and grows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_064_a_call_that_is_canceled_at_any_point() {
    let stage = Stage::new().await;
    let guest = Guest {
        imports: r#"(import "reentry:step/host@0.1.0" "random" (func $random (param i32 i32)))"#,
        start: "(loop $on (call $random (i32.const 1000) (i32.const 1600))
          (drop (memory.grow (i32.const 1))) (global.set $heap (i32.const 32768)) (br $on))",
        ..ASKS
    };
    let workflow = stage.workflow(&stage.attacker, &guest).await.unwrap();
    for point in 0..times(25, 1_000) {
        let new = workflow.new_run();
        let (id, stored) = (new.id(), new.stored());
        let call = tokio::spawn(new.start(input()));
        stored.await;
        for _ in 0..point * 7 {
            tokio::task::yield_now().await;
        }
        let run = stage.attacker.run(id).await.unwrap();
        run.cancel().await.unwrap();
        call.await.unwrap().unwrap();
        assert_eq!(run.status().await.unwrap(), RunStatus::Canceled, "at point {point}");
        stage.attacker.delete_run(id).await.unwrap();
    }
    stage.ends_unharmed().await;
}

/// What one tenant's guest leaves in memory, in globals and in tables is not there for the next one in its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_067_what_another_tenant_left_in_memory() {
    const GLOBAL: &str = "(global $mark (mut i64) (i64.const 0)) (table $t 100 funcref)";
    let ends = |how: &str| {
        let start = format!(
            "(drop (memory.grow (i32.const 10))) (global.set $mark (i64.const -1))
             (memory.fill (i32.const 65536) (i32.const 170) (i32.const 655360)) {how}"
        );
        Guest { more: GLOBAL, start: leaked(start), ..ASKS }
    };
    // Completes with the input if all is zero, and traps if anything is not.
    let scans = "(if (i32.ne (memory.size) (i32.const 1)) (then unreachable))
      (if (i64.ne (global.get $mark) (i64.const 0)) (then unreachable))
      (drop (memory.grow (i32.const 10))) (local.set $n (i32.const 65536))
      (loop $on (if (i64.ne (i64.load (local.get $n)) (i64.const 0)) (then unreachable))
        (br_if $on (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 8))) (i32.const 720896))))
      (loop $on (if (i32.eqz (ref.is_null (table.get $t (local.get $n)))) (then unreachable))
        (br_if $on (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 100))))";
    let scans =
        scans.replacen("(loop $on (if (i32.eqz", "(local.set $n (i32.const 0)) (loop $on (if (i32.eqz", 1);
    let scans = Guest { more: GLOBAL, start: leaked(format!("{scans} {COMPLETES}")), ..ASKS };
    let stage = Stage::new().await;
    let looks = stage.workflow(&stage.attacker, &scans).await.unwrap();
    for how in ["", COMPLETES, "unreachable"] {
        let leaves = stage.workflow(&stage.hurried, &ends(how)).await.unwrap();
        for turn in 0..times(30, 3_000) {
            leaves.new_run().start(input()).await.unwrap();
            let found = looks.new_run().start(input()).await.unwrap().result;
            assert_eq!(found.status, RunStatus::Success, "turn {turn} after {how:?}: {:?}", found.error);
        }
    }
    stage.ends_unharmed().await;
}

/// Many more runs wait at once than there are places for calls: all of them are kept, and each is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_087_many_runs_that_suspend_at_once() {
    let stage = Stage::new().await;
    let guest = Guest {
        pages: "4",
        start: "(memory.fill (i32.const 65536) (i32.const 7) (i32.const 100000))",
        ..ASKS
    };
    let workflow = stage.workflow(&stage.attacker, &guest).await.unwrap();
    let starting: Vec<_> =
        (0..times(100, 10_000)).map(|_| tokio::spawn(workflow.new_run().start(input()))).collect();
    let mut runs = Vec::new();
    for start in starting {
        let started = start.await.unwrap().unwrap();
        assert_eq!(started.result.status, RunStatus::Suspended, "{:?}", started.result.error);
        runs.push(started.run);
    }
    stage.bystander_is_served("they wait").await;
    for run in runs {
        assert_eq!(answer(&run).await.unwrap().status, RunStatus::Success);
    }
    stage.ends_unharmed().await;
}

//! Instances that serve one call after another: nothing that a guest can do shows it, and no instance serves where it
//! must not.

use std::sync::Arc;
use std::time::Duration;

use reentry_wasm::{
    Allocation, CallError, CallOptions, CallResult, Grants, Limits, LoadedComponent, Runtime,
};

use crate::host::{self, TestHost};
use crate::{completed, config, guest, load, payload, prepare, runtime, seal};

/// `$look` adds up all state that there can be, and then changes all of it.
const EVERYTHING: &str = r#"
  (global $a (mut i32) (i32.const 1)) (global $b (mut i64) (i64.const 2)) (global $c (mut f32) (f32.const 4))
  (global $d (mut f64) (f64.const 8)) (global $e (mut v128) (v128.const i64x2 16 32))
  (memory $memory 2 10) (memory $other 1 10)
  (data (memory $memory) (i32.const 70000) "\40") (data (memory $other) (i32.const 5) "\80")
  (func $look (result i32)
    (i32.add (global.get $a) (i32.add (i32.wrap_i64 (global.get $b)) (i32.add (i32.trunc_f32_u (global.get $c))
    (i32.add (i32.trunc_f64_u (global.get $d)) (i32.add (i32.wrap_i64 (i64x2.extract_lane 0 (global.get $e)))
    (i32.add (i32.wrap_i64 (i64x2.extract_lane 1 (global.get $e)))
    (i32.add (i32.load8_u $memory (i32.const 70000)) (i32.add (i32.load8_u $other (i32.const 5))
    (i32.add (i32.load8_u $memory (i32.const 20000)) (i32.add (i32.load8_u $memory (i32.const 0))
      (i32.load8_u $other (i32.const 65535)))))))))))))
  (func $change
    (global.set $a (i32.const 101)) (global.set $b (i64.const 102)) (global.set $c (f32.const 104))
    (global.set $d (f64.const 108)) (global.set $e (v128.const i64x2 116 132))
    (i32.store8 $memory (i32.const 70000) (i32.const 141)) (i32.store8 $other (i32.const 5) (i32.const 142))
    (i32.store8 $memory (i32.const 20000) (i32.const 143)) (i32.store8 $memory (i32.const 0) (i32.const 144))
    (i32.store8 $other (i32.const 65535) (i32.const 145)))
  (func $start (result i32) (call $look) (call $change))
  (func $resume (result i32) (call $look) (call $change))
"#;

/// What `$look` finds in a fresh instance, and what after `$change`.
const FRESH: u32 = 255;
const CHANGED: u32 = 101 + 102 + 104 + 108 + 116 + 132 + 141 + 142 + 143 + 144 + 145;

/// A guest that does as little as possible.
const LITTLE: &str = "(func $start (result i32) (i32.const 1)) (func $resume (result i32) (i32.const 2))";

fn options(domain: &str) -> CallOptions {
    CallOptions::new(seal()).domain(domain)
}

async fn start(component: &LoadedComponent, options: CallOptions) -> CallResult {
    component.start(host::invocation(), Arc::new(TestHost::default()), options).await.unwrap()
}

async fn resume(component: &LoadedComponent, image: &[u8], options: CallOptions) -> CallResult {
    let host = Arc::new(TestHost::default());
    component.resume(host::resumption(), Some(image), host, options).await.unwrap()
}

/// Whether the second of two starts, the first of which ended well, finds the instance of the first.
async fn second_is_spare(component: &LoadedComponent, first: CallOptions, second: CallOptions) -> bool {
    assert!(!start(component, first).await.stats.spare);
    start(component, second).await.stats.spare
}

#[tokio::test]
async fn a_spare_instance_is_as_good_as_new() {
    let component = load(&guest::component(EVERYTHING)).await;
    let new = start(&component, CallOptions::new(seal())).await;
    assert_eq!(payload(&new), FRESH);
    let image = new.image.unwrap();
    for spare in [false, true, true] {
        let again = start(&component, options("a")).await;
        assert_eq!((payload(&again), again.stats.spare), (FRESH, spare));
        // All of its memories and globals are as after a start on a new one.
        assert!(again.image.unwrap() == image);
    }
}

#[tokio::test]
async fn an_image_is_put_back_into_a_spare_instance_as_into_a_new_one() {
    let component = load(&guest::component(EVERYTHING)).await;
    let image = start(&component, options("a")).await.image.unwrap();
    for _ in 0..2 {
        // The second finds an instance on which the step was resumed before.
        let resumed = resume(&component, &image, options("a")).await;
        assert_eq!((completed(&resumed), resumed.stats.spare), (CHANGED, true));
    }
    assert_eq!(payload(&start(&component, options("a")).await), FRESH);
}

#[tokio::test]
async fn instances_inside_compositions_are_made_as_good_as_new() {
    let component = load(&guest::composed(&guest::composed(&guest::component(EVERYTHING)))).await;
    let first = start(&component, options("a")).await;
    let second = start(&component, options("a")).await;
    assert_eq!((payload(&second), second.stats.spare), (FRESH, true));
    assert!(first.image == second.image);
}

#[tokio::test]
async fn memory_that_has_grown_is_seen_only_by_what_grew_it_so_far() {
    let body = r#"
      (memory $memory 1 10)
      (func $start (result i32) (drop (memory.grow (i32.const 2))) (i32.store (i32.const 150000) (i32.const 7))
        (memory.size))
      (func $resume (result i32) (drop (memory.grow (i32.const 1)))
        (i32.add (i32.mul (memory.size) (i32.const 10)) (i32.load (i32.const 150000))))
    "#;
    let component = load(&guest::component(body)).await;
    let suspended = start(&component, options("a")).await;
    // A start needs a small memory; the step that waits has one as large as the instance that is left.
    let other = start(&component, options("a")).await;
    assert_eq!((payload(&other), other.stats.spare), (3, false));
    let resumed = resume(&component, suspended.image.as_ref().unwrap(), options("a")).await;
    assert_eq!((completed(&resumed), resumed.stats.spare), (47, true));
    let resumed = resume(&component, other.image.as_ref().unwrap(), options("a")).await;
    assert_eq!((completed(&resumed), resumed.stats.spare), (47, true));
    // Both have grown further, and no step waits with so much.
    let resumed = resume(&component, other.image.as_ref().unwrap(), options("a")).await;
    assert_eq!((completed(&resumed), resumed.stats.spare), (47, false));
}

#[tokio::test]
async fn instances_are_shared_within_one_domain_only() {
    let check = async |first: Option<&str>, second: Option<&str>, expected: bool| {
        let component = load(&guest::component(LITTLE)).await;
        let options = |domain: Option<&str>| {
            let mut options = CallOptions::new(seal());
            options.domain = domain.map(Into::into);
            options
        };
        assert_eq!(second_is_spare(&component, options(first), options(second)).await, expected);
    };
    check(Some("a"), Some("a"), true).await;
    check(Some("a"), Some("b"), false).await;
    check(Some("a"), None, false).await;
    check(None, Some("a"), false).await;
    check(None, None, false).await;
    // Nor between two components that are alike.
    let (one, other) = (load(&guest::component(LITTLE)).await, load(&guest::component(LITTLE)).await);
    start(&one, options("a")).await;
    assert!(!start(&other, options("a")).await.stats.spare);
}

#[tokio::test]
async fn what_cannot_be_made_as_good_as_new_is_not_used_again() {
    let check = async |body: &str, grants: Grants| {
        let prepared = runtime().prepare(&guest::component(body), grants, &|_| {}).await.unwrap();
        assert!(!second_is_spare(&prepared.component, options("a"), options("a")).await, "{body}");
    };
    let drops = format!(r#"(data $d "x") (func $drop (data.drop $d)) {LITTLE}"#);
    check(&drops, Grants::none()).await;
    check(LITTLE, Grants::none().with_wasi()).await;
}

#[tokio::test]
async fn where_fresh_instances_differ_only_restores_find_spare_ones() {
    // The start function writes to one page if the time is even, and to another one if it is odd, as when the base
    // image is taken: so the page that an instance has not written may be one that it has to change to look like the
    // base image.
    let body = r#"
      (import "reentry:step/host@0.1.0" "now" (func $now (result i64)))
      (func $begin (i64.store (i32.add (i32.const 8192)
        (i32.shl (i32.and (i32.wrap_i64 (call $now)) (i32.const 1)) (i32.const 13))) (i64.const 7)))
      (start $begin)
      (func $start (result i32) (i32.load (i32.const 8192)))
      (func $resume (result i32) (i32.store (i32.const 20000) (i32.const 5))
        (i32.add (i32.mul (i32.load (i32.const 8192)) (i32.const 1000)) (i32.load (i32.const 16384))))
    "#;
    let mut config = config();
    // In a pool, pages that an earlier instance has written would be looked at in any case.
    config.allocation = Allocation::OnDemand;
    let runtime = Runtime::new(config).unwrap();
    let component = prepare(&runtime, &guest::component(body)).await.unwrap().component;
    let now = async |clock: u64| {
        let host = Arc::new(TestHost { clock: clock.into(), ..TestHost::default() });
        component.start(host::invocation(), host, options("a")).await.unwrap()
    };
    let (first, second) = (now(0).await, now(51).await);
    assert_eq!((payload(&first), payload(&second)), (7, 0));
    assert!(!first.stats.spare && !second.stats.spare);
    for (image, expected) in [(first.image, 7000), (second.image.clone(), 7), (second.image, 7)] {
        let image = image.unwrap();
        let new = resume(&component, &image, CallOptions::new(seal())).await;
        let spare = resume(&component, &image, options("a")).await;
        assert_eq!((completed(&new), completed(&spare)), (expected, expected));
        assert!(!new.stats.spare && spare.stats.spare);
    }
}

#[tokio::test]
async fn a_component_that_is_opened_again_is_known_to_drop_data() {
    let bytes = guest::component(&format!(r#"(data $d "x") (func $drop (data.drop $d)) {LITTLE}"#));
    let record = prepare(&runtime(), &bytes).await.unwrap().record;
    let component = runtime().open(&bytes, &record, Grants::none()).await.unwrap();
    assert!(!second_is_spare(&component, options("a"), options("a")).await);
}

#[tokio::test]
async fn an_instance_whose_call_ended_badly_is_not_used_again() {
    let traps = "(func $start (result i32) (i32.const 1)) (func $resume (result i32) unreachable)";
    let component = load(&guest::component(traps)).await;
    let image = start(&component, options("a")).await.image.unwrap();
    let host = Arc::new(TestHost::default());
    let trapped = component.resume(host::resumption(), Some(&image), host, options("a")).await;
    assert!(matches!(trapped, Err(CallError::Trap { .. })));
    assert!(!start(&component, options("a")).await.stats.spare);

    let endless = "(func $start (result i32) (i32.const 1)) (func $resume (result i32) (loop $on (br $on)) unreachable)";
    let component = load(&guest::component(endless)).await;
    let image = start(&component, options("a")).await.image.unwrap();
    let host = Arc::new(TestHost::default());
    let timeout = options("a").timeout(Duration::from_millis(20));
    let stopped = component.resume(host::resumption(), Some(&image), host, timeout).await;
    assert!(matches!(stopped, Err(CallError::TimedOut { .. })));
    assert!(!start(&component, options("a")).await.stats.spare);
}

#[tokio::test]
async fn a_spare_instance_keeps_to_the_limits_of_its_call() {
    let body = r#"
      (memory $memory 2 100)
      (func $start (result i32) (memory.grow (i32.const 3)))
      (func $resume (result i32) (memory.grow (i32.const 3)))
    "#;
    let component = load(&guest::component(body)).await;
    // The instance has five pages, and a resumed step asks for three more.
    let check = async |pages: u64, expected: u32| {
        let image = start(&component, options("a")).await.image.unwrap();
        let limits = Limits::default().memory_bytes(pages << 16);
        let resumed = resume(&component, &image, options("a").limits(limits)).await;
        assert!(resumed.stats.spare);
        assert_eq!(resumed.stats.memory_bytes, u64::from(expected) << 16);
    };
    check(7, 5).await;
    check(8, 8).await;
}

#[tokio::test]
async fn limits_that_a_spare_instance_exceeds_already_are_told_as_of_a_new_one() {
    let component = load(&guest::component(EVERYTHING)).await;
    assert!(second_is_spare(&component, options("a"), options("a")).await);
    let limits = Limits::default().memory_bytes(2 << 16);
    let options = options("a").limits(limits);
    let ended = component.start(host::invocation(), Arc::new(TestHost::default()), options).await;
    assert!(matches!(&ended, Err(CallError::Limit(limit)) if limit.what == "bytes of memory"), "{ended:?}");
}

#[tokio::test]
async fn an_instance_with_more_memory_than_any_step_waits_with_pushes_no_other_out() {
    let mut config = config();
    config.spare_instances = 1;
    let runtime = Runtime::new(config).unwrap();
    let grows = r#"
      (memory $memory 1 10)
      (func $start (result i32) (i32.const 1))
      (func $resume (result i32) (memory.grow (i32.const 1)))
    "#;
    let grows = prepare(&runtime, &guest::component(grows)).await.unwrap().component;
    let little = prepare(&runtime, &guest::component(LITTLE)).await.unwrap().component;
    let image = start(&grows, CallOptions::new(seal())).await.image.unwrap();
    start(&little, options("a")).await;
    resume(&grows, &image, options("a")).await;
    assert!(start(&little, options("a")).await.stats.spare);
}

#[tokio::test]
async fn spare_instances_give_way_when_the_pool_is_full() {
    let mut config = config();
    config.calls_max = 1;
    let runtime = Runtime::new(config).unwrap();
    let one = prepare(&runtime, &guest::component(LITTLE)).await.unwrap().component;
    let other = prepare(&runtime, &guest::component(LITTLE)).await.unwrap().component;
    start(&one, options("a")).await;
    start(&other, options("a")).await;
    // A component is loaded while one waits.
    let third = prepare(&runtime, &guest::component(EVERYTHING)).await.unwrap().component;
    assert_eq!(payload(&start(&third, options("a")).await), FRESH);
}

#[tokio::test]
async fn no_more_spare_instances_are_kept_than_the_settings_say() {
    let check = async |spare_instances: usize, expected: [bool; 3]| {
        let mut config = config();
        config.spare_instances = spare_instances;
        let runtime = Runtime::new(config).unwrap();
        let component = prepare(&runtime, &guest::component(LITTLE)).await.unwrap().component;
        for domain in ["a", "b", "c"] {
            start(&component, options(domain)).await;
        }
        // The one that was used last is looked at first: looking at another one would push it out.
        let mut found = Vec::new();
        for domain in ["c", "b", "a"] {
            found.push(start(&component, options(domain)).await.stats.spare);
        }
        assert_eq!(found, expected);
    };
    check(0, [false, false, false]).await;
    check(1, [true, false, false]).await;
    check(2, [true, true, false]).await;
    check(3, [true, true, true]).await;
}

#[tokio::test]
async fn an_instance_that_takes_much_memory_is_not_kept() {
    let mut config = config();
    config.resident_bytes = 64 << 10;
    let runtime = Runtime::new(config).unwrap();
    let body = |bytes: u32| {
        format!(
            "(memory $memory 20) (func $start (result i32)
               (memory.fill (i32.const 100000) (i32.const 1) (i32.const {bytes})) (i32.const 1))
             (func $resume (result i32) (i32.const 2))"
        )
    };
    for (bytes, expected) in [(20_000, true), (200_000, false)] {
        let component = prepare(&runtime, &guest::component(&body(bytes))).await.unwrap().component;
        assert_eq!(second_is_spare(&component, options("a"), options("a")).await, expected, "{bytes}");
    }
}

#[tokio::test]
async fn what_the_host_answered_with_is_let_go_of_with_the_call() {
    let component = load(&guest::component(LITTLE)).await;
    let host = Arc::new(TestHost::default());
    let ended = component.start(host::invocation(), Arc::clone(&host) as _, options("a")).await.unwrap();
    assert!(!ended.stats.spare);
    assert_eq!(Arc::strong_count(&host), 1);
    assert!(start(&component, options("a")).await.stats.spare);
}

#[tokio::test]
async fn what_a_run_was_told_while_its_instance_started_stays_its_own() {
    // When a component is added there is nobody to cancel anything, so that all instances that are made then are alike.
    let body = r#"
      (import "reentry:step/host@0.1.0" "cancelled" (func $cancelled (result i32)))
      (func $begin (i32.store (i32.const 8192) (i32.add (i32.const 1) (call $cancelled)))) (start $begin)
      (func $start (result i32) (i32.load (i32.const 8192)))
      (func $resume (result i32) (i32.load (i32.const 8192)))
    "#;
    let component = load(&guest::component(body)).await;
    let cancelled = || Arc::new(TestHost { is_cancelled: true, ..TestHost::default() });
    assert_eq!(payload(&start(&component, options("a")).await), 1);
    let told = component.start(host::invocation(), cancelled(), options("a")).await.unwrap();
    assert_eq!(payload(&told), 2);
    let image = told.image.unwrap();
    for options in [options("a"), CallOptions::new(seal())] {
        let resumed = component.resume(host::resumption(), Some(&image), cancelled(), options).await;
        assert_eq!(completed(&resumed.unwrap()), 2);
    }
}

#[tokio::test]
async fn a_step_that_keeps_no_image_leaves_no_instance_that_has_grown() {
    let mut config = config();
    config.spare_instances = 1;
    let runtime = Runtime::new(config).unwrap();
    let grows = "(memory $memory 1 10) (func $start (result i32) (memory.grow (i32.const 1)))
      (func $resume (result i32) (i32.const 2))";
    let grows = prepare(&runtime, &guest::re_entered(grows)).await.unwrap().component;
    let little = prepare(&runtime, &guest::component(LITTLE)).await.unwrap().component;
    start(&little, options("a")).await;
    start(&grows, options("a")).await;
    assert!(start(&little, options("a")).await.stats.spare);
}

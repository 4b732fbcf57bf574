//! What each tenant may use: tenants of one host with other grants and limits, which may change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use reentry::core::error::ErrorKind;
use reentry::core::id::TenantId;
use reentry::core::run::RunStatus;
use reentry::wasm::{ComponentizeOptions, Grants, Limits, componentize};
use reentry::{Error, Host, OutputOptions, Policies, ResumeOptions, Tenant, TenantPolicy};
use serde_json::json;
use wit_component::{StringEncoding, embed_component_metadata};

use crate::clock::Standing;
use crate::guest::{ASK, asks, begins, component, definition, edited, host, input, line};

/// Policies by the names of tenants; one without a name here is unknown.
#[derive(Default)]
struct ByName(Mutex<BTreeMap<String, Arc<TenantPolicy>>>);

impl ByName {
    fn set(&self, tenant: &str, policy: TenantPolicy) {
        self.0.lock().unwrap().insert(tenant.to_owned(), Arc::new(policy));
    }
}

#[async_trait::async_trait]
impl Policies for ByName {
    async fn policy(&self, tenant: &TenantId) -> Result<Arc<TenantPolicy>, Error> {
        let policy = self.0.lock().unwrap().get(tenant.as_str()).cloned();
        policy.ok_or_else(|| Error::NoTenant(tenant.clone()))
    }
}

/// A host with two tenants, whose policies are these at first.
async fn two(a: TenantPolicy, b: TenantPolicy) -> (Host, Arc<ByName>, [Tenant; 2]) {
    let policies = Arc::new(ByName::default());
    policies.set("a", a);
    policies.set("b", b);
    let host = host().policies(Arc::clone(&policies) as Arc<dyn Policies>).build().await.unwrap();
    let tenants = ["a", "b"].map(|name| host.tenant(TenantId::new(name).unwrap()));
    (host, policies, tenants)
}

fn plain() -> TenantPolicy {
    TenantPolicy::default()
}

fn within(limits: Limits) -> TenantPolicy {
    plain().limits(limits)
}

/// The bytes of a component of [`ASK`] that draws a number from WASI when it begins.
fn draws() -> Vec<u8> {
    const WIT: &str = "
        package test:it;
        world it { include reentry:step/step@0.1.0; import wasi:random/insecure@0.2.0; }
        package wasi:random@0.2.0 { interface insecure { get-insecure-random-u64: func() -> u64; } }
    ";
    let import =
        r#"(import "wasi:random/insecure@0.2.0" "get-insecure-random-u64" (func $draw (result i64)))"#;
    let (memory, begins) = (r#"(memory (export "memory") 1)"#, "(i32.store8 (i32.const 1032) (i32.const 2))");
    let changes =
        [(memory, &*format!("{import} {memory}")), (begins, &*format!("(drop (call $draw)) {begins}"))];
    let mut module = wat::parse_str(edited(ASK, &changes)).unwrap();
    let mut resolve = wit_parser::Resolve::default();
    resolve.push_str("step.wit", include_str!("../../../../wit/step.wit")).unwrap();
    let package = resolve.push_str("it.wit", WIT).unwrap();
    let world = resolve.select_world(&[package], Some("it")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    componentize(&module, ComponentizeOptions::default()).unwrap()
}

const STEPS: &str = r#"[{"then": {"component": "@", "step": "ask"}}]"#;

#[tokio::test]
async fn a_grant_of_one_tenant_reaches_no_other_whoever_opened_the_component_first() {
    let (host, policies, [a, b]) = two(plain().grants(Grants::none().with_wasi()), plain()).await;
    let bytes = draws();
    let refused = b.add_component("draws", &bytes).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Guest, "component-refused"));
    assert!(refused.to_string().contains("needs the grant `wasi`"), "{refused}");

    // b may name what is published, but what a is granted does not come with it.
    let draws = a.add_component("draws", &bytes).await.unwrap();
    host.publish_component(a.id(), draws.digest(), None).await.unwrap();
    let run = a
        .commit(definition("w", &draws, STEPS))
        .await
        .unwrap()
        .new_run()
        .start(input(json!(1)))
        .await
        .unwrap();
    assert_eq!(run.result.status, RunStatus::Suspended);
    let published = b.component_named("draws").await.unwrap().unwrap();
    let of_b = b.commit(definition("w", &published, STEPS)).await.unwrap();
    let refused = of_b.new_run().start(input(json!(1))).await.unwrap_err();
    assert!(refused.to_string().contains("needs the grant `wasi`"), "{refused}");

    // A grant that is taken away does not count any more, and its run waits until it is given back.
    policies.set("a", plain());
    let refused = run.run.resume(ResumeOptions::data(json!(7))).await.unwrap_err();
    assert!(refused.to_string().contains("needs the grant `wasi`"), "{refused}");
    assert_eq!(run.run.status().await.unwrap(), RunStatus::Suspended);
    policies.set("a", plain().grants(Grants::none().with_wasi()));
    let result = run.run.resume(ResumeOptions::data(json!(7))).await.unwrap();
    assert_eq!(line(&result), r#"{"result":7,"status":"success"}"#);
}

#[tokio::test]
async fn a_run_that_misses_a_grant_is_blocked_until_it_has_it() {
    let policies = Arc::new(ByName::default());
    let granted = || plain().grants(Grants::none().with_wasi());
    policies.set("a", granted());
    let clock = Standing::new();
    let host = host().clock(clock.clone()).policies(Arc::clone(&policies) as Arc<dyn Policies>);
    let host = host.build().await.unwrap();
    let a = host.tenant(TenantId::new("a").unwrap());
    let draws = a.add_component("draws", &draws()).await.unwrap();
    let later = r#"[{"sleep": {"ms": 1000}}, {"then": {"component": "@", "step": "ask"}}]"#;
    let workflow = a.commit(definition("later", &draws, later)).await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;

    policies.set("a", plain());
    clock.pass_ms(1_000);
    host.wake_due().await.unwrap();
    let blocked = run.state().await.unwrap();
    let why = blocked.blocked.unwrap();
    assert_eq!(why.code, "missing-grant");
    assert!(why.reason.contains(&draws.digest().to_string()), "{why}");
    assert!(why.reason.contains("needs the grant `wasi`"), "{why}");
    assert_eq!((host.wake_due().await.unwrap(), host.recover().await.unwrap()), (vec![], vec![]));
    let refused = run.go_on().await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Refused, "missing-grant"), "{refused}");
    assert_eq!(run.state().await.unwrap().version, blocked.version, "nothing was stored");

    policies.set("a", granted());
    insta::assert_snapshot!(
        line(&run.go_on().await.unwrap()),
        @r#"{"status":"suspended","suspendPayload":{"ask":[1]},"suspended":[["ask"]]}"#
    );
    // One that is canceled does not need it.
    let other = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    policies.set("a", plain());
    clock.pass_ms(1_000);
    host.wake_due().await.unwrap();
    assert_eq!(other.status().await.unwrap(), RunStatus::Blocked);
    assert_eq!(other.cancel().await.unwrap().status, RunStatus::Canceled);
}

#[tokio::test]
async fn a_limit_of_one_tenant_stops_it_and_no_other() {
    let narrow = Limits::default().memory_bytes(1 << 20).value_bytes(100);
    let (_host, policies, [a, b]) = two(within(narrow), plain()).await;
    let grows = "(if (i32.eq (memory.grow (i32.const 32)) (i32.const -1)) (then unreachable))";
    let mut ends = Vec::new();
    for tenant in [&a, &b] {
        let component = begins(tenant, "grows", grows).await;
        let workflow = tenant.commit(definition("w", &component, STEPS)).await.unwrap();
        let result = workflow.new_run().start(input(json!(1))).await.unwrap().result;
        ends.push(line(&result));
        let large = workflow.new_run().start(input(json!("x".repeat(200)))).await;
        ends.push(match large {
            Ok(started) => started.result.status.to_string(),
            Err(error) => error.to_string(),
        });
    }
    insta::assert_snapshot!(ends.join("\n"), @r#"
    {"error":{"code":"limit","message":"the guest ran into a limit: bytes of memory: 2162688 asked for, 1048576 allowed","retryable":false},"status":"failed"}
    the input would have 202 bytes, at most 100 are allowed
    {"status":"suspended","suspendPayload":{"ask":[1]},"suspended":[["ask"]]}
    suspended
    "#);

    // One that is raised counts from the next call on.
    policies.set("a", plain());
    let workflow = a.commit(definition("w", &begins(&a, "grows", grows).await, STEPS)).await.unwrap();
    assert_eq!(workflow.new_run().start(input(json!(1))).await.unwrap().result.status, RunStatus::Suspended);
}

#[tokio::test]
async fn a_tenant_gets_no_more_memory_than_its_host_has() {
    let policies = Arc::new(ByName::default());
    policies.set("a", within(Limits::default().memory_bytes(u64::MAX)));
    let limits = Limits::default().memory_bytes(1 << 20);
    let host = host().limits(limits).policies(policies).build().await.unwrap();
    let a = host.tenant(TenantId::new("a").unwrap());
    let grows = "(if (i32.eq (memory.grow (i32.const 32)) (i32.const -1)) (then unreachable))";
    let workflow = a.commit(definition("w", &begins(&a, "grows", grows).await, STEPS)).await.unwrap();
    let result = workflow.new_run().start(input(json!(1))).await.unwrap().result;
    insta::assert_snapshot!(line(&result), @r#"{"error":{"code":"limit","message":"the guest ran into a limit: bytes of memory: 2162688 asked for, 1048576 allowed","retryable":false},"status":"failed"}"#);
}

#[tokio::test]
async fn a_memory_that_is_larger_than_the_tenant_may_have_now_is_kept_until_it_may_again() {
    let (_host, policies, [a, _]) = two(plain(), plain()).await;
    let workflow = a.commit(definition("w", &asks(&a).await, STEPS)).await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    policies.set("a", within(Limits::default().memory_bytes(4_096)));
    let refused = run.resume(ResumeOptions::data(json!(7))).await.unwrap_err();
    let source = std::error::Error::source(&refused).unwrap().to_string();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Damaged, "damaged-snapshot"));
    insta::assert_snapshot!(source, @"the image's pages unpack to 8192 bytes, at most 4096 are allowed");
    // The answer was not taken.
    assert_eq!(run.status().await.unwrap(), RunStatus::Suspended);
    policies.set("a", plain());
    let result = run.resume(ResumeOptions::data(json!(7))).await.unwrap();
    assert_eq!(line(&result), r#"{"result":7,"status":"success"}"#);
}

#[tokio::test]
async fn without_a_policy_nothing_is_begun_and_what_waits_stays() {
    let (_host, policies, [a, _]) = two(plain(), plain()).await;
    let workflow = a.commit(definition("w", &asks(&a).await, STEPS)).await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    policies.0.lock().unwrap().clear();
    for error in [
        workflow.new_run().start(input(json!(1))).await.map(drop).unwrap_err(),
        run.resume(ResumeOptions::data(json!(7))).await.map(drop).unwrap_err(),
        a.add_component("ask", &component(&format!("{ASK}(; other ;)"))).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(error.code(), "no-tenant", "{error}");
    }
    let result = run.result(OutputOptions::default()).await.unwrap();
    assert_eq!(result.status, RunStatus::Suspended);
    assert_eq!(a.runs(Default::default()).await.unwrap().rows.len(), 1);
}

//! What the tests and the benchmark share: hosts, guests, and hosts in processes of their own.

pub mod calls;
pub mod commands;
pub mod folders;
pub mod guests;
pub mod process;

use std::sync::Arc;

use anyhow::{Context as _, Result};
use reentry::core::json::Json;
use reentry::core::workflow::Definition;
use reentry::wasm::Level;
use reentry::{Host, HostBuilder, Observer, SendEvent, Source, Tenant, Workflow};
use serde_json::Value;

/// JSON as the library takes it: `json!({...})`.
pub fn json(value: serde_json::Value) -> Json {
    Json::from(value)
}

/// A host with everything in memory, which does nothing by itself.
pub fn host() -> HostBuilder {
    Host::builder().background(false)
}

/// A workflow of one step of a sample component.
///
/// # Errors
/// When the component is not built or not accepted.
pub async fn workflow_of(tenant: &Tenant, component: &str, step: &str) -> Result<Workflow> {
    workflow_after(tenant, component, &[], step).await
}

/// The same with entries before the step.
///
/// # Errors
/// When the component is not built or not accepted.
pub async fn workflow_after(
    tenant: &Tenant,
    component: &str,
    before: &[Value],
    step: &str,
) -> Result<Workflow> {
    let bytes = guests::component(component)?;
    let component = tenant.add_component(component, &bytes).await.context("adding the component")?;
    let mut steps = before.to_vec();
    steps.push(serde_json::json!({"then": {"component": component.digest(), "step": step}}));
    let definition: Definition = serde_json::from_value(serde_json::json!({"id": step, "steps": steps}))?;
    tenant.commit(definition).await.context("committing the workflow")
}

/// An event whose id is its name, so that sending it again is the same one.
pub fn event(name: &str, payload: Value) -> SendEvent {
    SendEvent::new(name.to_owned()).payload(json(payload)).id(name.to_owned())
}

/// Keeps what guests log, to be looked at afterwards.
#[derive(Default)]
pub struct Log(std::sync::Mutex<Vec<String>>);

impl Log {
    /// An empty log.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Observer for Log {
    fn log(&self, source: &Source, level: Level, message: &str, fields: Option<&Json>) {
        let fields = fields.map(|fields| format!(" {fields}")).unwrap_or_default();
        let line = format!("{} {level:?} {message}{fields}", source.path);
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(line);
    }
}

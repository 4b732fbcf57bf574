//! From a component's bytes to a component that is ready to be called.

use std::sync::Arc;

use reentry_core::digest::ComponentDigest;
use reentry_core::snapshot::{BaseImage, Identity};
use reentry_core::step::{Descriptor, ResumeMode};
use serde::{Deserialize, Serialize};
use wasmtime::component::Component;

use crate::admit::{admit, strip};
use crate::bindings::exports::reentry::step::{guest, migration};
use crate::cache::Form;
use crate::component::{Capture, Inner, LoadedComponent, Program, Restorable};
use crate::convert;
use crate::error::LoadError;
use crate::failed::call_error;
use crate::grant::Grants;
use crate::guest::Guest;
use crate::image::access::{Access, Live};
use crate::image::capture::{self, CaptureError};
use crate::instance::{self, new_store};
use crate::instrument::{Instrumented, Layout, Obstacle, instrument};
use crate::limits::Meter;
use crate::no_run::NoRun;
use crate::now::now;
use crate::record::{Kept, Record};
use crate::runtime::{self, Runtime};
use crate::spare::ComponentNumber;

/// The interface that a component exports if waiting runs can move to another version of it.
const MIGRATION: &str = "reentry:step/migration@0.1.0";

/// What is being done to a component that is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Phase {
    /// It is held to the bounds on what components consist of, and its memories and globals are made reachable.
    Instrumenting,
    /// It is compiled, or its compiled code is looked for.
    Compiling,
    /// Its fresh memory is taken down.
    Imaging,
    /// It is asked which steps it has.
    Describing,
}

/// A component that was added.
#[derive(Debug)]
pub struct Prepared {
    /// The component, ready to be called.
    pub component: LoadedComponent,
    /// What was found out about it. To be stored with the component's bytes: [`Runtime::open`] needs it, and guest
    /// images of the component cannot be put back without it.
    pub record: Vec<u8>,
}

impl Runtime {
    /// Takes in a component that is new to the host: checks its imports, makes its state reachable, compiles it,
    /// takes down its fresh memory, and asks it for its steps. `progress` is told of each part as it begins.
    ///
    /// Nothing is stored but compiled code. The caller stores the bytes and [`Prepared::record`].
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn prepare(
        &self,
        bytes: &[u8],
        grants: Grants,
        progress: &(dyn Fn(Phase) + Send + Sync),
    ) -> Result<Prepared, LoadError> {
        let runtime = &self.0;
        check_form(bytes, runtime)?;
        let digest = ComponentDigest::of(bytes);
        progress(Phase::Instrumenting);
        let uploaded = bytes.to_vec();
        let looked_into = blocking(move || {
            admit(&uploaded)?;
            let plain = strip(&uploaded).map_err(invalid)?;
            let instrumented = instrument(&plain).map_err(invalid)?;
            Ok((plain, instrumented))
        });
        let (plain, instrumented) = looked_into.await??;
        progress(Phase::Compiling);
        let prepared = match instrumented {
            Instrumented::Restorable { bytes: code, layout, drops_data } => {
                if drops_data {
                    tracing::info!(component = %digest, "data segments that the component drops are back after a restore");
                }
                let component = compile(runtime, digest, Form::Instrumented, move || Ok(code)).await?;
                let (imports, program) = link(runtime, &component, grants, Some(&layout))?;
                let access = find_access(&component, &layout, digest)?;
                progress(Phase::Imaging);
                let (base, deterministic) = take_base(runtime, &program, &access).await?;
                let identity = Identity { component: digest, base: base.digest(), layout: layout.digest() };
                let state = Restorable { access, identity, base: base.clone(), deterministic, drops_data };
                let kept = Kept::Images { layout, base, deterministic, drops_data };
                (imports, program, Capture::Restore, Some(state), kept, Vec::new())
            }
            Instrumented::Refused(obstacles) => {
                let component = compile(runtime, digest, Form::Plain, move || Ok(plain)).await?;
                let (imports, program) = link(runtime, &component, grants, None)?;
                let reasons: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
                let kept = Kept::Nothing { reasons: reasons.clone() };
                (imports, program, Capture::ReEnterOnly { reasons }, None, kept, obstacles)
            }
        };
        let (imports, program, capture, state, kept, obstacles) = prepared;
        progress(Phase::Describing);
        let descriptors = describe(runtime, &program).await?;
        check_modes(&descriptors, obstacles)?;
        let record = Record { descriptors, state: kept };
        let encoded = record.encode(digest, &runtime.config.host_key);
        let encoded = encoded.map_err(|problem| LoadError::Record { component: digest, problem })?;
        let component = LoadedComponent(Arc::new(Inner {
            runtime: Arc::clone(runtime),
            number: ComponentNumber::next(),
            digest,
            descriptors: record.descriptors,
            imports,
            capture,
            uploaded_bytes: bytes.len(),
            program,
            state,
        }));
        Ok(Prepared { component, record: encoded })
    }

    /// Opens a component that was prepared before, perhaps by another process: its code comes from the cache, or is
    /// compiled again. No code of the guest runs.
    ///
    /// `grants` are those of now: they may be fewer than when the component was prepared.
    ///
    /// # Errors
    /// [`LoadError`]; when the record is not of these bytes and this host, [`LoadError::Record`].
    pub async fn open(
        &self,
        bytes: &[u8],
        record: &[u8],
        grants: Grants,
    ) -> Result<LoadedComponent, LoadError> {
        let runtime = &self.0;
        check_form(bytes, runtime)?;
        let digest = ComponentDigest::of(bytes);
        let memory_bytes_max = runtime.config.limits.memory_bytes;
        let record = Record::decode(record, digest, &runtime.config.host_key, memory_bytes_max)?;
        let (imports, program, capture, state) = match record.state {
            Kept::Images { layout, base, deterministic, drops_data } => {
                let component = match cached(runtime, digest, Form::Instrumented) {
                    Some(component) => component,
                    None => {
                        let code = instrument_again(bytes, &layout, digest).await?;
                        compile(runtime, digest, Form::Instrumented, move || Ok(code)).await?
                    }
                };
                let (imports, program) = link(runtime, &component, grants, Some(&layout))?;
                let access = find_access(&component, &layout, digest)?;
                let identity = Identity { component: digest, base: base.digest(), layout: layout.digest() };
                let state = Restorable { access, identity, base, deterministic, drops_data };
                (imports, program, Capture::Restore, Some(state))
            }
            Kept::Nothing { reasons } => {
                let component = match cached(runtime, digest, Form::Plain) {
                    Some(component) => component,
                    None => {
                        let uploaded = bytes.to_vec();
                        let code = move || strip(&uploaded).map_err(invalid);
                        compile(runtime, digest, Form::Plain, code).await?
                    }
                };
                let (imports, program) = link(runtime, &component, grants, None)?;
                (imports, program, Capture::ReEnterOnly { reasons }, None)
            }
        };
        Ok(LoadedComponent(Arc::new(Inner {
            runtime: Arc::clone(runtime),
            number: ComponentNumber::next(),
            digest,
            descriptors: record.descriptors,
            imports,
            capture,
            uploaded_bytes: bytes.len(),
            program,
            state,
        })))
    }
}

fn check_form(bytes: &[u8], runtime: &runtime::Inner) -> Result<(), LoadError> {
    let at_most = runtime.config.component_bytes_max;
    if bytes.len() > at_most {
        return Err(LoadError::TooLarge { found: bytes.len(), at_most });
    }
    if wasmparser::Parser::is_core_wasm(bytes) {
        return Err(LoadError::CoreModule);
    }
    if !wasmparser::Parser::is_component(bytes) {
        return Err(LoadError::Invalid("it does not begin like a WebAssembly component".to_owned()));
    }
    Ok(())
}

fn invalid(error: impl std::fmt::Display) -> LoadError {
    LoadError::Invalid(error.to_string())
}

/// Runs work that takes long on a thread where it holds nobody up.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, LoadError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| LoadError::Interrupted)
}

fn cached(runtime: &runtime::Inner, digest: ComponentDigest, form: Form) -> Option<Component> {
    runtime.cache.as_ref()?.load(&runtime.engine, digest, form)
}

async fn compile(
    runtime: &Arc<runtime::Inner>,
    digest: ComponentDigest,
    form: Form,
    code: impl FnOnce() -> Result<Vec<u8>, LoadError> + Send + 'static,
) -> Result<Component, LoadError> {
    let runtime = Arc::clone(runtime);
    blocking(move || {
        if let Some(component) = cached(&runtime, digest, form) {
            return Ok(component);
        }
        let component = Component::from_binary(&runtime.engine, &code()?)
            .map_err(|error| invalid(format!("{error:#}")))?;
        if let Some(cache) = &runtime.cache {
            cache.save(&component, digest, form);
        }
        Ok(component)
    })
    .await?
}

/// Instruments a component of which the layout is known, and checks that it is still the same.
async fn instrument_again(
    bytes: &[u8],
    layout: &Layout,
    digest: ComponentDigest,
) -> Result<Vec<u8>, LoadError> {
    let uploaded = bytes.to_vec();
    match blocking(move || instrument(&strip(&uploaded)?)).await?.map_err(invalid)? {
        Instrumented::Restorable { bytes, layout: found, .. } if found == *layout => Ok(bytes),
        _ => Err(LoadError::Record {
            component: digest,
            problem: "it lists other memories and globals than the component has".to_owned(),
        }),
    }
}

fn link(
    runtime: &runtime::Inner,
    component: &Component,
    grants: Grants,
    layout: Option<&Layout>,
) -> Result<(Vec<String>, Program), LoadError> {
    let imports = grants.check(component)?;
    let linker = if grants.wasi { &runtime.wasi } else { &runtime.plain };
    let contract = |error: wasmtime::Error| LoadError::Contract(format!("{error:#}"));
    let pre = linker.instantiate_pre(component).map_err(contract)?;
    let guest = guest::GuestIndices::new(&pre).map_err(contract)?;
    let migration = match component.get_export_index(None, MIGRATION) {
        None => None,
        Some(_) => Some(migration::GuestIndices::new(&pre).map_err(contract)?),
    };
    let (own_bytes, own_instances) = layout.map(Layout::added).unwrap_or_default();
    let program = Program { pre, guest, migration, wasi: grants.wasi, own_bytes, own_instances };
    Ok((imports, program))
}

fn find_access(component: &Component, layout: &Layout, digest: ComponentDigest) -> Result<Access, LoadError> {
    Access::find(component, layout).ok_or_else(|| LoadError::Record {
        component: digest,
        problem: "the compiled code has not the memories that it lists".to_owned(),
    })
}

/// Takes the base image, and finds out whether all fresh instances look like it.
///
/// Two instances are made. That they are alike says enough only if neither has asked the host anything while it
/// started: a run's host may answer what ours cannot, its idempotency key for one.
async fn take_base(
    runtime: &runtime::Inner,
    program: &Program,
    access: &Access,
) -> Result<(BaseImage, bool), LoadError> {
    let (first, first_asked) = take_one_base(runtime, program, access, 1).await?;
    let (second, second_asked) = take_one_base(runtime, program, access, 2).await?;
    let deterministic = first.digest() == second.digest() && !first_asked && !second_asked;
    Ok((first, deterministic))
}

async fn take_one_base(
    runtime: &runtime::Inner,
    program: &Program,
    access: &Access,
    number: u64,
) -> Result<(BaseImage, bool), LoadError> {
    let mut live = instantiate(runtime, program, number).await?;
    let asked = live.store.data().asked;
    let base = capture::base(&mut live, access).await.map_err(|error| match error {
        CaptureError::Guest(error) => {
            let source = call_error(error, live.store.data_mut(), &runtime.config.limits);
            LoadError::Guest { doing: "read".into(), source }
        }
        CaptureError::Image(error) => invalid(error),
    })?;
    Ok((base, asked))
}

async fn describe(runtime: &runtime::Inner, program: &Program) -> Result<Vec<Descriptor>, LoadError> {
    let limits = &runtime.config.limits;
    let mut live = instantiate(runtime, program, 3).await?;
    let described = async {
        if let Some(migration) = &program.migration {
            // Looked at here, so that functions of other types are found when the component is added and not when a
            // run needs them.
            migration.load(&mut live.store, &live.instance)?;
        }
        let guest = program.guest.load(&mut live.store, &live.instance)?;
        guest.call_describe(&mut live.store).await
    }
    .await;
    let descriptors = described.map_err(|error| LoadError::Guest {
        doing: "described".into(),
        source: call_error(error, live.store.data_mut(), limits),
    })?;
    let mut seen = std::collections::HashSet::new();
    let descriptors = descriptors
        .into_iter()
        .enumerate()
        .map(|(index, descriptor)| {
            let bad = |problem| LoadError::Descriptor { index, problem };
            let descriptor = convert::descriptor(descriptor, limits).map_err(bad)?;
            if !seen.insert(descriptor.id.clone()) {
                return Err(bad(format!("a step `{}` was described already", descriptor.id)));
            }
            Ok(descriptor)
        })
        .collect::<Result<Vec<_>, _>>()?;
    if descriptors.is_empty() {
        return Err(LoadError::Contract("`describe` names no step".to_owned()));
    }
    Ok(descriptors)
}

/// A component whose state cannot be kept is accepted only if none of its steps relies on that.
fn check_modes(descriptors: &[Descriptor], obstacles: Vec<Obstacle>) -> Result<(), LoadError> {
    let relies = descriptors.iter().any(|descriptor| descriptor.resume_mode == ResumeMode::Restore);
    if relies && !obstacles.is_empty() { Err(LoadError::NotRestorable { obstacles }) } else { Ok(()) }
}

/// An instance that serves no run.
async fn instantiate(runtime: &runtime::Inner, program: &Program, number: u64) -> Result<Live, LoadError> {
    let limits = Arc::new(runtime.config.limits.clone());
    let deadline = now() + limits.call;
    let store = || {
        let meter = Meter::new(&limits, program.own_bytes, program.own_instances);
        let host = Arc::new(NoRun(number));
        let guest = Guest::new(host, Arc::clone(&limits), meter, String::new(), program.wasi);
        new_store(runtime, guest, deadline)
    };
    instance::instantiate(runtime, program, store).await.map_err(|(error, mut store)| LoadError::Guest {
        doing: "instantiated".into(),
        source: call_error(error, store.data_mut(), &limits),
    })
}

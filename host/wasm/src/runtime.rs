//! The runtime: one engine with its pool, its cache of compiled code and its ticker, shared by all components.

use std::sync::{Arc, Mutex, PoisonError};

use reentry_core::digest::ComponentDigest;
use reentry_core::snapshot::{ImageCodec, SnapshotError};
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

use crate::bindings::MigratableStep;
use crate::cache::CodeCache;
use crate::config::{DirtyTracking, RuntimeConfig};
use crate::error::RuntimeError;
use crate::guest::Guest;
use crate::image::pagemap::PageMap;
use crate::spare::Spares;
use crate::ticker::Ticker;

/// Image codecs that are kept for the next call. More calls than this at once make new ones.
const CODECS_KEPT: usize = 64;

/// Loads components and calls them. Cheap to clone; all clones are one runtime.
///
/// Its methods need a tokio runtime with time enabled.
#[derive(Clone)]
pub struct Runtime(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: RuntimeConfig,
    pub(crate) engine: Engine,
    pub(crate) cache: Option<CodeCache>,
    /// What components without a grant for WASI are linked with.
    pub(crate) plain: Linker<Guest>,
    /// The same with WASI.
    pub(crate) wasi: Linker<Guest>,
    /// There when the kernel can be asked, and should be.
    pub(crate) page_map: Option<PageMap>,
    /// Instances that wait for calls.
    pub(crate) spares: Spares,
    /// Codecs that no call is using. Held for the time of a push or pop.
    codecs: Mutex<Vec<ImageCodec>>,
    _ticker: Ticker,
}

impl Runtime {
    /// Sets up a runtime: reserves the address space of the pool, opens the folder of compiled code, starts the ticker.
    ///
    /// # Errors
    /// [`RuntimeError`] when the machine does not allow what the settings ask for.
    pub fn new(config: RuntimeConfig) -> Result<Self, RuntimeError> {
        let engine = Engine::new(&config.wasmtime()).map_err(engine_error)?;
        let cache = match &config.cache_dir {
            None => None,
            Some(path) => Some(
                CodeCache::open(path, config.host_key, &engine)
                    .map_err(|source| RuntimeError::Cache { path: path.display().to_string(), source })?,
            ),
        };
        let plain = linker(&engine).map_err(engine_error)?;
        let mut wasi = plain.clone();
        wasmtime_wasi::p2::add_to_linker_async(&mut wasi).map_err(engine_error)?;
        let page_map = match config.dirty_tracking {
            DirtyTracking::Auto => PageMap::open(),
            DirtyTracking::Compare => None,
        };
        let ticker = Ticker::start(&engine, config.tick).map_err(RuntimeError::Ticker)?;
        let spares = Spares::new(config.spare_instances);
        let codecs = Mutex::default();
        Ok(Self(Arc::new(Inner {
            config,
            engine,
            cache,
            plain,
            wasi,
            page_map,
            spares,
            codecs,
            _ticker: ticker,
        })))
    }

    /// Removes what is kept on disk of a component's compiled code. Code that is loaded stays loaded.
    pub fn forget(&self, component: ComponentDigest) {
        if let Some(cache) = &self.0.cache {
            cache.remove(component);
        }
    }

    /// The settings, the secret among them.
    pub fn config(&self) -> &RuntimeConfig {
        &self.0.config
    }
}

fn engine_error(error: wasmtime::Error) -> RuntimeError {
    RuntimeError::Engine(format!("{error:#}"))
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    MigratableStep::add_to_linker::<_, HasSelf<Guest>>(&mut linker, |guest| guest)?;
    Ok(linker)
}

impl Inner {
    /// A codec for the time of one call.
    pub(crate) fn codec(&self) -> Result<BorrowedCodec<'_>, SnapshotError> {
        let kept = self.codecs.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let codec = match kept {
            Some(codec) => codec,
            None => ImageCodec::new()?,
        };
        Ok(BorrowedCodec { codec: Some(codec), owner: self })
    }
}

/// A codec that goes back to the runtime when it is dropped.
pub(crate) struct BorrowedCodec<'a> {
    /// There until this is dropped.
    codec: Option<ImageCodec>,
    owner: &'a Inner,
}

impl std::ops::Deref for BorrowedCodec<'_> {
    type Target = ImageCodec;
    fn deref(&self) -> &ImageCodec {
        self.codec.as_ref().expect("the codec is taken only by drop")
    }
}

impl std::ops::DerefMut for BorrowedCodec<'_> {
    fn deref_mut(&mut self) -> &mut ImageCodec {
        self.codec.as_mut().expect("the codec is taken only by drop")
    }
}

impl Drop for BorrowedCodec<'_> {
    fn drop(&mut self) {
        if let Some(codec) = &mut self.codec {
            codec.give_back_scratch();
        }
        let mut kept = self.owner.codecs.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < CODECS_KEPT {
            kept.extend(self.codec.take());
        }
    }
}

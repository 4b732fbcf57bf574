//! The near end: what a host has for guests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use reentry::{
    CallError, CallOptions, CallResult, ComponentDigest, Facts, Failure, Grants, Guests, HostCalls, Imported,
    Invocation, Json, Limits, LoadError, OpenComponent, Phase, Prepared, Resumption, Runtime, RuntimeConfig,
    RuntimeError, SealKey, SnapshotError,
};

use super::answers::Ear;
use super::far::Far;
use super::message::{Call, Ended, Frame, Opened, Options, Order, Request, ToCall};

pub(crate) struct Near {
    far: Arc<Far>,
    secret: [u8; 32],
    calls_max: u32,
    memory_budget: u64,
    limits: Limits,
}

impl Near {
    /// The near end of a wire with a runtime at its other end.
    pub(crate) fn guests(config: RuntimeConfig) -> Result<Arc<dyn Guests>, RuntimeError> {
        let (secret, calls_max, limits) = (config.host_key, config.calls_max, config.limits.clone());
        let memory_budget = config.memory_budget_bytes();
        let far = Arc::new(Far::new(Arc::new(Runtime::new(config)?)));
        Ok(Arc::new(Self { far, secret, calls_max, memory_budget, limits }))
    }

    fn component(
        &self,
        Opened { component, digest, held_bytes, is_migratable, .. }: &Opened,
    ) -> Arc<dyn OpenComponent> {
        let far = Arc::clone(&self.far);
        let (number, digest, held_bytes) = (*component, *digest, *held_bytes);
        Arc::new(Component { far, number, digest, held_bytes, is_migratable: *is_migratable })
    }
}

#[async_trait]
impl Guests for Near {
    fn has_secret(&self, secret: &[u8; 32]) -> bool {
        self.secret == *secret
    }

    fn calls_max(&self) -> u32 {
        self.calls_max
    }

    fn memory_budget(&self) -> u64 {
        self.memory_budget
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    async fn prepare(
        &self,
        bytes: &[u8],
        grants: Grants,
        progress: &(dyn Fn(Phase) + Send + Sync),
    ) -> Result<Prepared, LoadError> {
        let request = Frame::new(&Request::Prepare { grants }, vec![bytes.to_vec()]);
        let answer = self.far.request(request, &|frame| progress(frame.message())).await;
        let opened = answer.message::<Result<Opened, LoadError>>()?;
        let component = self.component(&opened);
        Ok(Prepared { component, meta: opened.meta.unwrap(), record: answer.into_bytes().unwrap() })
    }

    async fn open(
        &self,
        bytes: &[u8],
        record: &[u8],
        grants: Grants,
    ) -> Result<Arc<dyn OpenComponent>, LoadError> {
        let request = Frame::new(&Request::Open { grants }, vec![bytes.to_vec(), record.to_vec()]);
        let answer = self.far.request(request, &|_| {}).await;
        Ok(self.component(&answer.message::<Result<Opened, LoadError>>()?))
    }

    fn forget(&self, digest: ComponentDigest) {
        self.far.order(&Frame::of(&Order::Forget { digest }));
    }
}

/// A component that is open at the far end.
struct Component {
    far: Arc<Far>,
    number: u64,
    digest: ComponentDigest,
    held_bytes: u64,
    is_migratable: bool,
}

impl Drop for Component {
    fn drop(&mut self) {
        self.far.order(&Frame::of(&Order::Close { component: self.number }));
    }
}

impl Component {
    async fn call(
        &self,
        what: Call,
        image: Option<&[u8]>,
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<(Ended, Option<Vec<u8>>), CallError> {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let CallOptions { seal, timeout, limits, cancel, domain, .. } = options;
        let image = image.map(|image| seal.open(image)).transpose().map_err(CallError::Image)?;
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        let options = Options { timeout, limits, domain: domain.map(|domain| domain.to_string()) };
        let to_call = ToCall { component: self.number, call, what, options };
        let frame = Frame::new(&to_call, image.map(<[u8]>::to_vec).into_iter().collect());
        let made = self.far.call(frame, Ear(host));
        tokio::pin!(made);
        let cancelled = async {
            match &cancel {
                Some(cancel) => cancel.cancelled().await,
                None => std::future::pending().await,
            }
        };
        let answer = tokio::select! {
            biased;
            answer = &mut made => answer,
            () = cancelled => {
                self.far.order(&Frame::of(&Order::Cancel { call }));
                made.await
            }
        };
        let ended = answer.message::<Result<Ended, CallError>>()?;
        let image = answer.into_bytes().map(|mut image| {
            seal.seal(&mut image);
            image
        });
        Ok((ended, image))
    }
}

#[async_trait]
impl OpenComponent for Component {
    fn digest(&self) -> ComponentDigest {
        self.digest
    }

    fn held_bytes(&self) -> u64 {
        self.held_bytes
    }

    fn is_migratable(&self) -> bool {
        self.is_migratable
    }

    async fn check_image(
        &self,
        image: &[u8],
        seal: &SealKey,
        memory_bytes: u64,
    ) -> Result<(), SnapshotError> {
        let image = seal.open(image)?.to_vec();
        let request = Frame::new(&Request::CheckImage { component: self.number, memory_bytes }, vec![image]);
        self.far.request(request, &|_| {}).await.message()
    }

    async fn start(
        &self,
        call: Invocation,
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<CallResult, CallError> {
        called(self.call(Call::Start(call), None, host, options).await?)
    }

    async fn resume(
        &self,
        call: Resumption,
        image: Option<&[u8]>,
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<CallResult, CallError> {
        called(self.call(Call::Resume(call), image, host, options).await?)
    }

    async fn export_state(
        &self,
        facts: Facts,
        image: &[u8],
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<Result<Json, Failure>, CallError> {
        match self.call(Call::Export(facts), Some(image), host, options).await? {
            (Ended::Exported(exported), _) => Ok(exported),
            _ => panic!("another answer than to an export"),
        }
    }

    async fn import_state(
        &self,
        call: Invocation,
        state: Json,
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<Result<Imported, Failure>, CallError> {
        match self.call(Call::Import(call, state), None, host, options).await? {
            (Ended::Imported(Ok(waits)), Some(image)) => Ok(Ok(Imported { waits, image })),
            (Ended::Imported(Err(failure)), None) => Ok(Err(failure)),
            _ => panic!("another answer than to an import"),
        }
    }
}

fn called((ended, image): (Ended, Option<Vec<u8>>)) -> Result<CallResult, CallError> {
    match ended {
        Ended::Called { outcome, stats } => Ok(CallResult { outcome, image, stats }),
        _ => panic!("another answer than to a call"),
    }
}

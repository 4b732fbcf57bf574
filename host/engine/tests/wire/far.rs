//! The far end: opens components and makes calls as it is asked to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reentry::{CallError, CallOptions, Cancel, ComponentMeta, Guests, Imported, OpenComponent, Phase};

use super::answers::{Ear, Voice};
use super::message::{Call, Ended, Frame, Opened, Order, Request, ToCall, far_seal};

pub(crate) struct Far {
    guests: Arc<dyn Guests>,
    open: Table<Arc<dyn OpenComponent>>,
    calls: Table<Cancel>,
    opened: AtomicU64,
}

impl Far {
    pub(crate) fn new(guests: Arc<dyn Guests>) -> Self {
        Self { guests, open: Table::default(), calls: Table::default(), opened: AtomicU64::new(0) }
    }

    pub(crate) async fn request(&self, frame: Frame, progress: &(dyn Fn(Frame) + Send + Sync)) -> Frame {
        match (frame.message(), frame.bytes.as_slice()) {
            (Request::Prepare { grants }, [bytes]) => {
                let progress = |phase: Phase| progress(Frame::of(&phase));
                match self.guests.prepare(bytes, grants, &progress).await {
                    Ok(prepared) => {
                        let opened = self.opened(prepared.component, Some(prepared.meta));
                        Frame::new(&Ok::<_, ()>(opened), vec![prepared.record])
                    }
                    Err(error) => Frame::of(&Err::<(), _>(error)),
                }
            }
            (Request::Open { grants }, [bytes, record]) => {
                let opened = self.guests.open(bytes, record, grants).await;
                Frame::of(&opened.map(|component| self.opened(component, None)))
            }
            (Request::CheckImage { component, memory_bytes }, [image]) => {
                let seal = far_seal();
                let mut image = image.clone();
                seal.seal(&mut image);
                Frame::of(&self.open.get(component).check_image(&image, &seal, memory_bytes).await)
            }
            _ => panic!("a request has other bytes than it should"),
        }
    }

    fn opened(&self, component: Arc<dyn OpenComponent>, meta: Option<ComponentMeta>) -> Opened {
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        let (digest, held_bytes) = (component.digest(), component.held_bytes());
        let is_migratable = component.is_migratable();
        self.open.put(number, component);
        Opened { component: number, digest, held_bytes, is_migratable, meta }
    }

    pub(crate) fn order(&self, frame: &Frame) {
        match frame.message() {
            Order::Close { component } => drop(self.open.take(component)),
            Order::Forget { digest } => self.guests.forget(digest),
            // A call that has ended is not there any more.
            Order::Cancel { call } => self.calls.take(call).into_iter().for_each(|cancel| cancel.cancel()),
        }
    }

    pub(crate) async fn call(&self, frame: Frame, ear: Ear) -> Frame {
        let ToCall { component, call, what, options } = frame.message();
        let component = self.open.get(component);
        let cancel = Cancel::new();
        self.calls.put(call, cancel.clone());
        let seal = far_seal();
        let memory = frame.into_bytes().map(|mut image| {
            seal.seal(&mut image);
            image
        });
        let mut made_with = CallOptions::new(seal).cancel(cancel);
        (made_with.timeout, made_with.limits) = (options.timeout, options.limits);
        made_with.domain = options.domain.map(Into::into);
        let ended = made(&*component, what, memory, ear, made_with).await;
        self.calls.take(call);
        match ended {
            Ok((ended, image)) => {
                let opened = image.map(|image| far_seal().open(&image).unwrap().to_vec());
                Frame::new(&Ok::<_, ()>(ended), Vec::from_iter(opened))
            }
            Err(error) => Frame::of(&Err::<(), _>(error)),
        }
    }
}

async fn made(
    component: &dyn OpenComponent,
    what: Call,
    memory: Option<Vec<u8>>,
    ear: Ear,
    options: CallOptions,
) -> Result<(Ended, Option<Vec<u8>>), CallError> {
    let host = Arc::new(Voice(ear));
    let called = match what {
        Call::Start(call) => component.start(call, host, options).await?,
        Call::Resume(call) => component.resume(call, memory.as_deref(), host, options).await?,
        Call::Export(facts) => {
            let exported = component.export_state(facts, &memory.unwrap(), host, options).await?;
            return Ok((Ended::Exported(exported), None));
        }
        Call::Import(call, state) => {
            let imported = component.import_state(call, state, host, options).await?;
            let (waits, image) = match imported {
                Ok(Imported { waits, image }) => (Ok(waits), Some(image)),
                Err(failure) => (Err(failure), None),
            };
            return Ok((Ended::Imported(waits), image));
        }
    };
    Ok((Ended::Called { outcome: called.outcome, stats: called.stats }, called.image))
}

/// What is known by number.
struct Table<T>(Mutex<HashMap<u64, T>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Table<T> {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, number: u64, value: T) {
        self.lock().insert(number, value);
    }

    fn get(&self, number: u64) -> T {
        self.lock()[&number].clone()
    }

    fn take(&self, number: u64) -> Option<T> {
        self.lock().remove(&number)
    }
}

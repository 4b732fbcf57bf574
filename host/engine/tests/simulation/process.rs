//! A simulated process: a host of its own on a tokio runtime of its own, which die together.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reentry::core::id::RunId;
use reentry::core::time::Timestamp;
use reentry::{Error, ForkOptions, ResumeOptions, SendEvent, StartOptions, Tenant, TravelOptions};
use tokio::runtime::{Builder, Runtime};

use crate::broken::{Broken, Mixed};
use crate::chance::{Chance, Seeded};
use crate::clock::{BEGINNING, MovedClock};
use crate::disk::Disk;
use crate::guest::guest;
use crate::ledger::{Ledger, What};
use crate::stage::{Ear, Stage};
use crate::store::HeldStore;

/// How often the tasks of a process get their turns before the director looks again: more than they need until all of
/// them wait.
const TURNS: usize = 4;

/// What all processes of a schedule have in common.
pub(crate) struct Surroundings {
    pub(crate) seed: u64,
    pub(crate) broken: Option<Broken>,
    pub(crate) stage: Arc<Stage>,
    pub(crate) disk: Arc<Disk>,
    pub(crate) clock: Arc<MovedClock>,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    pub(crate) mixed: Arc<Mixed>,
}

impl Surroundings {
    /// An empty store, and nobody who holds anything up.
    pub(crate) fn undisturbed() -> Self {
        Self::undisturbed_from(BEGINNING)
    }

    /// The same, from an instant on.
    pub(crate) fn undisturbed_from(begins: Timestamp) -> Self {
        let stage = Stage::new(0);
        stage.calm_down();
        Self {
            seed: 0,
            broken: None,
            stage: Arc::new(stage),
            disk: Arc::new(Disk::new(false, false)),
            clock: Arc::new(MovedClock::new(begins)),
            ledger: Arc::default(),
            mixed: Arc::default(),
        }
    }
}

pub(crate) struct Process {
    pub(crate) number: usize,
    pub(crate) looks_after_runs: bool,
    /// Dropped first: its tasks use the host.
    tokio: Runtime,
    pub(crate) tenant: Tenant,
}

impl Process {
    pub(crate) fn start(around: &Surroundings, number: usize) -> Self {
        Self::begin(around, number, true)
    }

    /// One that looks after runs, or does only what it is asked for.
    pub(crate) fn begin(around: &Surroundings, number: usize, looks_after_runs: bool) -> Self {
        let Surroundings { seed, broken, stage, disk, clock, mixed, .. } = around;
        let tokio = Builder::new_current_thread().enable_time().build().unwrap();
        let store = HeldStore::new(number, disk, stage, *broken, mixed);
        let chance = Chance::new(*seed, 1_000 + number as u64);
        // Some sit through no delay at all.
        let sit_through =
            Duration::from_secs(if Chance::new(*seed, 5_000 + number as u64).one_in(3) { 0 } else { 10 });
        let hook = {
            let stage = Arc::clone(stage);
            move |point| stage.fault(number, point)
        };
        let builder = guest()
            .host()
            .store(Arc::new(store))
            .clock(Arc::clone(clock) as Arc<dyn reentry::Clock>)
            .entropy(Arc::new(Seeded(Mutex::new(chance))))
            .observer(Arc::new(Ear { process: number, stage: Arc::clone(stage) }))
            .on_fault_point(Arc::new(hook))
            .background(looks_after_runs)
            .sit_through(sit_through)
            .savepoints_max(0);
        let tenant = tokio.block_on(builder.build()).unwrap().default_tenant();
        stage.tell(&format!("  p{number} begins"));
        Self { number, tokio, tenant, looks_after_runs }
    }

    /// Does all that it can do until everything in it waits for something.
    pub(crate) fn settle(&self) {
        self.tokio.block_on(async {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
        });
    }

    /// Waits for something that nobody holds up.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.tokio.block_on(work)
    }

    /// Asks for something; what is said is written into the ledger, if anybody lives to say it.
    pub(crate) fn ask(&self, around: &Surroundings, request: usize, what: What, run: Option<RunId>) {
        let (tenant, ledger) = (self.tenant.clone(), Arc::clone(&around.ledger));
        let (stage, number, broken) = (Arc::clone(&around.stage), self.number, around.broken);
        self.tokio.spawn(async move {
            let said = done(&tenant, what, run, broken).await;
            let said = said.map_err(|error| (error.kind(), error.to_string()));
            if !stage.is_dead(number) {
                stage.tell(&format!("  p{number} says about #{request}: {said:?}"));
                ledger.lock().unwrap().said(request, said);
            }
        });
    }
}

/// Does what is asked, and says what it came to.
async fn done(
    tenant: &Tenant,
    what: What,
    run: Option<RunId>,
    broken: Option<Broken>,
) -> Result<String, Error> {
    if let What::Start { workflow } = what {
        let options = StartOptions::default().idempotency_key("start");
        let started = tenant.workflow_by_digest(workflow).await?.new_run().start(options).await?;
        return Ok(started.result.status.to_string());
    }
    if let What::Send { name, payload, id } = what {
        let event = SendEvent::new(name).payload(serde_json::json!(payload)).id(id);
        return tenant.send_event(event).await.map(|_| "sent".to_owned());
    }
    let run = tenant.run(run.expect("everything else is about a run")).await?;
    let result = match what {
        What::Answer { target, data, key, retries, seen, .. } => {
            let mut options = ResumeOptions::data(serde_json::json!(data)).step(target);
            options.step.seen = if broken == Some(Broken::SeenForgotten) { Some(u64::MAX) } else { seen };
            (options.idempotency_key, options.retry_count) = (key, retries);
            run.resume(options).await?
        }
        What::Fork { at, data } => {
            let mut options = ForkOptions::default();
            options.at = at;
            options.answer = data.map(|data| ResumeOptions::data(serde_json::json!(data)));
            return run.fork(options).await.map(|_| "forked".to_owned());
        }
        What::Restart => run.restart().await?,
        What::Travel { to } => {
            let to = to.parse().expect("an id");
            run.travel(TravelOptions::to(to)).await?
        }
        What::Pause => run.pause().await?,
        What::Unpause => run.unpause().await?,
        What::Cancel => run.cancel().await?,
        _ => return Ok(run.status().await?.to_string()),
    };
    Ok(result.status.to_string())
}

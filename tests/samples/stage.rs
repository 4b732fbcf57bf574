//! A sample's workflow file on a folder, with a clock that stands until it is moved.
//!
//! Everything that is done is done by a host of its own, which has nothing in common with the one before but the
//! folder and the time.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use reentry::core::id::RunId;
use reentry::core::resume::Target;
use reentry::core::run::RunStatus;
use reentry::core::time::Timestamp;
use reentry::core::workflow::Definition;
use reentry::{Clock, Host, OutputOptions, ResumeOptions, RunResult, SendEvent, StartOptions};
use reentry_tests::commands::program_dir;
use reentry_tests::folders::data_folder;
use reentry_tests::guests::root;
use reentry_tests::{Log, guests, json};
use serde_json::Value;
use tokio::sync::Notify;

pub const HOUR: Duration = Duration::from_secs(60 * 60);
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A clock for days that pass in no time. Whoever waits for an instant has it come at once, unless the clock is
/// stopped.
struct Simulated {
    now: AtomicU64,
    stopped: AtomicBool,
    /// Somebody waits though the clock is stopped.
    in_vain: Notify,
}

#[async_trait]
impl Clock for Simulated {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    async fn wait_until(&self, at: Timestamp) {
        if self.stopped.load(Ordering::SeqCst) {
            self.in_vain.notify_one();
            std::future::pending::<()>().await;
        }
        self.now.fetch_max(at.0, Ordering::SeqCst);
    }
}

/// A run of a sample, from its start on.
pub struct Stage {
    place: Place,
    run: RunId,
    began: Timestamp,
}

/// What the hosts of a run have in common.
struct Place {
    dir: tempfile::TempDir,
    clock: Arc<Simulated>,
    log: Arc<Log>,
}

impl Place {
    fn new() -> Result<Self> {
        let now = AtomicU64::new(1_800_000_000_000);
        let clock = Simulated { now, stopped: AtomicBool::new(false), in_vain: Notify::new() };
        Ok(Self { dir: data_folder()?, clock: Arc::new(clock), log: Log::new() })
    }

    async fn host(&self) -> Result<Host> {
        let builder = Host::builder().data_dir(self.dir.path()).background(false);
        Ok(builder.clock(self.clock.clone()).observer(self.log.clone()).build().await?)
    }
}

impl Stage {
    /// Starts a run of `sample-steps/SAMPLE/workflow.json`.
    pub async fn start(sample: &str, input: Value) -> Result<(Self, RunResult)> {
        let stage = Self::create(sample).await?;
        let result = stage.begin(input).await?;
        Ok((stage, result))
    }

    /// Starts a run on a host that is gone when it first waits for an instant, and has another one take it over.
    pub async fn start_and_take_over(sample: &str, input: Value) -> Result<(Arc<Self>, RunResult)> {
        let stage = Arc::new(Self::create(sample).await?);
        let clock = &stage.place.clock;
        clock.stopped.store(true, Ordering::SeqCst);
        let mortal = tokio::runtime::Runtime::new()?;
        let begun = Arc::clone(&stage);
        let start = mortal.spawn(async move { begun.begin(input).await });
        tokio::select! {
            () = clock.in_vain.notified() => {}
            ended = start => anyhow::bail!("the run did not wait for an instant: {ended:?}"),
        }
        mortal.shutdown_background();
        clock.stopped.store(false, Ordering::SeqCst);

        let host = stage.place.host().await?;
        // The runtime takes a moment to let go of what ran in it.
        until(async || Ok(!host.recover().await?.is_empty())).await?;
        let result = host.default_tenant().run(stage.run).await?.result(OutputOptions::default()).await?;
        Ok((stage, result))
    }

    async fn create(sample: &str) -> Result<Self> {
        let place = Place::new()?;
        let host = place.host().await?;
        let component = host.default_tenant().add_component(sample, &guests::component(sample)?).await?;
        let written: Definition<String> =
            serde_json::from_str(&guests::file(&format!("{sample}/workflow.json"))?)?;
        let pinned = written.try_map(&mut |_| Ok::<_, anyhow::Error>(component.digest()))?;
        let run = host.default_tenant().commit(pinned).await?.new_run().create().await?;
        Ok(Self { run: run.id(), began: place.clock.now(), place })
    }

    /// Starts a run of a file that needs no component, which the command applies, as files are its business.
    pub async fn start_file(file: &str, id: &str, input: Value) -> Result<(Self, RunResult)> {
        let place = Place::new()?;
        let applied = Command::new(program_dir()?.join("reentry"))
            .args(["workflow", "apply", file])
            .current_dir(root())
            .env("REENTRY_DATA_DIR", place.dir.path())
            .output()?;
        anyhow::ensure!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
        let run = place.host().await?.default_tenant().workflow_by_id(id).await?.new_run().create().await?;
        let stage = Self { run: run.id(), began: place.clock.now(), place };
        let result = stage.begin(input).await?;
        Ok((stage, result))
    }

    async fn begin(&self, input: Value) -> Result<RunResult> {
        let run = self.place.host().await?.default_tenant().run(self.run).await?;
        Ok(run.start(StartOptions::input(json(input))).await?)
    }

    /// Answers the question with a label, on a new host.
    pub async fn answer(&self, label: &str, data: Value) -> Result<RunResult> {
        let run = self.place.host().await?.default_tenant().run(self.run).await?;
        Ok(run.resume(ResumeOptions::data(json(data)).step(Target::label(label))).await?)
    }

    /// Sends an event to a new host, and waits until the run rests. Says whether a step got the event, too.
    pub async fn event(&self, name: &str, key: &str, payload: Value) -> Result<(RunResult, bool)> {
        let host = self.place.host().await?;
        let event = SendEvent::new(name).key(key).payload(json(payload));
        let receipt = host.default_tenant().send_event(event).await?;
        let run = host.default_tenant().run(self.run).await?;
        until(async || Ok(run.status().await? != RunStatus::Running)).await?;
        Ok((run.result(OutputOptions::default()).await?, receipt.delivered))
    }

    /// Lets time pass, and has a new host look at what is due then.
    pub async fn pass(&self, time: Duration) -> Result<RunResult> {
        self.place.clock.now.fetch_add(u64::try_from(time.as_millis())?, Ordering::SeqCst);
        let host = self.place.host().await?;
        host.wake_due().await?;
        Ok(host.default_tenant().run(self.run).await?.result(OutputOptions::default()).await?)
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        Duration::from_millis(self.place.clock.now().ms_since(self.began))
    }

    /// What the steps have logged.
    pub fn log(&self) -> Vec<String> {
        self.place.log.lines()
    }
}

/// Looks again and again, for a minute at most.
async fn until(done: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let looking = async {
        while !done().await? {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    };
    tokio::time::timeout(Duration::from_secs(60), looking).await?
}

/// The labels of the open questions.
pub fn asked(result: &RunResult) -> Vec<&str> {
    result.suspended.iter().flat_map(|step| &step.labels).map(String::as_str).collect()
}

/// The result of a run that must have succeeded.
pub fn output(result: &RunResult) -> Result<Value> {
    assert_eq!(result.status, RunStatus::Success, "{result:?}");
    Ok(result.result.as_ref().map(|json| json.value()).transpose()?.unwrap_or_default())
}

/// A file of a sample as JSON.
pub fn file(path: &str) -> Result<Value> {
    Ok(serde_json::from_str(&guests::file(path)?)?)
}

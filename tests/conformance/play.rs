//! Commands: doing them.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reentry::core::id::RunId;
use reentry::core::json::Json;
use reentry::core::run::RunStatus;
use reentry::core::workflow::Definition;
use reentry::{Error, Host, OutputOptions, Run, RunResult, SendEvent, Tenant};
use reentry_wire::ResultFields;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::case::{Case, Words};
use super::request::Request;
use super::show;
use super::world::{StoreKind, Where, World};

/// After this a command is taken to hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// Plays a case; gives its text with what came of each command.
pub async fn play(case: &Case, store: StoreKind, guests: Where) -> Result<String> {
    let world = World::new(store, guests)?;
    let host = Some(world.host().await?);
    let mut player = Player { world, host, workflow: None, run: None, program: Value::Null, aside: None };
    let mut played = String::new();
    for line in case.lines() {
        player.world.clock.pass_ms(1_000);
        let came = match tokio::time::timeout(PATIENCE, player.line(&line.command)).await {
            Ok(came) => came.with_context(|| line.command.clone())?,
            Err(_) => {
                player.world.watcher.open();
                bail!("`{}` came to no end", line.command);
            }
        };
        played.push_str(&line.written);
        played.push('\n');
        for line in came.lines() {
            played.push_str(&format!("  {line}\n"));
        }
    }
    player.world.watcher.open();
    Ok(played)
}

struct Player {
    world: World,
    /// Dropped before the next one is set up.
    host: Option<Host>,
    workflow: Option<Definition>,
    run: Option<RunId>,
    program: Value,
    aside: Option<JoinHandle<Result<String>>>,
}

impl Player {
    fn host(&self) -> Result<&Host> {
        self.host.as_ref().context("no host")
    }

    fn tenant(&self) -> Result<Tenant> {
        Ok(self.host()?.default_tenant())
    }

    async fn line(&mut self, line: &str) -> Result<String> {
        let mut words = Words(line);
        let came = match words.word().context("a line without a command")? {
            "workflow" => {
                self.workflow = Some(self.definition(words.json()?.context("no JSON")?).await?);
                words.end()?;
                String::new()
            }
            "commit" => {
                let definition = self.workflow.clone().context("no workflow")?;
                let committed = self.tenant()?.commit(definition).await;
                committed.map_or_else(|error| show::refused(&error), |_| String::new())
            }
            "program" => {
                self.program = words.json()?.context("no JSON")?;
                words.end()?;
                String::new()
            }
            "start" | "resume" | "cancel" | "travel" | "pause" | "unpause" => {
                match Request::read(line, &self.program)? {
                    Ok(request) => show::outcome(&request.perform(self.run().await?).await),
                    Err(error) => format!("refused: {error}"),
                }
            }
            "aside" => self.aside(words.0).await?,
            "crash" => {
                let request = Request::read(words.0, &self.program)??;
                self.world.watcher.crash(true);
                let crashed = request.perform(self.run().await?).await;
                self.world.watcher.crash(false);
                match crashed {
                    Err(Error::Interrupted { .. }) => String::new(),
                    other => bail!("it did not crash: {}", show::outcome(&other)),
                }
            }
            "recover" => {
                self.host()?.recover().await?;
                self.shown().await?
            }
            "release" => {
                self.world.watcher.open();
                self.aside.take().context("nothing is held")?.await??
            }
            "both" => self.settled(words.0).await?,
            "one" => {
                self.one_of(words.0.trim_start().strip_prefix("of both").context("one of both")?).await?
            }
            "await" => {
                let path = words.word().context("which step?")?.parse()?;
                let run = self.run().await?;
                while run.state().await?.answerable().all(|(waiting, _)| *waiting != path) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                String::new()
            }
            "new" => match words.word() {
                Some("host") => {
                    drop(self.host.take());
                    self.host = Some(self.world.host().await?);
                    String::new()
                }
                Some("run") => self.new_run().await?,
                other => bail!("new {other:?}"),
            },
            "restart" => show::outcome(&self.run().await?.restart().await),
            "event" => {
                let name = words.word().context("which event?")?.to_owned();
                let payload = words.json()?.map(|payload| Json::of(&payload)).transpose()?;
                let key = words.option()?.and_then(|(_, key)| Some(key.as_str()?.to_owned()));
                words.end()?;
                let mut event = SendEvent::new(name);
                (event.key, event.payload) = (key, payload);
                let host = self.host()?;
                host.default_tenant().send_event(event).await?;
                // What was due came first, and that goes on by itself.
                host.quiet().await;
                self.rested().await?
            }
            "unknown" => {
                let unknown = RunId::new(reentry::core::time::Timestamp(0), [0; 10]);
                self.tenant()?
                    .run(unknown)
                    .await
                    .map_or_else(|error| show::refused(&error), |_| "found".into())
            }
            "time" => {
                let span = words.word().context("how long?")?;
                self.world.clock.pass_ms(ms(span)?);
                self.host()?.wake_due().await?;
                self.shown().await?
            }
            "late" => {
                self.world.clock.pass_ms(ms(words.word().context("how long?")?)?);
                String::new()
            }
            "status" => self.shown().await?,
            "steps" => {
                let named: Vec<&str> = words.0.split_whitespace().collect();
                show::steps(&self.run().await?.steps().await?, &named)
            }
            "state" => Json::of(&self.run().await?.state().await?.state)?.to_string(),
            "context" => {
                let mut context = self.run().await?.state().await?.request_context;
                context.remove("program");
                Json::of(&context)?.to_string()
            }
            "labels" => {
                let options = OutputOptions::default().include_resume_labels(true);
                let labels = self.run().await?.result(options).await?.resume_labels;
                Json::of(&labels.unwrap_or_default())?.to_string()
            }
            "payloads" => {
                let result = self.run().await?.result(OutputOptions::default()).await?;
                Json::of(&ResultFields::from(&result))?.value()?["suspendPayload"].to_string()
            }
            "watched" => show::beginnings_and_ends(&self.run().await?).await?,
            "log" => self.world.watcher.lines().join("\n"),
            other => bail!("there is no command `{other}`"),
        };
        Ok(came)
    }

    async fn definition(&self, json: Value) -> Result<Definition> {
        let component = self.tenant()?.components().await?;
        let digest = component.first().context("no component")?.digest.to_string();
        let mut definition = match json {
            Value::Array(steps) => json!({"id": "w", "steps": steps}),
            other => other,
        };
        expand(&mut definition, &digest);
        Ok(serde_json::from_value(definition)?)
    }

    async fn new_run(&mut self) -> Result<String> {
        let definition = self.workflow.clone().context("no workflow")?;
        self.run = Some(self.tenant()?.commit(definition).await?.new_run().create().await?.id());
        Ok(String::new())
    }

    async fn run(&mut self) -> Result<Run> {
        if self.run.is_none() {
            self.new_run().await?;
        }
        Ok(self.tenant()?.run(self.run.context("no run")?).await?)
    }

    async fn shown(&mut self) -> Result<String> {
        Ok(show::result(&self.run().await?.result(OutputOptions::default()).await?))
    }

    /// The run, when it rests.
    async fn rested(&mut self) -> Result<String> {
        let run = self.run().await?;
        while run.status().await? == RunStatus::Running {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.shown().await
    }

    async fn aside(&mut self, command: &str) -> Result<String> {
        let request = Request::read(command, &self.program)??;
        let run = self.run().await?;
        self.world.watcher.shut();
        let task = tokio::spawn(async move { Ok(show::outcome(&request.perform(run).await)) });
        while !self.world.watcher.holds() {
            if task.is_finished() {
                bail!("no step was held; it came to: {}", task.await??);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.aside = Some(task);
        Ok(String::new())
    }

    async fn both(&mut self, commands: &str) -> Result<[Result<RunResult, Error>; 2]> {
        let (one, two) = commands.split_once(" || ").context("no ` || `")?;
        let (one, two) = (Request::read(one, &self.program)??, Request::read(two, &self.program)??);
        let here = self.run().await?;
        let other = self.world.host().await?;
        let there = other.default_tenant().run(here.id()).await?;
        let (one, two) = tokio::join!(one.perform(here), two.perform(there));
        Ok([one, two])
    }

    /// What came of both when all is done, and what was refused.
    async fn settled(&mut self, commands: &str) -> Result<String> {
        let both = self.both(commands).await?;
        let mut refused: Vec<String> =
            both.iter().filter_map(|one| one.as_ref().err()).map(show::refused).collect();
        refused.push(self.rested().await?);
        Ok(refused.join("\n"))
    }

    /// What came of the one that was not refused; the other must have been told that nothing waits any more.
    async fn one_of(&mut self, commands: &str) -> Result<String> {
        let both = self.both(commands).await?;
        let lost = |one: &&Result<RunResult, Error>| {
            one.as_ref().is_err_and(|error| {
                ["not-suspended", "already-answered", "unseen-question", "closed"].contains(&error.code())
            })
        };
        let lines: Vec<String> = match both.iter().filter(lost).count() {
            1 => both.iter().filter(|one| !lost(one)).map(show::outcome).collect(),
            _ => both.iter().map(show::outcome).collect(),
        };
        Ok(lines.join("\n"))
    }
}

/// `30d`, `10s`.
fn ms(span: &str) -> Result<u64> {
    let (number, unit) = span.split_at(span.len().saturating_sub(1));
    let unit = match unit {
        "d" => 86_400_000,
        "s" => 1_000,
        _ => bail!("`{span}` is no span such as 30d or 10s"),
    };
    Ok(number.parse::<u64>()? * unit)
}

/// Puts steps in place of their short names.
fn expand(value: &mut Value, component: &str) {
    match value {
        Value::String(text) => {
            let step = |name: &str| {
                let (id, step) = name.split_once(':').unwrap_or((name, name));
                json!({"id": id, "component": component, "step": step})
            };
            if text == "@" {
                *value = json!(component);
            } else if let Some(name) = text.strip_prefix('@') {
                *value = json!({"then": step(name)});
            } else if let Some(name) = text.strip_prefix('?') {
                *value = step(name);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| expand(item, component)),
        Value::Object(map) => map.values_mut().for_each(|item| expand(item, component)),
        _ => {}
    }
}

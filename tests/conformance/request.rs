//! Commands about a run that may be done on another task.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use reentry::core::json::Json;
use reentry::core::path::PathError;
use reentry::core::resume::Target;
use reentry::{Error, ResumeOptions, Run, RunResult, StartOptions, TravelOptions};
use serde_json::Value;

use super::case::Words;

/// One of them.
pub enum Request {
    Start(StartOptions),
    Resume(ResumeOptions),
    Cancel,
    Pause,
    Unpause,
    Travel(TravelOptions),
}

impl Request {
    /// Does it.
    pub async fn perform(self, run: Run) -> Result<RunResult, Error> {
        match self {
            Self::Start(options) => run.start(options).await,
            Self::Resume(options) => run.resume(options).await,
            Self::Cancel => run.cancel().await,
            Self::Pause => run.pause().await,
            Self::Unpause => run.unpause().await,
            Self::Travel(options) => run.travel(options).await,
        }
    }

    /// Reads one, or why its target is none. A start brings the program along.
    pub fn read(command: &str, program: &Value) -> Result<Result<Self, PathError>> {
        let mut words = Words(command);
        let request = match words.word() {
            Some("start") => Self::Start(start(&mut words, program)?),
            Some("resume") => match resume(&mut words)? {
                Ok(options) => Self::Resume(options),
                Err(error) => return Ok(Err(error)),
            },
            Some("cancel") => Self::Cancel,
            Some("pause") => Self::Pause,
            Some("unpause") => Self::Unpause,
            Some("travel") => Self::Travel(travel(&mut words)?),
            other => bail!("{other:?} is no command about a run"),
        };
        words.end()?;
        Ok(Ok(request))
    }
}

fn start(words: &mut Words<'_>, program: &Value) -> Result<StartOptions> {
    let mut options = StartOptions::default();
    options.input_data = words.json()?.map(Json::from);
    if !program.is_null() {
        options.request_context.insert("program".into(), program.clone().into());
    }
    while let Some((name, value)) = words.option()? {
        match name {
            "state" => options.initial_state = Some(value.into()),
            "context" => options.request_context.extend(keys(value)?),
            other => bail!("start has no option `{other}`"),
        }
    }
    Ok(options)
}

fn resume(words: &mut Words<'_>) -> Result<Result<ResumeOptions, PathError>> {
    let mut options = ResumeOptions::default();
    options.resume_data = words.json()?.map(Json::from);
    let mut target = Target::default();
    while let Some((name, value)) = words.option()? {
        let number = || value.as_u64().and_then(|number| u32::try_from(number).ok()).context("no number");
        match name {
            "step" => match Target::step(value.as_str().context("no text")?) {
                Ok(named) => target.step = named.step,
                Err(error) => return Ok(Err(error)),
            },
            "label" => target.label = value.as_str().map(str::to_owned),
            "index" => target.for_each_index = Some(number()?),
            "all" => target.all = true,
            "seen" => target.seen = Some(number()?.into()),
            "key" => options.idempotency_key = value.as_str().map(str::to_owned),
            "retryCount" => options.retry_count = number()?,
            "context" => options.request_context = keys(value)?,
            other => bail!("resume has no option `{other}`"),
        }
    }
    options.step = target;
    Ok(Ok(options))
}

fn travel(words: &mut Words<'_>) -> Result<TravelOptions> {
    let to = words.word().context("where to?")?.parse()?;
    let mut options = TravelOptions::to(to);
    options.input = words.json()?.map(Json::from);
    while let Some((name, value)) = words.option()? {
        match name {
            "answer" => options.answer = Some(ResumeOptions::data(Json::from(value))),
            other => bail!("travel has no option `{other}`"),
        }
    }
    Ok(options)
}

fn keys(value: Value) -> Result<BTreeMap<String, Json>> {
    let Value::Object(map) = value else { bail!("{value} is no object") };
    Ok(map.into_iter().map(|(key, value)| (key, Json::from(value))).collect())
}

//! One behaviour in every language: the conformance steps of `sample-steps/conformance`, run against one table.
//!
//! Each suspension is crossed by a process: the host that started a step is killed before another one answers it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use reentry::core::json::Json;
use reentry::core::run::RunStatus;
use reentry_tests::process::{HostProcess, Request, Response, Rest};
use reentry_tests::{guests, json};
use serde_json::{Value, json};

const HOST_PROCESS: &str = env!("CARGO_BIN_EXE_host-process");

macro_rules! languages {
    ($($language:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $language() -> Result<()> {
            conforms(stringify!($language)).await
        })+
    };
}

languages!(rust, javascript, python, c, cpp, assemblyscript);

/// One thing that the step can do, and what must come of it.
struct Case {
    name: &'static str,
    input: Json,
    context: Value,
    turns: Vec<Turn>,
    end: End,
}

/// A suspension, and what ends it.
struct Turn {
    shows: Shows,
    labels: &'static [&'static str],
    log: &'static [&'static str],
    then: Then,
}

/// What the one who answers gets to see.
enum Shows {
    Json(Value),
    /// A clock and random bytes.
    Clock,
    /// Nobody is asked.
    Nothing,
}

enum Then {
    Answer {
        label: Option<&'static str>,
        data: Value,
        context: Value,
    },
    Event {
        name: &'static str,
        key: &'static str,
        payload: Value,
    },
    /// Its time comes.
    Time,
}

enum End {
    Output(Value),
    /// Exactly this text.
    Text(String),
    Clock,
    Fails(Value),
    /// An output after these lines.
    Logs(Value, &'static [&'static str]),
}

fn answered(shows: Value, data: Value) -> Turn {
    let then = Then::Answer { label: None, data, context: json!({}) };
    Turn { shows: Shows::Json(shows), labels: &[], log: &[], then }
}

fn unasked(then: Then) -> Turn {
    Turn { shows: Shows::Nothing, labels: &[], log: &[], then }
}

impl Case {
    fn new(name: &'static str, turns: Vec<Turn>, end: End) -> Self {
        Self { name, input: json(json!({"do": name})), context: json!({}), turns, end }
    }

    /// A text that the step must hand back untouched.
    fn echo(name: &'static str, rest: &str) -> Result<Self> {
        let text = format!(r#"{{"do": "echo",{rest}}}"#);
        let input = Json::parse(text.clone())?;
        Ok(Self { input, ..Self::new(name, vec![], End::Text(text)) })
    }

    fn input(self, input: Value) -> Self {
        Self { input: json(input), ..self }
    }
}

const UNICODE: &str = "naïve 日本語 🙂 e\u{301} \u{0} \u{7f} \u{2028} \\ \" \u{10ffff}";

fn cases() -> Result<Vec<Case>> {
    let texts = ["one", "two", "three"];
    let keep = (1..).zip(texts).map(|(asked, text)| answered(json!({"asked": asked}), json!({"text": text})));
    let megabyte = "x".repeat(1 << 20);
    let deep = format!(r#""deep":{}1{}"#, "[".repeat(98), "]".repeat(98));
    let numbers = r#" "whole": 123456789012345678901234567890, "part" : 1.50, "small":1E-7"#;
    let clock = || Turn { shows: Shows::Clock, ..answered(json!({}), json!({})) };
    Ok(vec![
        Case::echo("echo numbers", numbers)?,
        Case::echo("echo depth", &deep)?,
        Case::echo("echo a megabyte", &format!(r#""text":"{megabyte}""#))?,
        Case::echo("echo Unicode", r#""text":"日本語 🙂 \ud83d\ude42 \u0000""#)?,
        Case::new("keep", keep.collect(), End::Output(json!({"texts": texts, "count": 3}))),
        Case::new(
            "state",
            vec![answered(json!({"counter": 1}), json!({}))],
            End::Output(json!({"counter": 2})),
        ),
        Case {
            context: json!({"tenantName": "Acme"}),
            ..Case::new(
                "context",
                vec![Turn {
                    then: Then::Answer { label: None, data: json!({}), context: json!({"approver": "Ada"}) },
                    ..answered(json!({}), json!({}))
                }],
                End::Output(json!({"tenantName": "Acme", "approver": "Ada"})),
            )
        },
        Case::new(
            "labels",
            vec![Turn {
                shows: Shows::Json(json!({"question": "who?"})),
                labels: &["manager", "finance"],
                log: &[],
                then: Then::Answer {
                    label: Some("finance"),
                    data: json!({"it": ["was", 1]}),
                    context: json!({}),
                },
            }],
            End::Output(json!({"it": ["was", 1]})),
        ),
        Case::new("bail", vec![], End::Output(json!({"bailed": true}))),
        Case::new(
            "fail",
            vec![],
            End::Fails(json!({"message": "no luck", "code": "no-luck", "details": {"tried": "everything"}})),
        ),
        Case::new("retry", vec![], End::Output(json!({"attempt": 2}))),
        Case::new(
            "megabyte",
            vec![answered(json!({"text": megabyte}), json!({"text": "é".repeat(1 << 19)}))],
            End::Output(json!({"length": 1 << 20})),
        ),
        Case::new(
            "unicode",
            vec![answered(json!({"text": UNICODE}), json!({"text": UNICODE}))],
            End::Output(json!({"text": UNICODE, "same": true})),
        )
        .input(json!({"do": "unicode", "text": UNICODE})),
        Case::new(
            "print",
            vec![Turn {
                log: &[
                    "conformance Info printed by the step",
                    r#"conformance Warn logged by the step {"n":1}"#,
                ],
                ..answered(json!({}), json!({}))
            }],
            End::Logs(Value::Null, &["conformance Info printed after"]),
        ),
        Case::new("clock", vec![clock()], End::Clock),
        Case::new("sleep", vec![unasked(Then::Time)], End::Output(json!({"slept": true}))),
        Case::new(
            "event",
            vec![unasked(Then::Event { name: "paid", key: "order-7", payload: json!({"cents": 1200}) })],
            End::Output(json!({"cents": 1200})),
        )
        .input(json!({"do": "event", "key": "order-7"})),
    ])
}

/// A case, and how its run rests at present.
struct Playing {
    case: Case,
    rest: Rest,
    /// Clocks that were shown.
    clocks: Vec<Value>,
}

/// Plays all cases side by side, each round of answers on a host process of its own.
async fn conforms(language: &str) -> Result<()> {
    let component = format!("conformance-{language}");
    // A missing component is to be told by its name, not by what a host process says of it.
    guests::component(&component)?;
    let folder = tempfile::tempdir()?;
    let mut playing = Vec::new();
    let mut host = HostProcess::start(Path::new(HOST_PROCESS), folder.path(), None).await?;
    for case in cases()? {
        let begin = Request::Begin {
            component: component.clone(),
            step: "conformance".to_owned(),
            input: case.input.clone(),
            context: keys(&case.context),
        };
        let rest = ask(&mut host, &begin).await.with_context(|| case.name)?;
        playing.push(Playing { case, rest, clocks: Vec::new() });
    }
    let mut wrong = Vec::new();
    for round in 0.. {
        playing.retain(|one| round <= one.case.turns.len());
        if playing.is_empty() {
            break;
        }
        host.kill().await?;
        host = HostProcess::start(Path::new(HOST_PROCESS), folder.path(), None).await?;
        let mut going_on = Vec::new();
        for mut one in playing {
            match one.check_and_go_on(&mut host, round).await {
                Ok(()) => going_on.push(one),
                Err(error) => wrong.push(format!("{}, turn {round}: {error:#}", one.case.name)),
            }
        }
        playing = going_on;
    }
    ensure!(wrong.is_empty(), "{language} does not conform:\n{}", wrong.join("\n"));
    Ok(())
}

impl Playing {
    async fn check_and_go_on(&mut self, host: &mut HostProcess, round: usize) -> Result<()> {
        let Some(turn) = self.case.turns.get(round) else {
            return if round == self.case.turns.len() { self.check_end() } else { Ok(()) };
        };
        ensure!(self.rest.result.is_none() && self.rest.error.is_none(), "it has ended: {:?}", self.rest);
        ensure!(self.rest.log == turn.log, "it logged {:?}", self.rest.log);
        let run = self.rest.run;
        match (&turn.shows, self.rest.asked.as_slice()) {
            (Shows::Nothing, []) => {}
            (Shows::Json(expected), [asked]) => {
                ensure!(asked.payload.value()? == *expected, "it asks {}", short(&asked.payload));
                ensure!(asked.labels == turn.labels, "its labels are {:?}", asked.labels);
            }
            (Shows::Clock, [asked]) => self.clocks.push(asked.payload.value()?),
            (_, asked) => bail!("it asks {asked:?}"),
        }
        let request = match &turn.then {
            Then::Answer { label, data, context } => Request::Answer {
                run,
                label: label.map(str::to_owned),
                data: json(data.clone()),
                context: keys(context),
            },
            Then::Event { name, key, payload } => Request::Event {
                run,
                name: (*name).to_owned(),
                key: (*key).to_owned(),
                payload: json(payload.clone()),
            },
            Then::Time => Request::Due(run),
        };
        self.rest = ask(host, &request).await?;
        Ok(())
    }

    fn check_end(&mut self) -> Result<()> {
        let rest = &self.rest;
        if let End::Fails(expected) = &self.case.end {
            ensure!(rest.status == RunStatus::Failed, "it did not fail: {rest:?}");
            let error = rest.error.as_ref().context("a failed run without an error")?;
            for (key, value) in expected.as_object().into_iter().flatten() {
                ensure!(error[key] == *value, "it failed with {error}");
            }
            return Ok(());
        }
        ensure!(rest.status == RunStatus::Success, "it did not succeed: {:?}, {:?}", rest.error, rest.log);
        // A result that is `null` does not differ from none on its way here.
        let result = &rest.result.clone().unwrap_or_else(Json::null);
        let log: &[&str] = if let End::Logs(_, log) = &self.case.end { log } else { &[] };
        ensure!(rest.log == log, "it logged {:?}", rest.log);
        match &self.case.end {
            End::Output(expected) | End::Logs(expected, _) => {
                ensure!(result.value()? == *expected, "it came to {}", short(result));
            }
            End::Text(expected) => ensure!(result.text() == expected, "it came to {}", short(result)),
            End::Clock => {
                self.clocks.push(result.value()?);
                check_clocks(&self.clocks)?;
            }
            End::Fails(_) => {}
        }
        Ok(())
    }
}

/// Clocks of the host, which does not go back, and bytes that are not drawn twice.
fn check_clocks(clocks: &[Value]) -> Result<()> {
    const YEAR_2020: u64 = 1_577_836_800_000;
    let times: Vec<u64> = clocks.iter().filter_map(|clock| clock["now"].as_u64()).collect();
    ensure!(times.len() == clocks.len() && times.is_sorted() && times[0] > YEAR_2020, "{clocks:?}");
    for (k, clock) in clocks.iter().enumerate() {
        let random = clock["random"].as_array().context("no random bytes")?;
        ensure!(random.len() == 8 && random.iter().all(|byte| byte.as_u64() < Some(256)), "{clocks:?}");
        ensure!(clocks.iter().skip(k + 1).all(|other| other["random"] != clock["random"]), "{clocks:?}");
    }
    Ok(())
}

async fn ask(host: &mut HostProcess, request: &Request) -> Result<Rest> {
    match host.ask(request).await? {
        Some(Response::Rests(mut rest)) => {
            // Whether there is a space between key and value is the language's own affair.
            rest.log = rest.log.into_iter().map(|line| line.replace("\": ", "\":")).collect();
            Ok(rest)
        }
        other => bail!("the host process said {other:?}"),
    }
}

fn keys(object: &Value) -> BTreeMap<String, Json> {
    let entries = object.as_object().into_iter().flatten();
    entries.map(|(key, value)| (key.clone(), json(value.clone()))).collect()
}

/// The beginning of a text, for errors.
fn short(json: &Json) -> String {
    json.text().chars().take(300).collect()
}

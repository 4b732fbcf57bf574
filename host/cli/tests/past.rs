//! A run's past as it was: ten answers by three people, two that the step refused, a deadline, answers that came too
//! late, a move to another version, a fork. Every view of it, of the library and of the command, is held to one
//! expected history.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, unused_crate_dependencies)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use reentry::core::actor::Actor;
use reentry::core::id::{RunId, SuspensionId};
use reentry::core::resume::Target;
use reentry::{ForkOptions, Host, ResumeOptions, Run, Tenant, Waiting};
use reentry_wire::{EventRow, Timeline, event_name};
use serde_json::{Value, json};

const REFUSES: &str = include_str!("../../engine/fixtures/refuses.wat");

/// What the fork is to tell: in which run, of which step, what was asked, which answers were refused and which came
/// too late, how it ended, with what, by whom, on which way, with which words.
const OF_FORK: &str = r#"
parent | s1   | {"n":0} | -                    | -   | answered | 1      | ann  | cli     | fine
parent | s2   | 1       | 17 by bob, 27 by cleo | -   | answered | 2      | cleo | cli     | -
parent | s3   | 2       | -                    | -   | answered | LARGE  | ann  | library | see below
parent | late | LARGE   | -                    | bob | elapsed  | "none" | -    | -       | -
parent | s4   | "none"  | -                    | -   | answered | 4      | bob  | library | -
parent | s5   | 4       | -                    | -   | answered | 5      | cleo | cli     | -
parent | s6   | 5       | -                    | -   | answered | 6      | ann  | library | -
parent | s7   | 6       | -                    | -   | answered | 8      | bob  | cli     | after the move
parent | s8   | 8       | -                    | -   | answered | 9      | ann  | cli     | -
fork   | s9   | 9       | -                    | -   | answered | 10     | cleo | library | -
fork   | s10  | 10      | -                    | -   | answered | 11     | ann  | cli     | -
"#;

/// The run itself went on otherwise.
const OF_PARENT: &str = r#"
parent | s9   | 9       | -                    | cleo | answered | 12     | bob  | library | -
parent | s10  | 12      | -                    | -    | -        | -      | -    | -       | -
"#;

/// Longer than what is kept in a row.
fn large() -> String {
    format!("\"{}\"", "x".repeat(3_000))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("refuses.wasm"), wat::parse_str(REFUSES).unwrap()).unwrap();
        let step = |id: String| json!({"then": {"id": id, "component": "refuses.wasm", "step": "ask"}});
        let mut steps: Vec<Value> = (1..=3).map(|number| step(format!("s{number}"))).collect();
        steps.push(json!({"ask": {"id": "late", "deadline": {"for": "1ms", "otherwise": "none"}}}));
        steps.extend((4..=10).map(|number| step(format!("s{number}"))));
        for (file, title) in [("first.json", "First"), ("second.json", "Second")] {
            let workflow = json!({"id": "approvals", "title": title, "steps": steps});
            std::fs::write(folder.path().join(file), workflow.to_string()).unwrap();
        }
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// What a command prints on standard output, and its exit code.
    fn command(&self, args: &[&str]) -> (String, i32) {
        let done = Command::new(env!("CARGO_BIN_EXE_reentry"))
            .args(args)
            .current_dir(self.path())
            .env("REENTRY_DATA_DIR", self.data())
            .env_remove("REENTRY_AS")
            .output()
            .unwrap();
        (String::from_utf8(done.stdout).unwrap(), done.status.code().unwrap())
    }

    fn json(&self, args: &[&str]) -> Value {
        let (printed, _) = self.command(&[args, &["--json"]].concat());
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{args:?}: {error}\n{printed}"))
    }

    fn lines(&self, args: &[&str]) -> Vec<Value> {
        let (printed, _) = self.command(&[args, &["--json"]].concat());
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The tenant on a host of its own, as another process would have. It keeps one savepoint of a run.
    async fn tenant(&self) -> Tenant {
        let host = Host::builder().data_dir(self.data()).savepoints_max(1).background(false);
        host.build().await.unwrap().default_tenant()
    }

    async fn run(&self, run: &str) -> Run {
        self.tenant().await.run(run.parse().unwrap()).await.unwrap()
    }

    /// Answers by the command.
    fn answer(&self, run: &str, who: &str, data: &str, more: &[&str]) -> i32 {
        self.command(&[&["resume", run, "--as", who, "--data", data], more].concat()).1
    }
}

fn said(who: &str, data: &str) -> ResumeOptions {
    let data: Value = serde_json::from_str(data).unwrap();
    ResumeOptions::data(data).by(who)
}

/// Has all of it happen; gives the run and its fork.
async fn happens(folder: &Folder) -> (String, String) {
    folder.json(&["workflow", "apply", "first.json"]);
    let run = folder.json(&["run", "approvals", "--as", "ann", "--input", r#"{"n":0}"#]);
    let run = run["runId"].as_str().unwrap().to_owned();
    folder.answer(&run, "ann", "1", &["--comment", "fine"]);
    let refused = folder.run(&run).await.resume(said("bob", "17")).await.unwrap_err();
    assert_eq!(refused.code(), "answer-refused");
    assert_eq!(folder.answer(&run, "cleo", "27", &[]), 2);
    folder.answer(&run, "cleo", "2", &[]);
    folder.run(&run).await.resume(said("ann", &large()).comment("see below")).await.unwrap();

    let late = folder.json(&["runs", "show", &run])["suspensions"][3]["suspensionId"].clone();
    let late: SuspensionId = late.as_str().unwrap().parse().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(2));
    let told = folder.run(&run).await.resume(said("bob", "3").step(Target::suspension(late))).await;
    assert_eq!(told.unwrap_err().code(), "expired");

    folder.run(&run).await.resume(said("bob", "4")).await.unwrap();
    folder.answer(&run, "cleo", "5", &[]);
    folder.run(&run).await.resume(said("ann", "6")).await.unwrap();
    folder.json(&["workflow", "apply", "second.json"]);
    folder.json(&["runs", "migrate", &run]);
    folder.answer(&run, "bob", "8", &["--comment", "after the move"]);
    folder.answer(&run, "ann", "9", &["--all"]);

    let fork = ForkOptions::default().answer(said("cleo", "10"));
    let fork = folder.run(&run).await.fork(fork).await.unwrap();
    let fork = fork.id().to_string();
    folder.answer(&fork, "ann", "11", &[]);

    let open = folder.run(&run).await.state().await.unwrap();
    let ninth = open.waiting().next().unwrap().1.id;
    folder.run(&run).await.resume(said("bob", "12")).await.unwrap();
    let (_, exit) =
        folder.command(&["resume", &run, "--suspension", &ninth.to_string(), "--as", "cleo", "--data", "13"]);
    assert_eq!(exit, 4);
    (run, fork)
}

/// One suspension, in the words of the table above.
#[derive(Default)]
struct Line {
    run: String,
    step: String,
    asked: Option<String>,
    refused: Vec<String>,
    late: Vec<String>,
    ended: Option<String>,
    answer: Option<String>,
    by: By,
}

#[derive(Default)]
struct By([Option<String>; 3]);

impl By {
    /// Who, the way, the words; each name must have been asserted to the user of the operating system.
    fn of(json: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if let Some(actor) = json.get("actor") {
            assert_eq!(actor["asserted"], json!(true), "{json}");
            assert!(actor["via"].as_str().unwrap().starts_with("os-user:"), "{json}");
        }
        Self([text(&json["actor"]["name"]), text(&json["channel"]), text(&json["comment"])])
    }
}

impl Line {
    /// `views` that show no ends and late tries are compared without.
    fn text(&self, whole: bool) -> String {
        let some = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let list = |texts: &[String]| if texts.is_empty() { "-".to_owned() } else { texts.join(", ") };
        // What a deadline answers is told with its end.
        let elapsed = self.ended.as_deref() == Some("elapsed") && !whole;
        let answer = if elapsed { "-".to_owned() } else { some(&self.answer) };
        let mut parts = vec![self.run.clone(), self.step.clone(), some(&self.asked), list(&self.refused)];
        if whole {
            parts.extend([list(&self.late), some(&self.ended)]);
        }
        parts.push(answer);
        parts.extend(self.by.0.iter().map(some));
        parts.join(" | ")
    }
}

fn short(json: &Value) -> String {
    let text = json.to_string();
    if text == large() { "LARGE".to_owned() } else { text }
}

/// Rows of a table, as lines.
fn expected(whole: bool, rows: impl Iterator<Item = &'static str>) -> Vec<String> {
    let line = |row: &str| {
        let cells: Vec<Option<String>> =
            row.split('|').map(|cell| Some(cell.trim().to_owned()).filter(|cell| cell != "-")).collect();
        let list = |cell: &Option<String>| match cell {
            Some(cell) => cell.split(", ").map(str::to_owned).collect(),
            None => Vec::new(),
        };
        let [run, step, asked, refused, late, ended, answer, who, channel, comment] = cells.as_slice() else {
            panic!("{row}");
        };
        Line {
            run: run.clone().unwrap(),
            step: step.clone().unwrap(),
            asked: asked.clone(),
            refused: list(refused),
            late: list(late),
            ended: ended.clone(),
            answer: answer.clone(),
            by: By([who.clone(), channel.clone(), comment.clone()]),
        }
        .text(whole)
    };
    rows.map(line).collect()
}

fn rows(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|row| !row.is_empty())
}

/// The history of `runs show` and `runs history`.
fn of_rows(rows: &Value, name: &dyn Fn(&Value) -> String) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let line = |row: &Value| {
        let tries = |key: &str| row[key].as_array().cloned().unwrap_or_default();
        let refused = tries("refusals").into_iter().map(|one| {
            assert_eq!(one["message"], json!("no sevens!"));
            format!("{} by {}", short(&one["resumePayload"]), one["actor"]["name"].as_str().unwrap())
        });
        let late = tries("lateTries").into_iter().map(|one| text(&one["actor"]["name"]).unwrap());
        Line {
            run: name(&row["runId"]),
            step: text(&row["step"]).unwrap(),
            asked: row.get("suspendPayload").map(short),
            refused: refused.collect(),
            late: late.collect(),
            ended: text(&row["ended"]),
            answer: row.get("resumePayload").map(short),
            by: By::of(row),
        }
        .text(true)
    };
    rows.as_array().unwrap().iter().map(line).collect()
}

/// The history of the library.
fn of_library(rows: &[Waiting], name: &dyn Fn(&Value) -> String) -> Vec<String> {
    use reentry::store::{Text, TryKind};
    let json_of = |text: &reentry::core::json::Json| short(&serde_json::from_str(text.text()).unwrap());
    let by = |by: &reentry::core::actor::By| By::of(&serde_json::to_value(by).unwrap());
    let line = |row: &Waiting| {
        let (record, past) = (&row.record, &row.record.past);
        let kind = |kind| past.tries.iter().filter(move |one| one.kind == kind);
        let refused = kind(TryKind::Refused).map(|one| {
            format!(
                "{} by {}",
                json_of(one.answer.as_ref().and_then(Text::here).unwrap()),
                one.by.name().unwrap()
            )
        });
        Line {
            run: name(&json!(record.run)),
            step: record.path.to_string(),
            asked: row.payload.as_ref().map(json_of),
            refused: refused.collect(),
            late: kind(TryKind::Late).map(|one| one.by.name().unwrap().to_owned()).collect(),
            ended: record.state.ended.map(|(end, _)| format!("{end:?}").to_lowercase()),
            answer: past.answer().map(json_of),
            by: by(&past.by),
        }
        .text(true)
    };
    rows.iter().map(line).collect()
}

/// What a log tells, put together: what was asked, refused and answered, by suspension.
fn of_events(events: &[Value], name: &dyn Fn(&Value) -> String) -> Vec<String> {
    let (mut order, mut lines) = (Vec::<String>::new(), BTreeMap::<String, Line>::new());
    for event in events {
        // A row of the timeline, or the payload of an event that watchers see.
        let is_watched = event.get("payload").is_some();
        let what = if is_watched { &event["payload"] } else { event };
        let kind = event.get("type").or(event.get("is")).unwrap().as_str().unwrap();
        let refused = |what: &Value| {
            format!("{} by {}", short(&what["resumePayload"]), what["actor"]["name"].as_str().unwrap())
        };
        let id =
            what.get("suspensionId").or(what.get("suspension")).and_then(Value::as_str).map(str::to_owned);
        match kind {
            "workflow-step-suspended" | "suspended" => {
                let id = id.unwrap();
                let step = what.get("id").or(what.get("path")).unwrap().as_str().unwrap().to_owned();
                let (run, asked) = (name(&event["runId"]), what.get("suspendPayload").map(short));
                order.push(id.clone());
                lines.insert(id, Line { run, step, asked, ..Line::default() });
            }
            "workflow-step-answer-refused" | "answerRefused" => {
                let line = lines.get_mut(&id.unwrap()).unwrap();
                let told = refused(if is_watched { what } else { &what["answers"][0] });
                // It is told when it comes as well.
                let came = [&line.answer, &line.by.0[0]].map(|text| text.clone().unwrap_or_default());
                assert_eq!(came.join(" by "), told);
                line.refused.push(told);
                (line.answer, line.by) = (None, By::default());
            }
            // What was open in the parent is open in the fork, under another id.
            "workflow-forked" | "forked" => {
                order.retain(|id| lines[id].answer.is_some() || lines[id].step == "late")
            }
            _ => {}
        }
        let of_resume = matches!(kind, "workflow-start" | "resumed");
        for answer in what["answers"].as_array().filter(|_| of_resume).into_iter().flatten() {
            let id = answer["suspensionId"].as_str().unwrap().to_owned();
            let line = lines.get_mut(&id).unwrap();
            assert_eq!(answer["step"], json!(line.step));
            (line.answer, line.by) = (answer.get("resumePayload").map(short), By::of(answer));
        }
    }
    order.iter().map(|id| lines[id].text(false)).collect()
}

async fn watched(run: &Run) -> Vec<Value> {
    let mut watch = run.watch(None);
    let mut events = Vec::new();
    let last = run.state().await.unwrap().version;
    while let Some(event) = watch.next().await.unwrap() {
        let is_last =
            event.run_id == run.id() && event.version == last && event_name(&event.what) == "workflow-finish";
        events.push(serde_json::to_value(EventRow::from(&event)).unwrap());
        if is_last {
            break;
        }
    }
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_view_tells_the_past_as_it_was() {
    let folder = Folder::new();
    let (run, fork) = happens(&folder).await;
    let name = |id: &Value| if *id == json!(fork) { "fork".to_owned() } else { "parent".to_owned() };
    let of_parent = || rows(OF_FORK).filter(|row| row.starts_with("parent")).chain(rows(OF_PARENT));
    for (id, wanted, in_log) in [
        (&fork, expected(true, rows(OF_FORK)), expected(false, rows(OF_FORK))),
        (&run, expected(true, of_parent()), expected(false, of_parent())),
    ] {
        let handle = folder.run(id).await;
        let check = |view: &str, told: &[String], wanted: &[String]| {
            assert_eq!(told.join("\n"), wanted.join("\n"), "{view} of {}", name(&json!(id)));
        };
        check("history", &of_library(&handle.history().await.unwrap(), &name), &wanted);
        check(
            "runs history",
            &of_rows(&folder.json(&["runs", "history", id])["suspensions"], &name),
            &wanted,
        );
        check("runs show", &of_rows(&folder.json(&["runs", "show", id])["suspensions"], &name), &wanted);

        let rows = handle.timeline().await.unwrap();
        let timeline = serde_json::to_value(Timeline::of(handle.id(), &rows)).unwrap();
        check("timeline", &of_events(timeline["timeline"].as_array().unwrap(), &name), &in_log);
        let timeline = folder.json(&["runs", "timeline", id])["timeline"].clone();
        check("runs timeline", &of_events(timeline.as_array().unwrap(), &name), &in_log);
        check("watch", &of_events(&watched(&handle).await, &name), &in_log);
    }
    // One that has ended is watched to its end.
    let in_log = expected(false, rows(OF_FORK));
    assert_eq!(of_events(&folder.lines(&["runs", "watch", &fork]), &name), in_log);
    starts_and_ends(&folder, &run).await;
}

/// Who started and who canceled is told, too.
async fn starts_and_ends(folder: &Folder, run: &str) {
    folder.json(&["runs", "cancel", run, "--as", "bob", "--comment", "enough"]);
    let timeline = folder.json(&["runs", "timeline", run])["timeline"].clone();
    let timeline = timeline.as_array().unwrap();
    let (first, last) = (timeline.first().unwrap(), timeline.last().unwrap());
    assert_eq!(By::of(first).0, [Some("ann".to_owned()), Some("cli".to_owned()), None]);
    assert_eq!(By::of(last).0, ["bob", "cli", "enough"].map(|text| Some(text.to_owned())));
    let events = folder.lines(&["runs", "watch", run]);
    let of =
        |kind: &str| By::of(&events.iter().find(|event| event["type"] == json!(kind)).unwrap()["payload"]).0;
    assert_eq!(of("workflow-start")[0].as_deref(), Some("ann"));
    assert_eq!(of("workflow-canceled")[2].as_deref(), Some("enough"));

    // What its parent did later is no part of the past of a fork that began before.
    let ninth = &folder.json(&["runs", "show", run])["suspensions"][9];
    let ninth: SuspensionId = ninth["suspensionId"].as_str().unwrap().parse().unwrap();
    let fork = folder.run(run).await.fork(ForkOptions::default().at(ninth)).await.unwrap();
    let past = fork.history().await.unwrap();
    let past: Vec<_> =
        past.iter().map(|row| (row.record.path.to_string(), row.record.state.ended.is_some())).collect();
    let wanted = ["s1", "s2", "s3", "late", "s4", "s5", "s6", "s7", "s8", "s9"];
    assert_eq!(past, wanted.map(|step| (step.to_owned(), step != "s9")));

    // Without a name it is the user of the operating system, whatever the environment says of that.
    let id: RunId = folder.json(&["run", "approvals"])["runId"].as_str().unwrap().parse().unwrap();
    folder.command(&["resume", &id.to_string(), "--data", "1"]);
    let row = &folder.json(&["runs", "show", &id.to_string()])["suspensions"][0];
    let actor: Actor = serde_json::from_value(row["actor"].clone()).unwrap();
    assert!(!actor.asserted);
    assert_eq!(actor.via, format!("os-user:{}", actor.name));
}

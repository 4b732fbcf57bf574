//! A data folder of an earlier version: whatever waits in it can be opened, answered and deleted.
//!
//! `tests/fixtures/folder-4.tar.gz` was written with schema version 4 by [`writes_a_folder`], when any well-formed
//! text was let in. It has a run in every kind of block for every odd text, and texts that came as input, answer,
//! event, state and context.

use std::collections::BTreeMap;
use std::process::Command;

use reentry::core::id::{RunId, TenantId};
use reentry::core::json::Json;
use reentry::core::resume::Target;
use reentry::core::run::RunStatus;
use reentry::store::{RunFilter, SuspensionFilter};
use reentry::{
    Component, ForkOptions, Host, OutputOptions, ResumeOptions, Run, SendEvent, StartOptions, Tenant,
    Workflow,
};

use crate::clock::Standing;
use crate::guest::{asks, calls_workflow, definition, host, traps, until, waits_for_event};

/// The folder as it was packed.
pub(crate) const PACKED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/folder-4.tar.gz");

/// Well-formed, and odd in one way each.
fn texts() -> Vec<(&'static str, String)> {
    vec![
        ("deep", "[".repeat(127) + &"]".repeat(127)),
        ("half", r#""\ud83d""#.into()),
        ("huge", "1e400".into()),
        ("twice", r#"{"a":1,"a":2}"#.into()),
        ("digits", r#"{"n":123456789012345678901234567890.10}"#.into()),
    ]
}

const ASK: &str = r#"{"then": {"component": "@", "step": "ask"}}"#;
const AGAIN: &str = r#"{"then": {"id": "again", "component": "@", "step": "ask"}}"#;

/// Where a run waits. `ASK` and `AGAIN` stand for steps that suspend with their input and complete with the answer.
const BLOCKS: [(&str, &str); 12] = [
    ("then", "ASK, AGAIN"),
    ("workflow", r#"{"workflow": {"id": "inner", "steps": [ASK]}}, AGAIN"#),
    ("parallel", r#"{"parallel": {"arms": [ASK, AGAIN]}}"#),
    (
        "branch",
        r#"{"branch": {"mode": "every", "arms": [{"when": "true", "do": ASK}, {"when": "input != 7", "do": AGAIN}]}}"#,
    ),
    ("first", r#"{"branch": {"mode": "first", "arms": [{"when": "true", "do": ASK}]}}"#),
    ("foreach", r#"{"foreach": {"items": "[1, 2]", "concurrency": 2, "do": ASK}}"#),
    ("until", r#"{"doUntil": {"do": ASK, "until": "iteration >= 2"}}"#),
    ("while", r#"{"doWhile": {"do": ASK, "while": "output == 7"}}"#),
    ("map", r#"ASK, {"map": {"to": {"was": "input"}}}"#),
    ("try", r#"{"try": {"do": [ASK, {"map": {"to": "input.gone.too"}}], "catch": AGAIN}}"#),
    ("sleep", r#"{"sleep": {"ms": 1000}}, ASK"#),
    (
        "woken",
        r#"{"try": {"do": [{"sleep": {"ms": 1000}}, {"map": {"to": "input.gone.too"}}], "catch": AGAIN}}"#,
    ),
];

fn steps(block: &str) -> String {
    format!("[{}]", block.replace("ASK", ASK).replace("AGAIN", AGAIN))
}

/// What the folder is written with.
struct Writer {
    tenant: Tenant,
    ask: Component,
    made: BTreeMap<String, RunId>,
}

impl Writer {
    async fn workflow(&self, id: &str, component: &Component, steps: &str) -> Workflow {
        self.tenant.commit(definition(id, component, steps)).await.unwrap()
    }

    /// Starts a run, unless that is refused.
    async fn start(&mut self, workflow: &Workflow, name: String, options: StartOptions) -> Option<Run> {
        let new = workflow.new_run().resource_id(name.clone());
        let run = new.start(options).await.ok()?.run;
        self.made.insert(name, run.id());
        Some(run)
    }

    /// Answers what has waited longest, whatever comes of that.
    async fn answer(&self, run: &Run, answer: Json) {
        let filter = SuspensionFilter::default().run(run.id());
        let first = self.tenant.inbox(filter).await.unwrap().rows.into_iter().next();
        if let Some(first) = first {
            let _ = run.resume(ResumeOptions::data(answer).step(Target::suspension(first.record.id))).await;
        }
    }

    async fn blocks(&mut self) {
        for (block, entries) in BLOCKS {
            let workflow = self.workflow(block, &self.ask, &steps(entries)).await;
            for (text, json) in texts() {
                let json = Json::parse(json).unwrap();
                self.start(&workflow, format!("{block} input {text}"), StartOptions::input(json.clone()))
                    .await;
                let plain = StartOptions::input(Json::parse(r#"{"a":1}"#).unwrap());
                if let Some(run) = self.start(&workflow, format!("{block} answer {text}"), plain).await {
                    self.answer(&run, json).await;
                }
            }
        }
    }

    /// Texts that come otherwise than as input and answer, and runs that stand otherwise than waiting.
    async fn others(&mut self) {
        let plain = || StartOptions::input(Json::parse("1").unwrap());
        let event = waits_for_event(&self.tenant).await;
        let events = self.workflow("event", &event, &steps("ASK")).await;
        let asked = self.ask.clone();
        self.tenant.apply_workflow(definition("ask", &asked, &steps("ASK"))).await.unwrap();
        let calls = calls_workflow(&self.tenant).await;
        let calls = self.workflow("calls", &calls, &steps("ASK")).await;
        let kept = self.workflow("kept", &asked, &steps(r#"ASK, {"map": {"to": "state.k"}}"#)).await;
        let said = self.workflow("said", &asked, &steps(r#"ASK, {"map": {"to": "context.k"}}"#)).await;
        let then = self.workflow("then", &asked, &steps("ASK, AGAIN")).await;
        for (text, json) in texts() {
            let json = Json::parse(json).unwrap();
            self.start(&events, format!("event {text}"), StartOptions::input(json.clone())).await;
            self.start(&calls, format!("calls {text}"), StartOptions::input(json.clone())).await;
            let mut state = plain();
            state.initial_state = Json::parse(format!(r#"{{"k":{json}}}"#)).ok();
            self.start(&kept, format!("state {text}"), state).await;
            let request_context = BTreeMap::from([("k".to_owned(), json.clone())]);
            self.start(&said, format!("context {text}"), plain().request_context(request_context)).await;
            let options = StartOptions::input(json.clone()).idempotency_key(format!("key {text}"));
            self.start(&then, format!("request {text}"), options).await;
            // Of these, the first goes to the run that has waited longest, whatever it was asked with.
            let sent = SendEvent::new("ask").payload(json.clone());
            let _ = self.tenant.send_event(sent).await;
            let options = || StartOptions::input(json.clone());
            if let Some(run) = self.start(&then, format!("paused {text}"), options()).await {
                let _ = run.pause().await;
            }
            if let Some(run) = self.start(&then, format!("canceled {text}"), options()).await {
                let _ = run.cancel().await;
            }
            if let Some(run) = self.start(&then, format!("forked {text}"), options()).await {
                self.answer(&run, json.clone()).await;
                let _ = run.fork(ForkOptions::default()).await;
            }
        }
        then.new_run().resource_id("pending").create().await.unwrap();
    }

    /// A call that this process will not live to make again.
    async fn orphan(&mut self) {
        let fail = traps(&self.tenant).await;
        let again = r#"[{"try": {"do": {"then": {"component": "@", "step": "ask", "retry": {"retries": 1, "delayMs": 1000}}}, "catch": {"map": {"to": "input.input"}}}}]"#;
        let workflow = self.workflow("retrying", &fail, again).await;
        for (text, json) in texts() {
            let new = workflow.new_run().resource_id(format!("retrying {text}"));
            let id = new.id();
            tokio::spawn(new.start(StartOptions::input(Json::parse(json).unwrap())));
            let is_tried = async || {
                let state = match self.tenant.run(id).await {
                    Ok(run) => run.state().await.unwrap(),
                    Err(_) => return false,
                };
                state.steps.values().any(|step| step.attempt == 1)
            };
            until(is_tried).await;
        }
    }
}

/// Writes a folder with this version, to be packed: `FOLDER=... cargo test -p reentry --test runs writes_a_folder --
/// --ignored`, then `tar czf folder-N.tar.gz host.key reentry.db*` in it, without the owners. Texts that this version
/// refuses are left out.
#[tokio::test]
#[ignore = "writes what other tests read"]
async fn writes_a_folder() {
    let folder = std::env::var("FOLDER").expect("FOLDER names the folder to be written");
    let tenant = host().data_dir(folder).clock(Standing::new()).build().await.unwrap().default_tenant();
    let ask = asks(&tenant).await;
    let mut writer = Writer { tenant, ask, made: BTreeMap::new() };
    writer.blocks().await;
    writer.others().await;
    writer.orphan().await;
    println!("{} runs", writer.made.len());
}

fn unpacked() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new("tar").args(["xzf", PACKED, "-C"]).arg(folder.path()).status().unwrap();
    assert!(done.success());
    folder
}

/// How every run stands, by what it is about.
async fn standing(tenant: &Tenant) -> Vec<(RunId, String, RunStatus)> {
    let (mut all, mut filter) = (Vec::new(), RunFilter::default());
    loop {
        let page = tenant.runs(filter.clone()).await.unwrap();
        for run in page.rows {
            let about = run.resource_id.unwrap_or_else(|| format!("{} fork", run.workflow_id));
            all.push((run.id, about, run.status));
        }
        filter.after = page.next;
        if filter.after.is_none() {
            return all;
        }
    }
}

/// Answers all that waits, lets time pass, takes over what was left: until nothing changes any more.
async fn brought_on(host: &Host, clock: &Standing) {
    let tenant = host.default_tenant();
    for _ in 0..6 {
        for (id, _, status) in standing(&tenant).await {
            let run = tenant.run(id).await.unwrap();
            let waiting =
                run.state().await.unwrap().answerable().map(|(_, open)| open.id).collect::<Vec<_>>();
            for open in waiting {
                let answer = Json::parse(r#"{"value": 7}"#).unwrap();
                let _ = run.resume(ResumeOptions::data(answer).step(Target::suspension(open))).await;
            }
            let _ = match status {
                RunStatus::Pending => run.start(StartOptions::default()).await,
                RunStatus::Paused => run.unpause().await,
                _ => continue,
            };
        }
        clock.pass_ms(3_600_000);
        host.wake_due().await.unwrap();
        host.recover().await.unwrap();
        let sent = SendEvent::new("ask");
        tenant.send_event(sent).await.unwrap();
    }
}

/// What was answered before answers were kept is told as not recorded: neither the question nor the answer, nor who
/// gave it.
async fn nothing_is_made_up(tenant: &Tenant) {
    let (mut ended, mut open) = (0, 0);
    for (id, ..) in standing(tenant).await {
        let run = tenant.run(id).await.unwrap();
        for row in run.history().await.unwrap() {
            match row.record.state.ended {
                None => open += 1,
                Some(_) => {
                    ended += 1;
                    let past = &row.record.past;
                    assert_eq!((&row.payload, past.answer(), past.by.name()), (&None, None, None));
                }
            }
        }
        for row in run.timeline().await.unwrap() {
            assert!(row.told.resume_payload.is_none() && row.told.answers.is_empty(), "{row:?}");
        }
    }
    assert!(ended > 0 && open > 0, "{ended} {open}");
}

#[tokio::test]
async fn whatever_waits_in_a_folder_of_an_earlier_version_goes_on_and_can_be_deleted() {
    let (folder, clock) = (unpacked(), Standing::new());
    let host = host().data_dir(folder.path()).clock(clock.clone()).build().await.unwrap();
    let tenant = host.default_tenant();
    let before = standing(&tenant).await.len();
    // What was everybody's is that of the one tenant whose runs need it.
    let names = async |tenant: &Tenant| {
        let listed = tenant.components().await.unwrap().into_iter();
        listed.map(|component| component.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&tenant).await, ["fail", "calls", "event", "ask"]);
    assert_eq!(tenant.workflows().await.unwrap().len(), 1);
    let other = host.tenant(TenantId::new("other").unwrap());
    assert_eq!((names(&other).await.len(), other.workflows().await.unwrap().len()), (0, 0));
    nothing_is_made_up(&tenant).await;
    brought_on(&host, &clock).await;
    let mut told = BTreeMap::<String, Vec<String>>::new();
    for (id, about, status) in standing(&tenant).await {
        let result = tenant.run(id).await.unwrap().result(OutputOptions::default()).await.unwrap();
        let code = result.error.and_then(|failure| failure.code).map(|code| format!(" [{code}]"));
        told.entry(format!("{status}{}", code.unwrap_or_default())).or_default().push(about);
    }
    told.values_mut().for_each(|runs| runs.sort());
    let count = |runs: &Vec<String>| match runs.len() {
        many if many > 40 => format!("{many} runs"),
        _ => runs.join(", "),
    };
    let lines: Vec<_> = told.iter().map(|(status, runs)| format!("{status}: {}", count(runs))).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    canceled: canceled digits, canceled half, canceled huge, canceled twice
    failed [condition-failed]: branch input half, branch input huge, while answer half, while answer huge
    failed [contract]: map answer deep, sleep input deep, sleep input half, sleep input huge, sleep input twice, try input half, try input huge, try input twice, woken input half, woken input huge, woken input twice
    failed [invalid-input]: retrying deep, try input deep, woken input deep
    failed [invalid-output]: branch answer deep, foreach answer deep, parallel answer deep
    failed [mapping-failed]: state deep
    success: 145 runs
    ");
    for _ in 0..2 {
        for (id, ..) in standing(&tenant).await {
            let run = tenant.run(id).await.unwrap();
            if !run.status().await.unwrap().is_final() {
                run.cancel().await.unwrap();
            }
            // One that was forked goes after its forks.
            let _ = tenant.delete_run(id).await;
        }
    }
    assert_eq!((standing(&tenant).await.len(), before), (0, 171));
}

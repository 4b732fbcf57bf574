//! What guests try while they run.

use reentry::core::run::RunStatus;
use reentry::{OutputOptions, Run, RunResult, Tenant};

use crate::guest::{ASKS, COMPLETES, Guest, RE_ENTERED};
use crate::handed;
use crate::stage::{Stage, answer, input, wanted};

/// How a run ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// It fails with this code, and a message in which this stands.
    Fails(&'static str, &'static str),
    /// It asks, is answered, and then fails likewise.
    ThenFails(&'static str, &'static str),
    /// It succeeds with this, at once.
    Gives(&'static str),
    /// It asks, is answered, and then succeeds with the answer.
    Succeeds,
    /// What comes of it is the guest's own affair.
    Ends,
}
use End::{Ends, Fails, Gives, Succeeds, ThenFails};

/// Whose call it is: one that may take a tenth of a second only, or one that may take long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Time {
    Short,
    Long,
}
use Time::{Long, Short};

pub(crate) type Attack = (&'static str, Time, Guest, End);

const LOOP: &str = "(loop $on (br $on))";
pub(crate) const LATE: &str = "took longer than 100ms";
pub(crate) const NOW: &str = r#"(import "reentry:step/host@0.1.0" "now" (func $now (result i64)))"#;
pub(crate) const LOG: &str =
    r#"(import "reentry:step/host@0.1.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))"#;

pub(crate) const fn starts(start: &'static str) -> Guest {
    Guest { start, ..ASKS }
}

pub(crate) const fn with(imports: &'static str, start: &'static str) -> Guest {
    Guest { imports, ..starts(start) }
}

pub(crate) const fn reallocs(realloc: &'static str) -> Guest {
    Guest { realloc, ..ASKS }
}

/// A function that calls itself, and works on with what that gave.
const DEEP: &str = "(func $deep (param i64) (result i64)
  (i64.add (call $deep (i64.add (local.get 0) (i64.const 1))) (local.get 0)))";

/// Two that call each other through a table.
const INDIRECT: &str =
    "(type $f (func (param i64) (result i64))) (table 2 funcref) (elem (i32.const 0) $a $b)
  (func $a (type $f) (i64.add (call_indirect (type $f) (local.get 0) (i32.const 1)) (local.get 0)))
  (func $b (type $f) (i64.add (call_indirect (type $f) (local.get 0) (i32.const 0)) (local.get 0)))";

/// A step that says its output is a text, and gives an object.
fn lies() -> Guest {
    let more = r#"(data (i32.const 1600) "{\"type\":\"string\"}")"#;
    let describe = "(i32.store8 (i32.const 108) (i32.const 1))
      (i32.store (i32.const 112) (i32.const 1600)) (i32.store (i32.const 116) (i32.const 17))";
    Guest { more, describe, ..starts(COMPLETES) }
}

/// Does this when the host has taken what `start` returned.
pub(crate) fn post_return(does: &str) -> Guest {
    let name = "cabi_post_reentry:step/guest@0.1.0#start";
    Guest { more: leaked(format!(r#"(func (export "{name}") (param i32) {does})"#)), ..ASKS }
}

/// Recursion with a thousand numbers in each frame, all of which are needed afterwards.
fn large_frames() -> Guest {
    let all = |part: &str| (0..1_000).map(|n| part.replace('@', &n.to_string())).collect::<String>();
    let more = format!(
        "(func $deep (param i64) (result i64) {} {} (call $deep (local.get $l999)) {})",
        all("(local $l@ i64)"),
        all("(local.set $l@ (i64.mul (local.get 0) (i64.const @)))"),
        all("(i64.add (local.get $l@))"),
    );
    Guest { more: leaked(more), ..starts("(drop (call $deep (i64.const 1)))") }
}

/// Parts of guests live as long as the program.
pub(crate) fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn attacks() -> Vec<Attack> {
    let overflow = "the call stack overflowed";
    vec![
        ("a_026_an_output_that_breaks_its_schema", Long, lies(), Fails("invalid-output", "")),
        ("a_040_start_does_not_end", Short, starts(LOOP), Fails("timeout", LATE)),
        ("a_040_resume_does_not_end", Short, Guest { resume: LOOP, ..ASKS }, ThenFails("timeout", LATE)),
        ("a_040_realloc_does_not_end", Short, reallocs(LOOP), Fails("timeout", LATE)),
        ("a_040_post_return_does_not_end", Short, post_return(LOOP), Fails("timeout", LATE)),
        (
            "a_041_it_asks_the_host_for_ever",
            Short,
            with(NOW, "(loop $on (drop (call $now)) (br $on))"),
            Fails("timeout", LATE),
        ),
        (
            "a_041_it_logs_for_ever",
            Short,
            with(
                LOG,
                "(loop $on (call $log (i32.const 2) (i32.const 32) (i32.const 2) (i32.const 0) (i32.const 0)
                (i32.const 0)) (br $on))",
            ),
            Fails("timeout", LATE),
        ),
        (
            "a_042_recursion",
            Long,
            Guest { more: DEEP, ..starts("(drop (call $deep (i64.const 1)))") },
            Fails("trap", overflow),
        ),
        (
            "a_042_recursion_in_resume",
            Long,
            Guest { more: DEEP, resume: "(drop (call $deep (i64.const 1)))", ..ASKS },
            ThenFails("trap", overflow),
        ),
        (
            "a_042_recursion_through_a_table",
            Long,
            Guest { more: INDIRECT, ..starts("(drop (call $a (i64.const 1)))") },
            Fails("trap", overflow),
        ),
        (
            "a_042_recursion_in_realloc",
            Long,
            Guest { more: DEEP, ..reallocs("(drop (call $deep (i64.const 1)))") },
            Fails("trap", overflow),
        ),
        ("a_043_large_frames", Long, large_frames(), Fails("trap", overflow)),
        (
            "a_044_all_memory_at_once",
            Long,
            starts("(if (i32.ne (memory.grow (i32.const 65535)) (i32.const -1)) (then unreachable))"),
            Succeeds,
        ),
        (
            "a_044_all_memory_page_by_page",
            Long,
            starts("(loop $on (br_if $on (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable"),
            Fails("limit", "bytes of memory"),
        ),
        (
            "a_044_and_touches_it",
            Long,
            starts(
                "(loop $on (local.set $n (memory.grow (i32.const 1))) (if (i32.ne (local.get $n)
                (i32.const -1)) (then (i32.store (i32.shl (local.get $n) (i32.const 16)) (i32.const 1))
                (br $on)))) unreachable",
            ),
            Fails("limit", "bytes of memory"),
        ),
        (
            "a_046_a_table_of_ten_million",
            Long,
            Guest {
                more: "(table $t 1 funcref)",
                describe: RE_ENTERED,
                ..starts(
                    "(if (i32.ne (table.grow $t (ref.null func) (i32.const 10000000)) (i32.const -1))
                (then unreachable))",
                )
            },
            Succeeds,
        ),
        (
            "a_047_it_fills_memory_for_ever",
            Short,
            Guest {
                pages: "200",
                ..starts(
                    "(loop $on (memory.fill (i32.const 65536) (i32.const 1) (i32.const 13000000)) (br $on))",
                )
            },
            Fails("timeout", LATE),
        ),
        (
            "a_047_it_copies_memory_for_ever",
            Short,
            Guest {
                pages: "200",
                ..starts(
                    "(loop $on (memory.copy (i32.const 65536) (i32.const 65540) (i32.const 13000000)) (br $on))",
                )
            },
            Fails("timeout", LATE),
        ),
        (
            "a_047_it_fills_a_table_for_ever",
            Short,
            Guest {
                more: "(table $t 100000 funcref)",
                describe: RE_ENTERED,
                ..starts(
                    "(loop $on (table.fill $t (i32.const 0) (ref.null func) (i32.const 100000)) (br $on))",
                )
            },
            Fails("timeout", LATE),
        ),
        (
            "a_048_realloc_takes_all_memory",
            Long,
            reallocs(
                "(loop $on (br_if $on (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable",
            ),
            Fails("limit", "bytes of memory"),
        ),
        ("an_honest_one", Long, starts(COMPLETES), Gives(r#"{"n":1}"#)),
    ]
}

fn ended(name: &str, stage: &Stage, result: &RunResult) -> String {
    let Some(failure) = &result.error else { return format!("{:?}", result.status) };
    stage.tells_nothing(name, &failure.message);
    assert!(failure.message.len() <= 17 << 10, "{name}: {} bytes of message", failure.message.len());
    format!("{:?} {}: {}", result.status, failure.code.as_deref().unwrap_or_default(), failure.message)
}

/// What is wrong with how a run ended.
async fn play(stage: &Stage, (name, time, guest, end): &Attack) -> Result<(), String> {
    let tenant = if *time == Short { &stage.hurried } else { &stage.attacker };
    let workflow = stage.workflow(tenant, guest).await.map_err(|error| error.to_string())?;
    let started = workflow.new_run().start(input()).await.map_err(|error| error.to_string())?;
    let (run, mut result) = (started.run, started.result);
    if let ThenFails(..) | Succeeds = end {
        if result.status != RunStatus::Suspended {
            return Err(ended(name, stage, &result));
        }
        result = answer(&run).await.map_err(|error| error.to_string())?;
    }
    let told = ended(name, stage, &result);
    let right = match end {
        Fails(code, says) | ThenFails(code, says) => {
            let found = result.error.as_ref().and_then(|failure| failure.code.as_deref()).unwrap_or_default();
            result.status == RunStatus::Failed && found == *code && told.contains(says)
        }
        Gives(output) => result.result.as_ref().is_some_and(|json| json.text() == *output),
        Succeeds => result.result.as_ref().is_some_and(|json| json.text() == "7"),
        Ends => true,
    };
    is_left(tenant, &run).await;
    if right { Ok(()) } else { Err(told) }
}

/// A run can be looked at, ended and deleted, whatever its guest did.
async fn is_left(tenant: &Tenant, run: &Run) {
    run.steps().await.unwrap();
    run.history().await.unwrap();
    run.result(OutputOptions::default().include_state(true)).await.unwrap();
    if !run.status().await.unwrap().is_final() {
        run.cancel().await.unwrap();
    }
    tenant.delete_run(run.id()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_guests_end_by_name_and_nobody_else_notices() {
    let stage = Stage::new().await;
    let mut wrong = Vec::new();
    for attack in attacks().iter().chain(&handed::attacks()).filter(|(name, ..)| wanted(name)) {
        if let Err(told) = play(&stage, attack).await {
            wrong.push(format!("{}: {told} instead of {:?}", attack.0, attack.3));
        }
        stage.bystander_is_served(attack.0).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    stage.ends_unharmed().await;
}

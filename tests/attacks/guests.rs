//! What guests try while they run.

use reentry::core::run::RunStatus;
use reentry::{OutputOptions, Run, RunResult, Tenant};

use crate::guest::{ASKS, COMPLETES, Guest, RE_ENTERED};
use crate::stage::{Stage, answer, input, wanted};

/// How a run ends.
#[derive(Clone, Copy, Debug)]
enum End {
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
enum Time {
    Short,
    Long,
}
use Time::{Long, Short};

type Attack = (&'static str, Time, Guest, End);

/// Completes with so many bytes or code units at a place.
macro_rules! text_at {
    ($length:literal $at:literal) => {
        concat!(
            "(i32.store8 (i32.const 1032) (i32.const 0)) (i32.store (i32.const 1036) (i32.const ",
            $at,
            ")) (i32.store (i32.const 1040) (i32.const ",
            $length,
            ")) (return (i32.const 1024))"
        )
    };
}

const LOOP: &str = "(loop $on (br $on))";
const LATE: &str = "took longer than 100ms";
const NOW: &str = r#"(import "reentry:step/host@0.1.0" "now" (func $now (result i64)))"#;
const LOG: &str = r#"(import "reentry:step/host@0.1.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))"#;
const RANDOM: &str = r#"(import "reentry:step/host@0.1.0" "random" (func $random (param i32 i32)))"#;
const EMIT: &str = r#"(import "reentry:step/host@0.1.0" "emit" (func $emit (param i32 i32)))"#;
const SET: &str = r#"(import "reentry:step/host@0.1.0" "set-state" (func $set (param i32 i32 i32 i32 i32)))"#;
const POLL: &str = r#"
  (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64) (result i32)))
  (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop (param i32)))
  (import "wasi:random/random@0.2.0" "get-random-bytes" (func $bytes (param i64 i32)))"#;

const fn starts(start: &'static str) -> Guest {
    Guest { start, ..ASKS }
}

const fn with(imports: &'static str, start: &'static str) -> Guest {
    Guest { imports, ..starts(start) }
}

const fn polls(start: &'static str) -> Guest {
    Guest { wasi: true, describe: RE_ENTERED, ..with(POLL, start) }
}

const fn reallocs(realloc: &'static str) -> Guest {
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

/// Asks a thousand times, each time with the same million labels.
const LISTS: &str = "(loop $on
    (i32.store (i32.add (i32.const 65560) (local.get $n)) (i32.const 4194304))
    (i32.store (i32.add (i32.const 65564) (local.get $n)) (i32.const 1000000))
    (br_if $on (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 80))) (i32.const 80000))))
  (i32.store8 (i32.const 1032) (i32.const 2))
  (i32.store (i32.const 1036) (i32.const 65536)) (i32.store (i32.const 1040) (i32.const 1000))
  (return (i32.const 1024))";

/// A step that says its output is a text, and gives an object.
fn lies() -> Guest {
    let more = r#"(data (i32.const 1600) "{\"type\":\"string\"}")"#;
    let describe = "(i32.store8 (i32.const 108) (i32.const 1))
      (i32.store (i32.const 112) (i32.const 1600)) (i32.store (i32.const 116) (i32.const 17))";
    Guest { more, describe, ..starts(COMPLETES) }
}

/// Does this when the host has taken what `start` returned.
fn post_return(does: &str) -> Guest {
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
    let beyond = "out of bounds";
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
                "(loop $on (call $log (i32.const 2) (i32.const 32) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0)) (br $on))",
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
                "(loop $on (local.set $n (memory.grow (i32.const 1))) (if (i32.ne (local.get $n) (i32.const -1)) (then (i32.store (i32.shl (local.get $n) (i32.const 16)) (i32.const 1)) (br $on)))) unreachable",
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
                    "(if (i32.ne (table.grow $t (ref.null func) (i32.const 10000000)) (i32.const -1)) (then unreachable))",
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
        (
            "a_049_realloc_gives_what_is_not_there",
            Long,
            reallocs("(return (i32.const -65536))"),
            Fails("contract", "beyond end of memory"),
        ),
        (
            "a_049_realloc_gives_the_last_byte",
            Long,
            reallocs("(return (i32.const 65535))"),
            Fails("contract", ""),
        ),
        (
            "a_049_realloc_gives_what_is_not_aligned",
            Long,
            reallocs("(if (i32.gt_u (local.get $align) (i32.const 1)) (then (return (i32.const 40001))))"),
            Fails("contract", "align"),
        ),
        ("a_049_realloc_gives_the_same_for_all", Long, reallocs("(return (i32.const 40000))"), Ends),
        ("a_049_realloc_gives_its_own_code_s_data", Long, reallocs("(return (i32.const 0))"), Ends),
        (
            "a_049_realloc_asks_the_host",
            Long,
            Guest { imports: NOW, ..reallocs("(drop (call $now))") },
            Fails("trap", ""),
        ),
        ("a_050_a_text_as_long_as_can_be", Long, starts(text_at!("-1" "0")), Fails("contract", beyond)),
        ("a_050_a_text_beyond_the_end", Long, starts(text_at!("64" "65500")), Fails("contract", beyond)),
        ("a_050_a_result_beyond_the_end", Long, starts("(return (i32.const 65532))"), Fails("contract", "")),
        (
            "a_050_a_result_that_is_not_aligned",
            Long,
            starts("(return (i32.const 1025))"),
            Fails("contract", "align"),
        ),
        (
            "a_050_a_kind_that_there_is_not",
            Long,
            starts("(i32.store8 (i32.const 1032) (i32.const 9)) (return (i32.const 1024))"),
            Fails("contract", "discriminant"),
        ),
        (
            "a_050_as_many_waits_as_can_be",
            Long,
            starts(
                "(i32.store8 (i32.const 1032) (i32.const 2)) (i32.store (i32.const 1036) (i32.const 1152)) (i32.store (i32.const 1040) (i32.const -1)) (return (i32.const 1024))",
            ),
            Fails("contract", beyond),
        ),
        ("a_050_utf_16", Long, Guest { encoding: reentry::wasm::Encoding::Utf16, ..ASKS }, Succeeds),
        (
            "a_050_utf_16_as_long_as_can_be",
            Long,
            Guest { encoding: reentry::wasm::Encoding::Utf16, ..starts(text_at!("0x7fffffff" "0")) },
            Fails("contract", beyond),
        ),
        (
            "a_050_utf_16_of_twice_as_long",
            Long,
            Guest { encoding: reentry::wasm::Encoding::Utf16, ..starts(text_at!("-1" "0")) },
            Fails("contract", ""),
        ),
        (
            "a_050_utf_16_that_is_not_aligned",
            Long,
            Guest { encoding: reentry::wasm::Encoding::Utf16, ..starts(text_at!("1" "1601")) },
            Fails("contract", "align"),
        ),
        (
            "a_051_half_a_pair_of_utf_16",
            Long,
            Guest {
                encoding: reentry::wasm::Encoding::Utf16,
                more: r#"(data (i32.const 1600) "\22\00\00\d8\22\00")"#,
                ..starts(text_at!("3" "1600"))
            },
            Fails("contract", "unpaired surrogate"),
        ),
        (
            "a_051_an_output_that_is_no_text",
            Long,
            Guest { more: r#"(data (i32.const 1600) "\22\ff\22")"#, ..starts(text_at!("3" "1600")) },
            Fails("contract", "utf-8"),
        ),
        (
            "a_051_a_line_that_is_no_text",
            Long,
            Guest {
                more: r#"(data (i32.const 1600) "\ff")"#,
                ..with(
                    LOG,
                    "(call $log (i32.const 2) (i32.const 1600) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0))",
                )
            },
            Fails("contract", "utf-8"),
        ),
        (
            "a_051_a_key_that_is_no_text",
            Long,
            Guest {
                more: r#"(data (i32.const 1600) "\ff1")"#,
                ..with(
                    SET,
                    "(call $set (i32.const 1600) (i32.const 1) (i32.const 1601) (i32.const 1) (i32.const 1604))",
                )
            },
            Fails("contract", "utf-8"),
        ),
        (
            "a_052_a_large_output",
            Long,
            Guest { pages: "100", ..starts(text_at!("1048577" "65536")) },
            Fails("limit", "bytes of one value: 1048577 asked for, 1048576 allowed"),
        ),
        (
            "a_052_more_than_may_cross",
            Long,
            Guest { pages: "100", ..starts(text_at!("5000000" "65536")) },
            Fails("contract", "fuel"),
        ),
        (
            "a_052_lists_of_the_same_lists",
            Long,
            Guest { pages: "200", ..starts(LISTS) },
            Fails("contract", "fuel"),
        ),
        ("a_054_unreachable", Long, starts("unreachable"), Fails("trap", "")),
        ("a_054_unreachable_in_resume", Long, Guest { resume: "unreachable", ..ASKS }, ThenFails("trap", "")),
        (
            "a_054_a_division_by_zero",
            Long,
            starts("(drop (i32.div_u (i32.const 1) (local.get $n)))"),
            Fails("trap", "divided by zero"),
        ),
        (
            "a_054_memory_that_is_not_there",
            Long,
            starts("(drop (i32.load (i32.const -4)))"),
            Fails("trap", "outside its memory"),
        ),
        (
            "a_054_a_null_function",
            Long,
            Guest {
                more: "(type $f (func)) (table 1 funcref)",
                ..starts("(call_indirect (type $f) (i32.const 0))")
            },
            Fails("trap", "null"),
        ),
        (
            "a_054_a_function_of_another_type",
            Long,
            Guest {
                more: "(type $f (func)) (table 1 funcref) (func $g (param i32)) (elem (i32.const 0) $g)",
                ..starts("(call_indirect (type $f) (i32.const 0))")
            },
            Fails("trap", "another type"),
        ),
        ("a_054_unreachable_after_its_result", Long, post_return("unreachable"), Fails("trap", "")),
        (
            "a_058_handles_without_end",
            Long,
            polls("(loop $on (drop (call $after (i64.const 1))) (br $on))"),
            Fails("limit", "handles of the host"),
        ),
        (
            "a_058_a_handle_that_is_dropped_twice",
            Long,
            polls(
                "(local.set $n (call $after (i64.const 1))) (call $drop (local.get $n)) (call $drop (local.get $n))",
            ),
            Fails("contract", "handle"),
        ),
        (
            "a_058_a_handle_that_was_dropped",
            Long,
            polls(
                "(local.set $n (call $after (i64.const 1))) (call $drop (local.get $n)) (call $block (local.get $n))",
            ),
            Fails("contract", "handle"),
        ),
        (
            "a_058_a_handle_that_is_made_up",
            Long,
            polls("(call $block (i32.const 77))"),
            Fails("contract", "handle"),
        ),
        (
            "a_059_four_gigabytes_of_chance",
            Long,
            with(RANDOM, "(call $random (i32.const -1) (i32.const 1600))"),
            Fails("limit", "random bytes in one call"),
        ),
        (
            "a_059_the_same_through_wasi",
            Long,
            polls("(call $bytes (i64.const 0x100000000) (i32.const 1600))"),
            Fails("contract", "exceeds limit 65536"),
        ),
        (
            "a_060_it_sleeps_for_a_year",
            Short,
            polls("(call $block (call $after (i64.const 31536000000000000)))"),
            Fails("timeout", LATE),
        ),
        (
            "a_060_it_sleeps_for_ever",
            Short,
            polls("(call $block (call $after (i64.const -1)))"),
            Fails("timeout", LATE),
        ),
        (
            "a_070_it_emits_without_end",
            Long,
            Guest {
                pages: "17",
                ..with(
                    EMIT,
                    "(memory.fill (i32.const 65536) (i32.const 32) (i32.const 999999)) (i32.store8 (i32.const 1065535) (i32.const 49)) (loop $on (call $emit (i32.const 65536) (i32.const 1000000)) (br $on))",
                )
            },
            Fails("limit", "bytes of chunks emitted by one call"),
        ),
        (
            "a_071_a_failure_of_four_megabytes",
            Long,
            Guest {
                pages: "70",
                ..starts(
                    "(memory.fill (i32.const 65536) (i32.const 120) (i32.const 4000000)) (i32.store8 (i32.const 1024) (i32.const 1)) (i32.store (i32.const 1032) (i32.const 65536)) (i32.store (i32.const 1036) (i32.const 4000000)) (return (i32.const 1024))",
                )
            },
            Fails("", "... (4000000 bytes, cut)"),
        ),
        (
            "a_080_a_question_of_two_megabytes",
            Long,
            Guest {
                pages: "70",
                ..starts(
                    "(memory.fill (i32.const 65536) (i32.const 49) (i32.const 2000000)) (i32.store (i32.const 1168) (i32.const 65536)) (i32.store (i32.const 1172) (i32.const 2000000)) (i32.store8 (i32.const 1032) (i32.const 2)) (i32.store (i32.const 1036) (i32.const 1152)) (i32.store (i32.const 1040) (i32.const 1)) (return (i32.const 1024))",
                )
            },
            Fails("limit", "bytes of one value: 2000000 asked for"),
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
    for attack in attacks().iter().filter(|(name, ..)| wanted(name)) {
        if let Err(told) = play(&stage, attack).await {
            wrong.push(format!("{}: {told} instead of {:?}", attack.0, attack.3));
        }
        stage.bystander_is_served(attack.0).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    stage.is_unharmed().await;
}

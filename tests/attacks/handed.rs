//! What guests hand to the host, and ask of it: memory for arguments, texts, lists, handles, traps.

use crate::guest::{ASKS, Guest, RE_ENTERED};
use crate::guests::Attack;
use crate::guests::End::{Ends, Fails, Succeeds, ThenFails};
use crate::guests::Time::{Long, Short};
use crate::guests::{LATE, LOG, NOW, post_return, reallocs, starts, with};

const RANDOM: &str = r#"(import "reentry:step/host@0.1.0" "random" (func $random (param i32 i32)))"#;
const EMIT: &str = r#"(import "reentry:step/host@0.1.0" "emit" (func $emit (param i32 i32)))"#;
const SET: &str = r#"(import "reentry:step/host@0.1.0" "set-state" (func $set (param i32 i32 i32 i32 i32)))"#;
const POLL: &str = r#"
  (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64) (result i32)))
  (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop (param i32)))
  (import "wasi:random/random@0.2.0" "get-random-bytes" (func $bytes (param i64 i32)))"#;

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

const fn polls(start: &'static str) -> Guest {
    Guest { wasi: true, describe: RE_ENTERED, ..with(POLL, start) }
}

/// Asks a thousand times, each time with the same million labels.
const LISTS: &str = "(loop $on
    (i32.store (i32.add (i32.const 65560) (local.get $n)) (i32.const 4194304))
    (i32.store (i32.add (i32.const 65564) (local.get $n)) (i32.const 1000000))
    (br_if $on (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 80))) (i32.const 80000))))
  (i32.store8 (i32.const 1032) (i32.const 2))
  (i32.store (i32.const 1036) (i32.const 65536)) (i32.store (i32.const 1040) (i32.const 1000))
  (return (i32.const 1024))";

pub(crate) fn attacks() -> Vec<Attack> {
    let beyond = "out of bounds";
    vec![
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
                "(i32.store8 (i32.const 1032) (i32.const 2)) (i32.store (i32.const 1036) (i32.const 1152))
                (i32.store (i32.const 1040) (i32.const -1)) (return (i32.const 1024))",
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
                    "(call $log (i32.const 2) (i32.const 1600) (i32.const 1) (i32.const 0) (i32.const 0)
                (i32.const 0))",
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
                    "(memory.fill (i32.const 65536) (i32.const 32) (i32.const 999999))
                (i32.store8 (i32.const 1065535) (i32.const 49)) (loop $on (call $emit (i32.const 65536)
                (i32.const 1000000)) (br $on))",
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
                    "(memory.fill (i32.const 65536) (i32.const 120) (i32.const 4000000))
                (i32.store8 (i32.const 1024) (i32.const 1)) (i32.store (i32.const 1032) (i32.const 65536))
                (i32.store (i32.const 1036) (i32.const 4000000)) (return (i32.const 1024))",
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
                    "(memory.fill (i32.const 65536) (i32.const 49) (i32.const 2000000))
                (i32.store (i32.const 1168) (i32.const 65536)) (i32.store (i32.const 1172)
                (i32.const 2000000)) (i32.store8 (i32.const 1032) (i32.const 2)) (i32.store (i32.const 1036)
                (i32.const 1152)) (i32.store (i32.const 1040) (i32.const 1)) (return (i32.const 1024))",
                )
            },
            Fails("limit", "bytes of one value: 2000000 asked for"),
        ),
    ]
}

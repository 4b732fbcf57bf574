//! The ways out of a guest, and steps that give a text on each of them.

use std::fmt::Write as _;

/// More than a value may have.
const LARGE_BYTES: usize = 5 << 20;

/// Where texts are laid down in a guest: a table of places and lengths, the texts, and one that is written by the
/// guest itself.
const TABLE: usize = 1 << 16;
const TEXTS: usize = 1 << 17;
const LARGE: usize = 1 << 20;

/// A way out of a guest.
pub(super) struct Way {
    /// What stands there, as messages call it.
    pub(super) name: &'static str,
    /// What the guest imports for it.
    pub(super) import: String,
    /// What its step does there with the text `$text` of `$len` bytes.
    pub(super) does: String,
    /// What the run comes to when the text is let in.
    pub(super) then: Then,
}

/// What a run comes to with a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Then {
    /// It succeeds with it.
    Output,
    /// It succeeds.
    Done,
    /// It fails with it as details.
    Details,
    /// It asks with it.
    Asks,
    /// It succeeds with it once a deadline has passed.
    Otherwise,
    /// It has it among its state, or its request context.
    State,
    Context,
    /// It asks, or fails as this is no schema.
    Schema,
}

const COMPLETED: &str = "(i32.store8 (i32.const 1032) (i32.const 0))
    (i32.store (i32.const 1036) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1040) (i32.load offset=100 (local.get $call)))";
pub(super) const SUSPENDED: &str = "(i32.store8 (i32.const 1032) (i32.const 2))
    (i32.store (i32.const 1036) (i32.const 1152))
    (i32.store (i32.const 1040) (i32.const 1))";
/// Its payload is the input.
pub(super) const QUESTION: &str = "(i32.store (i32.const 1168) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1172) (i32.load offset=100 (local.get $call)))";
const FAILED: &str = "(i32.store8 (i32.const 1024) (i32.const 1))
    (i32.store (i32.const 1032) (i32.const 32))
    (i32.store (i32.const 1036) (i32.const 3))";
/// Of the event that is named as the step.
pub(super) const EVENT: &str = "(i32.store8 (i32.const 1160) (i32.const 2))
    (i32.store (i32.const 1168) (i32.const 32))
    (i32.store (i32.const 1172) (i32.const 3))";
/// Of the workflow that is named as the step.
const RUN: &str = "(i32.store8 (i32.const 1160) (i32.const 3))
    (i32.store8 (i32.const 1168) (i32.const 1))
    (i32.store (i32.const 1172) (i32.const 32))
    (i32.store (i32.const 1176) (i32.const 3))";

/// Stores the text at two places.
pub(super) fn text_at(at: usize) -> String {
    format!(
        "(i32.store (i32.const {at}) (global.get $text)) (i32.store (i32.const {}) (global.get $len))",
        at + 4
    )
}

/// Ends as the host function said, whose answer is at 1600: a failure is the step's.
fn or_failure(then: &str) -> String {
    format!(
        "(if (i32.load8_u (i32.const 1600)) (then
      (memory.copy (i32.const 1032) (i32.const 1608) (i32.const 56))
      (i32.store8 (i32.const 1024) (i32.const 1))) (else {then}))"
    )
}

fn import(name: &str, params: &str) -> String {
    format!(r#"(import "reentry:step/host@0.1.0" "{name}" (func $host (param {params})))"#)
}

pub(super) fn way(name: &'static str, then: Then, does: &[&str]) -> Way {
    Way { name, import: String::new(), does: does.join("\n    "), then }
}

fn with_import(name: &'static str, import: String, then: Then, does: &[&str]) -> Way {
    Way { import, ..way(name, then, does) }
}

/// The ways on which JSON comes.
pub(super) fn ways() -> Vec<Way> {
    let set =
        "(call $host (i32.const 32) (i32.const 3) (global.get $text) (global.get $len) (i32.const 1600))";
    let (asks, waits) = (&format!("{QUESTION} {SUSPENDED}"), or_failure(&format!("{QUESTION} {SUSPENDED}")));
    let deadline = |at: usize| {
        format!(
            "(i32.store8 (i32.const {at}) (i32.const 1)) (i64.store (i32.const {}) (i64.const 5000))
    (i32.store8 (i32.const {}) (i32.const 1)) {}",
            at + 8,
            at + 16,
            text_at(at + 20)
        )
    };
    let log = "(call $host (i32.const 2) (i32.const 32) (i32.const 3) (i32.const 1) (global.get $text) (global.get $len))";
    vec![
        way("completed", Then::Output, &["(i32.store8 (i32.const 1032) (i32.const 0))", &text_at(1036)]),
        way("bailed", Then::Output, &["(i32.store8 (i32.const 1032) (i32.const 1))", &text_at(1036)]),
        way(
            "failure.details",
            Then::Details,
            &[FAILED, "(i32.store8 (i32.const 1072) (i32.const 1))", &text_at(1076)],
        ),
        way("suspended.waits[0].payload", Then::Asks, &[&text_at(1168), SUSPENDED]),
        way(
            "suspended.waits[0].resume-schema",
            Then::Schema,
            &[asks, "(i32.store8 (i32.const 1184) (i32.const 1))", &text_at(1188)],
        ),
        way("suspended.waits[0].deadline.otherwise", Then::Otherwise, &[asks, &deadline(1200)]),
        way("suspended.waits[0].deadline.otherwise", Then::Otherwise, &[EVENT, SUSPENDED, &deadline(1192)]),
        way("suspended.waits[0].input", Then::Asks, &[RUN, SUSPENDED, &text_at(1180)]),
        with_import("log.fields", import("log", "i32 i32 i32 i32 i32 i32"), Then::Done, &[log, COMPLETED]),
        with_import(
            "emit.chunk",
            import("emit", "i32 i32"),
            Then::Done,
            &["(call $host (global.get $text) (global.get $len))", COMPLETED],
        ),
        with_import("ask", import("set-state", "i32 i32 i32 i32 i32"), Then::State, &[set, &waits]),
        with_import(
            "ask",
            import("set-request-context", "i32 i32 i32 i32 i32"),
            Then::Context,
            &[set, &waits],
        ),
    ]
}

/// The ways on which texts come that are no JSON, and what becomes of a run with each: empty, long, too long to be
/// kept, of characters that are none to be seen, and none at all.
pub(super) fn names() -> Vec<Way> {
    let suspends = |does: &str| format!("{does} {SUSPENDED}");
    let label = "(i32.store (i32.const 1176) (i32.const 1304)) (i32.store (i32.const 1180) (i32.const 1))";
    let set = |name| {
        let does = "(call $host (global.get $text) (global.get $len) (i32.const 1304) (i32.const 1) (i32.const 1600))";
        let one = "(i32.store8 (i32.const 1304) (i32.const 49))";
        let import = import(name, "i32 i32 i32 i32 i32");
        (import, format!("{one} {does} {}", or_failure(COMPLETED)))
    };
    let ((state, sets_state), (context, sets_context)) = (set("set-state"), set("set-request-context"));
    let log = "(call $host (i32.const 2) (global.get $text) (global.get $len) (i32.const 0) (i32.const 0) (i32.const 0))";
    let result = "(call $host (global.get $text) (global.get $len) (i32.const 1600))";
    vec![
        way("label", Then::Asks, &[QUESTION, label, &text_at(1304), SUSPENDED]),
        way("event", Then::Done, &["(i32.store8 (i32.const 1160) (i32.const 2))", &text_at(1168), SUSPENDED]),
        way(
            "event key",
            Then::Done,
            &[&suspends(EVENT), "(i32.store8 (i32.const 1176) (i32.const 1))", &text_at(1180)],
        ),
        way(
            "workflow to run",
            Then::Done,
            &[
                "(i32.store8 (i32.const 1160) (i32.const 3)) (i32.store8 (i32.const 1168) (i32.const 1))",
                &text_at(1172),
                "(i32.store (i32.const 1180) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1184) (i32.load offset=100 (local.get $call)))",
                SUSPENDED,
            ],
        ),
        way(
            "step to run",
            Then::Done,
            &[
                "(i32.store8 (i32.const 1160) (i32.const 3))",
                &text_at(1172),
                "(i32.store (i32.const 1180) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1184) (i32.load offset=100 (local.get $call)))",
                SUSPENDED,
            ],
        ),
        way("message", Then::Done, &[FAILED, &text_at(1032)]),
        way("code", Then::Done, &[FAILED, "(i32.store8 (i32.const 1040) (i32.const 1))", &text_at(1044)]),
        with_import("log", import("log", "i32 i32 i32 i32 i32 i32"), Then::Done, &[log, COMPLETED]),
        with_import("step-result", import("step-result", "i32 i32 i32"), Then::Done, &[result, COMPLETED]),
        with_import("key of the state", state, Then::Done, &[&sets_state]),
        with_import("key of the context", context, Then::Done, &[&sets_context]),
    ]
}

/// A guest with these texts, the last of which it writes by itself: all that is different from `ask.wat` before its
/// functions.
pub(super) fn laid_down(import: &str, texts: &[Vec<u8>]) -> String {
    let words = |words: [usize; 2]| -> String {
        let bytes = words.iter().flat_map(|word| u32::try_from(*word).unwrap().to_le_bytes());
        bytes.map(|byte| format!("\\{byte:02x}")).collect()
    };
    let (mut data, mut at) = (String::new(), TEXTS);
    for (row, text) in texts.iter().enumerate() {
        let bytes: String = text.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let _ = writeln!(data, "(data (i32.const {at}) \"{bytes}\")");
        let _ = writeln!(data, "(data (i32.const {}) \"{}\")", TABLE + 8 * row, words([at, text.len()]));
        at += text.len();
    }
    assert!(TABLE + 8 * texts.len() < TEXTS && at < LARGE, "there is room");
    let large = words([LARGE, LARGE_BYTES]);
    let _ = writeln!(data, "(data (i32.const {}) \"{large}\")", TABLE + 8 * texts.len());
    format!(
        r#"{import} (memory (export "memory") 112) {data}
  (global $text (mut i32) (i32.const 0)) (global $len (mut i32) (i32.const 0))
  ;; Has the text at hand whose number this is.
  (func $pick (param $at i32) (param $len i32)
    (local $row i32)
    (local.set $len (i32.add (local.get $at) (local.get $len)))
    (loop $digit
      (if (i32.lt_u (local.get $at) (local.get $len)) (then
        (local.set $row (i32.add (i32.mul (local.get $row) (i32.const 10))
          (i32.sub (i32.load8_u (local.get $at)) (i32.const 48))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $digit))))
    (local.set $row (i32.add (i32.const {TABLE}) (i32.shl (local.get $row) (i32.const 3))))
    (global.set $text (i32.load (local.get $row)))
    (global.set $len (i32.load offset=4 (local.get $row)))
    (if (i32.eq (global.get $text) (i32.const {LARGE})) (then
      (memory.fill (i32.const {LARGE}) (i32.const 120) (global.get $len))
      (i32.store8 (i32.const {LARGE}) (i32.const 34))
      (i32.store8 (i32.add (i32.const {}) (global.get $len)) (i32.const 34)))))"#,
        LARGE - 1
    )
}

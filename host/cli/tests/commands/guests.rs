//! Steps that the cases run, and odd files that they are given.

pub(crate) const ASK: &str = include_str!("../../../engine/fixtures/ask.wat");
pub(crate) const REFUSES: &str = include_str!("../../../engine/fixtures/refuses.wat");

/// The step `ask`, which waits for the event `ask` instead of an answer.
pub(crate) fn waits_for_event() -> String {
    let answer = "(i32.store (i32.const 1168) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1172) (i32.load offset=100 (local.get $call)))";
    let event = "(i32.store8 (i32.const 1160) (i32.const 2))
    (i32.store (i32.const 1168) (i32.const 32))
    (i32.store (i32.const 1172) (i32.const 3))";
    assert!(ASK.contains(answer), "the fixture was written anew");
    ASK.replace(answer, event)
}

/// Texts that are no value to every reader, and some that are not JSON at all.
pub(crate) fn odd_texts() -> Vec<String> {
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let long = format!("{}{}", "1".repeat(30), "e999");
    let texts = [
        r#""\ud83d""#,
        r#"{"k": ["\ude00"]}"#,
        "1e400",
        "-1e400",
        r#"{"a": 1, "a": 2}"#,
        r#"{"a": {"b": 1, "\u0062": 2}}"#,
    ];
    let not_json = ["", " ", "nan", "[1,]", "{'a': 1}", "\u{feff}1", "1 1", "01", "\"a\tb\"", "[1"];
    let mut all: Vec<String> = texts.into_iter().chain(not_json).map(str::to_owned).collect();
    all.extend([long, deep(97), deep(128), deep(50_000)]);
    all
}

/// Does a command, and ends its process with SIGKILL as soon as a step in it logs `die!`, or it says `$DIE`.
pub(crate) const DEADLY: &str = r#"exec 2> /dev/null; rm -f said deadly.out; mkfifo said
"$@" > said 2>&1 & pid=$!
while read -r line; do
  printf '%s\n' "$line" >> deadly.out
  case $line in *"${DIE:- die!}"*) kill -9 $pid;; esac
done < said
wait $pid
"#;

/// The step `ask`, changed where it begins.
fn begins(import: &str, with: &str) -> String {
    let memory = r#"(memory (export "memory") 1)"#;
    let start = "(func (export \"reentry:step/guest@0.1.0#start\") (param $call i32) (result i32)";
    assert!(ASK.contains(start) && ASK.contains(memory), "the fixture was written anew");
    ASK.replace(memory, &format!("{import} {memory}")).replace(start, &format!("{start} {with}"))
}

/// The step `ask`, which traps instead.
pub(crate) fn traps() -> String {
    begins("", "unreachable")
}

/// The step `ask`, which logs `die!` and never returns.
pub(crate) fn kills() -> String {
    let import = r#"(import "reentry:step/host@0.1.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))"#;
    let log =
        "(call $log (i32.const 2) (i32.const 48) (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 0))";
    let data = r#"(data (i32.const 48) "die!")"#;
    begins(import, &format!("{log} (loop $on (br $on))")).replacen("(memory", &format!("{data} (memory"), 1)
}

/// The step `ask`, which counts to ten million and completes with its input.
pub(crate) fn takes_its_time() -> String {
    let count = "(local $n i32)
    (loop $on
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $on (i32.lt_u (local.get $n) (i32.const 10000000))))
    (i32.store (i32.const 1036) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1040) (i32.load offset=100 (local.get $call)))
    (return (i32.const 1024))";
    begins("", count)
}

/// The step `ask`, which logs this many lines of each of three kinds when it begins, and one when it goes on.
pub(crate) fn says(times: u32) -> String {
    let start = "(func (export \"reentry:step/guest@0.1.0#start\") (param $call i32) (result i32)";
    let resume = "(local $resolved i32)";
    let memory = r#"(memory (export "memory") 1)"#;
    let import = r#"(import "reentry:step/host@0.1.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))"#;
    let texts = r#"(data (i32.const 4096) "bought") (data (i32.const 4112) "{\"item\":\"a lamp\"}")
      (data (i32.const 4160) "no lamps\1b[2K left\0a  in stock") (data (i32.const 4200) "goes on")"#;
    let loops = format!(
        "{start} (local $n i32) (loop $again
          (call $log (i32.const 2) (i32.const 4096) (i32.const 6) (i32.const 1) (i32.const 4112) (i32.const 17))
          (call $log (i32.const 1) (i32.const 4096) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 0))
          (call $log (i32.const 4) (i32.const 4160) (i32.const 28) (i32.const 0) (i32.const 0) (i32.const 0))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $n) (i32.const {times}))))"
    );
    let goes_on = format!(
        "{resume} (call $log (i32.const 3) (i32.const 4200) (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 0))"
    );
    assert!([start, resume, memory].iter().all(|part| ASK.contains(part)), "the fixture was written anew");
    let ask = ASK.replace(memory, &format!("{import} {memory} {texts}"));
    ask.replace(start, &loops).replace(resume, &goes_on)
}

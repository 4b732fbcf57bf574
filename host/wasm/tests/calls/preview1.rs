//! Core modules that were linked against WASI preview 1.

use std::sync::Arc;

use reentry_core::step::Outcome;
use reentry_wasm::{
    CallError, CallOptions, ComponentizeError, ComponentizeOptions, LoadedComponent, componentize,
};

use crate::host::{self, TestHost};
use crate::{completed, guest, load, seal};

/// What a guest does in its two calls, with the preview 1 functions that it uses for that. `$write` prints bytes of its
/// memory, in two pieces as libraries do.
fn body(start: &str, resume: &str) -> String {
    let import = |name: &str, ty: &str| {
        format!(r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} {ty} (result i32)))"#)
    };
    let imports = [
        import("fd_write", "(param i32 i32 i32 i32)"),
        import("fd_sync", "(param i32)"),
        import("fd_close", "(param i32)"),
        import("clock_time_get", "(param i32 i64 i32)"),
        import("random_get", "(param i32 i32)"),
        import("poll_oneoff", "(param i32 i32 i32 i32)"),
        r#"(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))"#.to_owned(),
    ];
    format!(
        r#"{imports}
        (func $write (param $fd i32) (param $at i32) (param $length i32) (result i32)
          (i32.store (i32.const 3072) (local.get $at))
          (i32.store (i32.const 3076) (i32.const 1))
          (i32.store (i32.const 3080) (i32.add (local.get $at) (i32.const 1)))
          (i32.store (i32.const 3084) (i32.sub (local.get $length) (i32.const 1)))
          (drop (call $fd_write (local.get $fd) (i32.const 3072) (i32.const 2) (i32.const 3088)))
          (i32.load (i32.const 3088)))
        (func $start (result i32) {start})
        (func $resume (result i32) {resume})"#,
        imports = imports.join("\n")
    )
}

/// Starts and resumes a guest. Returns the number it suspends with, the number it ends with, and the log of both calls.
async fn play(text: &[u8], start: &str, resume: &str) -> (u32, u32, Vec<String>) {
    let component = loaded(text, start, resume).await;
    let host = Arc::new(TestHost::default());
    let options = || CallOptions::new(seal());
    let begun = component.start(host::invocation(), Arc::clone(&host) as _, options()).await.unwrap();
    let Ok(Outcome::Suspended(suspension)) = &begun.outcome else { panic!("{:?}", begun.outcome) };
    let asked = format!("{:?}", suspension.waits[0].what);
    let asked = asked.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
    let image = begun.image.unwrap();
    let ended =
        component.resume(host::resumption(), Some(&image), Arc::clone(&host) as _, options()).await.unwrap();
    (asked, completed(&ended), host.log())
}

async fn loaded(text: &[u8], start: &str, resume: &str) -> LoadedComponent {
    let data: String = text.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let body = format!("{}\n(data (memory $memory) (i32.const 4096) \"{data}\")", body(start, resume));
    load(&guest::component(&body)).await
}

/// What comes into the log of one print of `text` to standard output.
async fn printed(text: &[u8]) -> Vec<String> {
    let write = format!("(call $write (i32.const 1) (i32.const 4096) (i32.const {}))", text.len());
    let (taken, _, log) = play(text, &write, "(i32.const 0)").await;
    assert_eq!(taken as usize, text.len());
    log
}

#[tokio::test]
async fn whole_lines_go_to_the_log() {
    assert_eq!(printed(b"one\ntwo\n\nthree").await, ["Info: one", "Info: two", "Info: "]);
    let write = "(call $write (i32.const 2) (i32.const 4096) (i32.const 5))";
    assert_eq!(play(b"oops\n", write, "(i32.const 0)").await.2, ["Warn: oops"]);
}

#[tokio::test]
async fn what_is_not_utf8_is_printed_as_question_marks() {
    let good = "aß€😀\u{d7ff}\u{e000}\u{10ffff}\n";
    assert_eq!(printed(good.as_bytes()).await, [format!("Info: {}", good.trim_end())]);
    let cases: [(&[u8], &str); 7] = [
        (b"a\xffb\n", "a?b"),
        (b"\xc3\n", "?"),
        (b"\xc0\xaf\n", "??"),
        (b"\xe0\x80\xaf\n", "???"),
        (b"\xed\xa0\x80\n", "???"),
        (b"\xf4\x90\x80\x80\n", "????"),
        (b"\xe2\x82x\n", "??x"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(printed(bytes).await, [format!("Info: {expected}")], "{bytes:?}");
    }
}

#[tokio::test]
async fn a_line_without_end_is_cut_between_characters() {
    let text = "€".repeat(3_000);
    let log = printed(text.as_bytes()).await;
    // 1365 characters of three bytes are 4095 bytes; the last piece has not been ended.
    assert_eq!(log, [format!("Info: {}", "€".repeat(1365)), format!("Info: {}", "€".repeat(1365))]);
}

#[tokio::test]
async fn the_beginning_of_a_line_outlives_a_suspension() {
    let start = "(call $write (i32.const 1) (i32.const 4096) (i32.const 7))";
    let resume = "(call $write (i32.const 1) (i32.const 4103) (i32.const 5))";
    let (_, _, log) = play(b"before after\n", start, resume).await;
    assert_eq!(log, [""; 0], "no line was ended");
    let resume = "(call $write (i32.const 1) (i32.const 4103) (i32.const 6))";
    assert_eq!(play(b"before after\n", start, resume).await.2, ["Info: before after"]);
}

#[tokio::test]
async fn the_rest_of_a_line_is_logged_on_request() {
    let start =
        "(drop (call $write (i32.const 1) (i32.const 4096) (i32.const 4))) (call $fd_sync (i32.const 1))";
    assert_eq!(
        play(b"rest", start, "(call $fd_sync (i32.const 1))").await,
        (0, 0, vec!["Info: rest".to_owned()])
    );
}

#[tokio::test]
async fn printing_leaves_the_memory_of_the_guest_as_it_was() {
    let start = r#"
      (i64.store (i32.const 0) (i64.const 77))
      (drop (call $write (i32.const 1) (i32.const 4096) (i32.const 5)))
      (drop (call $random_get (i32.const 8192) (i32.const 4)))
      (i32.and (i64.eq (i64.load (i32.const 0)) (i64.const 77)) (i32.eq (memory.size) (i32.const 1)))"#;
    assert_eq!(play(b"text\n", start, "(i32.const 0)").await.0, 1);
}

#[tokio::test]
async fn clock_and_randomness_are_the_hosts() {
    // The clock of these tests begins at 100 ms and goes on by one at each look.
    let clock = "(drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 8192)))
      (i32.wrap_i64 (i64.div_u (i64.load (i32.const 8192)) (i64.const 1000000)))";
    let (first, second, _) = play(b"", clock, clock).await;
    assert_eq!((first, second), (100, 101));
    // More than the host gives at a time: all of it is filled, and no byte after it.
    let random = r#"(drop (memory.grow (i32.const 2)))
      (drop (call $random_get (i32.const 65536) (i32.const 66000)))
      (i32.or (i64.eqz (i64.load (i32.const 131520))) (i64.ne (i64.load (i32.const 131536)) (i64.const 0)))"#;
    assert_eq!(play(b"", random, "(i32.const 0)").await.0, 0);
}

#[tokio::test]
async fn files_are_not_there() {
    assert_eq!(play(b"", "(call $fd_close (i32.const 5))", "(i32.const 0)").await.0, 8);
}

/// A subscription for `poll_oneoff`: what its event repeats, its kind, its clock or descriptor, nanoseconds, flags.
fn subscription(repeats: u8, kind: u8, which: u8, time: u64, flags: u8) -> Vec<u8> {
    let mut bytes = vec![0; 48];
    (bytes[0], bytes[8], bytes[16], bytes[40]) = (repeats, kind, which, flags);
    bytes[24..32].copy_from_slice(&time.to_le_bytes());
    bytes
}

#[tokio::test]
async fn a_wait_within_a_call_is_short_or_refused() {
    const SECOND: u64 = 1_000_000_000;
    // Events go to 8192, their number to 9000; what comes out is the result, the number, and what the events say.
    let poll = |count: usize| {
        format!(
            "(local i32) (local.set 0 (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const {count}) (i32.const 9000)))
             (i32.add (i32.mul (local.get 0) (i32.const 1000000)) (i32.add (i32.mul (i32.load (i32.const 9000)) (i32.const 100000))
               (i32.add (i32.mul (i32.load16_u (i32.const 8200)) (i32.const 1000)) (i32.load8_u (i32.const 8192)))))"
        )
    };
    let refused = "Error: a step cannot sleep or poll within a call: it suspends, as its SDK's sleep does, and the host waits";
    // The clock of these tests stands at 100 ms.
    let cases = [
        (vec![subscription(7, 0, 0, SECOND / 100, 0)], 100_007, None),
        (vec![subscription(7, 0, 0, SECOND, 0)], 58_000_000, Some(refused)),
        (vec![subscription(7, 0, 1, SECOND / 20, 1)], 100_007, None),
        (vec![subscription(7, 0, 1, SECOND, 1)], 58_000_000, Some(refused)),
        (vec![subscription(7, 0, 0, SECOND, 0), subscription(9, 2, 1, 0, 0)], 100_009, None),
        (vec![subscription(9, 1, 5, 0, 0)], 108_009, None),
        (vec![subscription(9, 1, 0, 0, 0), subscription(8, 0, 0, 0, 0)], 200_009, None),
    ];
    for (subscriptions, expected, line) in cases {
        let (found, _, log) =
            play(&subscriptions.concat(), &poll(subscriptions.len()), "(i32.const 0)").await;
        assert_eq!(
            (found, log),
            (expected, line.map(str::to_owned).into_iter().collect()),
            "{subscriptions:?}"
        );
    }
}

/// The log of a step that does something, writes `text` to standard error, and exits.
async fn exits(before: &str, text: &str) -> Vec<String> {
    let start = format!(
        "{before} (drop (call $write (i32.const 2) (i32.const 4096) (i32.const {})))
         (call $proc_exit (i32.const 207)) (i32.const 0)",
        text.len()
    );
    let component = loaded(text.as_bytes(), &start, "(i32.const 0)").await;
    let host = Arc::new(TestHost::default());
    let ended = component.start(host::invocation(), Arc::clone(&host) as _, CallOptions::new(seal())).await;
    assert!(matches!(ended, Err(CallError::Trap { .. })), "{ended:?}");
    host.log()
}

fn last_words(log: &[String]) -> Option<&String> {
    log.iter().rfind(|line| line.ends_with("{\"panic\": true}"))
}

#[tokio::test]
async fn last_words_are_what_was_written_to_standard_error_before_an_exit() {
    let exit = "a step ends by returning, but this one called exit with code 207";
    let panic = "panic: oops

goroutine 9 [running]:
main.price(...)
\tmistakes/step.go:56
sync.f()
\tsync/wait.go:7 +0x3
main.f.func1()
\tmistakes/part/step.go:63 +0x2
";
    let cases = [
        ("first\nno price list\n", format!("{exit}, after it had written to standard error: no price list")),
        ("without end", format!("{exit}, after it had written to standard error: without end")),
        ("\n", exit.to_owned()),
        (panic, "panic: oops, at step.go:56".to_owned()),
        ("careful\npanic: one\nfatal error: two\n", "fatal error: two".to_owned()),
        ("panicking: not in Go\n", format!("{exit}, after it had written to standard error: panicking: not in Go")),
    ];
    for (text, words) in cases {
        let log = exits("", text).await;
        assert_eq!(last_words(&log), Some(&format!("Error: {words} {{\"panic\": true}}")), "{text}");
    }
    // A line that fills its room, and more words than there is room for.
    let long = "x".repeat(4096);
    let log = exits("", &format!("panic: {long}\nmain.f()\n\tf.go:1\n")).await;
    assert_eq!(last_words(&log), Some(&format!("Error: panic: {} {{\"panic\": true}}", &long[..3993])));
}

#[tokio::test]
async fn last_words_are_those_of_the_call_that_ends() {
    let sync = "(drop (call $fd_sync (i32.const 2)))";
    let earlier = format!("(drop (call $write (i32.const 2) (i32.const 4096) (i32.const 11))) {sync}");
    let log = exits(&earlier, "panic: one\n").await;
    assert_eq!(log, ["Error: panic: one {\"panic\": true}", "Error: panic: one {\"panic\": true}"]);
    let earlier = format!("(drop (call $write (i32.const 2) (i32.const 4096) (i32.const 11))) {sync}
        (call $proc_exit (i32.const 0))");
    let log = exits(&earlier, "panic: one\n").await;
    assert_eq!(
        log.last().map(String::as_str),
        Some("Error: a step ends by returning, but this one called exit with code 0 {\"panic\": true}")
    );
}

#[tokio::test]
async fn a_program_that_gives_up_as_it_cannot_sleep_says_so() {
    // A subscription of one second, at 6144.
    let poll = "(i64.store (i32.const 6168) (i64.const 1000000000))
      (drop (call $poll_oneoff (i32.const 6144) (i32.const 8192) (i32.const 1) (i32.const 9000)))";
    let log = exits(poll, "fatal error: poll_oneoff failed\n\nmain.naps()\n\tm/step.go:5\nmain.f()\n\tm/f.go:1\n").await;
    let words = "a step cannot sleep or poll within a call: it suspends, as its SDK's sleep does, and the host waits";
    let panic = "{\"panic\": true}";
    assert_eq!(
        log,
        [
            format!("Error: {words}"),
            format!("Error: {words} {panic}"),
            format!("Error: {words}, at step.go:5 {panic}"),
            // The exit, after which nothing new is known.
            format!("Error: {words}, at step.go:5 {panic}"),
        ]
    );
}

#[tokio::test]
async fn a_program_that_goes_on_without_its_sleep_ends_with_the_call() {
    let poll = "(i64.store (i32.const 6168) (i64.const 1000000000))
      (drop (call $poll_oneoff (i32.const 6144) (i32.const 8192) (i32.const 1) (i32.const 9000)))
      (drop (call $fd_sync (i32.const 2))) (call $proc_exit (i32.const 0))";
    let log = exits(poll, "x").await;
    let words = "a step cannot sleep or poll within a call: it suspends, as its SDK's sleep does, and the host waits";
    assert_eq!(log, [format!("Error: {words}"), format!("Error: {words} {{\"panic\": true}}")]);
}

#[tokio::test]
async fn exit_is_a_line_of_the_log_and_a_trap() {
    let start = "(drop (call $write (i32.const 1) (i32.const 4096) (i32.const 3)))
      (call $proc_exit (i32.const 207)) (i32.const 0)";
    let component = loaded(b"bye", start, "(i32.const 0)").await;
    let host = Arc::new(TestHost::default());
    let ended = component.start(host::invocation(), Arc::clone(&host) as _, CallOptions::new(seal())).await;
    assert!(matches!(ended, Err(CallError::Trap { .. })), "{ended:?}");
    assert_eq!(
        host.log(),
        [
            "Info: bye",
            "Error: a step ends by returning, but this one called exit with code 207 {\"panic\": true}"
        ]
    );
}

#[test]
fn a_function_that_no_step_can_have_is_named() {
    let body = r#"
      (import "wasi_snapshot_preview1" "sock_shutdown" (func (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
      (func $start (result i32) i32.const 1)
      (func $resume (result i32) i32.const 1)"#;
    let error = componentize(&guest::core(body, 0), ComponentizeOptions::default()).unwrap_err();
    let ComponentizeError::Preview1 { functions } = &error else { panic!("{error}") };
    assert_eq!(functions, &["sock_shutdown"]);
}

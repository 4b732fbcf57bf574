//! Commands and what they print: each in a process of its own, on a data folder of its own for each case.
//!
//! A case is a file in `commands`: lines that begin with `$ ` are commands, what follows is what they print, and
//! lines that begin with `#` are for readers. Standard error is marked with `! `, and an exit code that is not 0
//! stands in the last line. Ids, digests and times are different each time: they are written `<run 1>`, `<sus 2>`,
//! `<sha 1>` in the order in which they come, and can be used so in later commands; short ones, too. So is the user
//! of the operating system, `<user>`. `BLESS=1` writes the files anew. docs/json.md is played like a case.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[path = "commands/guests.rs"]
mod guests;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use guests::{ASK, DEADLY, REFUSES, kills, odd_texts, says, takes_its_time, traps, waits_for_event};

/// Prefixes of what is different each time, with the number of characters that follow.
const IDS: [(&str, &str, usize); 4] =
    [("run_", "run", 32), ("sus_", "sus", 32), ("msg_", "msg", 32), ("sha256:", "sha", 64)];

/// A data folder, the files that the cases use, and the ids seen so far.
struct Shell {
    folder: tempfile::TempDir,
    /// Width of the terminal that the commands believe in; `None` for a pipe.
    columns: Option<u32>,
    seen: Vec<(String, String)>,
}

impl Shell {
    fn new(columns: Option<u32>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shell = Self { folder, columns, seen: Vec::new() };
        // A step that suspends with its input and completes with the answer; one that waits for an event; one that
        // fails.
        shell.write("ask.wasm", &wat::parse_str(ASK).unwrap());
        shell.write("event.wasm", &wat::parse_str(waits_for_event()).unwrap());
        shell.write("refuses.wasm", &wat::parse_str(REFUSES).unwrap());
        shell.write("trap.wasm", &wat::parse_str(traps()).unwrap());
        shell.write("says.wasm", &wat::parse_str(says(1)).unwrap());
        shell.write("floods.wasm", &wat::parse_str(says(2_000)).unwrap());
        shell.workflow("asks", r#"{"then": {"component": "ask.wasm", "step": "ask"}}"#);
        let again = r#"{"then": {"component": "ask.wasm", "step": "ask"}},
            {"then": {"id": "again", "component": "ask.wasm", "step": "ask"}}"#;
        shell.workflow("twice", again);
        shell.workflow("waits", r#"{"then": {"component": "event.wasm", "step": "ask"}}"#);
        shell.workflow("fails", r#"{"then": {"component": "trap.wasm", "step": "ask"}}"#);
        shell.workflow("says", r#"{"then": {"component": "says.wasm", "step": "ask"}}"#);
        shell.workflow(
            "says-later",
            r#"{"sleep": {"ms": 1}}, {"then": {"component": "says.wasm", "step": "ask"}}"#,
        );
        shell.workflow("floods", r#"{"then": {"component": "floods.wasm", "step": "ask"}}"#);
        shell.workflow("refuses", r#"{"then": {"component": "refuses.wasm", "step": "ask"}}"#);
        let ask = r#"{"then": {"component": "ask.wasm", "step": "ask"}}"#;
        let round = format!(r#"{{"doUntil": {{"do": [{ask}], "until": "output != \"again\""}}}}"#);
        shell.workflow(
            "each",
            &format!(r#"{{"foreach": {{"id": "each", "concurrency": 2, "do": [{round}]}}}}"#),
        );
        for (number, text) in odd_texts().iter().enumerate() {
            shell.write(&format!("odd-{number:02}.json"), text.as_bytes());
        }
        let deep = format!("{}input{}", "[".repeat(30), "]".repeat(30));
        shell.workflow("deep", &format!(r#"{ask}, {{"map": {{"to": "{deep}"}}}}"#));
        shell.write("96.json", ("[".repeat(96) + &"]".repeat(96)).as_bytes());
        shell.write("large.json", format!("\"{}\"", "x".repeat(5 << 20)).as_bytes());
        shell.workflow("sleeps", r#"{"sleep": {"ms": 86400000}}"#);
        let hurries = r#"{"then": {"component": "ask.wasm", "step": "ask", "totalTimeoutMs": 5000}}"#;
        shell.workflow("hurries", hurries);
        let labeled =
            r#"{"ask": {"id": "b", "labels": ["boss"]}}, {"ask": {"id": "a", "labels": ["boss", "ann"]}}"#;
        shell.workflow("labels", &format!(r#"{{"parallel": {{"arms": [{labeled}]}}}}"#));
        shell.workflow("first", &format!(r#"{{"parallel": {{"first": 1, "arms": [{labeled}]}}}}"#));
        let expires =
            r#"{"ask": {"id": "a", "deadline": {"ms": 1, "otherwise": "late"}}}, {"ask": {"id": "b"}}"#;
        shell.workflow("expires", expires);
        shell.workflow("no-nap", r#"{"sleep": {"ms": 0}}, {"sleepUntil": {"at": "2020-01-01T00:00:00Z"}}"#);
        shell.workflow("naps", r#"{"sleep": {"ms": 1}}"#);
        for (id, delay_ms) in [("later", 5_400_000), ("soon", 1)] {
            let retry = format!(r#"{{"retries": 1, "delayMs": {delay_ms}}}"#);
            let step = r#""component": "trap.wasm", "step": "ask""#;
            shell.workflow(id, &format!(r#"{{"then": {{{step}, "retry": {retry}}}}}"#));
        }
        let newer = r#"{"id": "asks", "title": "Newer",
            "steps": [{"then": {"component": "ask.wasm", "step": "ask"}}]}"#;
        shell.write("newer.json", newer.as_bytes());
        // The same step in another component, whose memory is laid out otherwise.
        shell.write(
            "other.wasm",
            &wat::parse_str(ASK.replace("(i32.const 32768)", "(i32.const 40960)")).unwrap(),
        );
        let other = r#"{"id": "asks", "steps": [{"then": {"component": "other.wasm", "step": "ask"}}]}"#;
        shell.write("other.json", other.as_bytes());
        // A step that says that its process shall end, and never returns; one that takes its time and completes with
        // its input; and what does a command until a step says that.
        shell.write("kills.wasm", &wat::parse_str(kills()).unwrap());
        shell.write("honest.wasm", &wat::parse_str(takes_its_time()).unwrap());
        let kills = r#"{"then": {"id": "kill", "component": "kills.wasm", "step": "ask"}}"#;
        // The killer begins when the questions are there: which of two calls comes first is left to chance.
        let lets_kill = r#"{"ask": {"id": "go"}}"#;
        shell.workflow("kills", &format!(r#"{{"parallel": {{"arms": [{ask}, [{lets_kill}, {kills}]]}}}}"#));
        shell.workflow("kills-later", &format!("{ask}, {kills}"));
        shell.workflow("nap-and-kill", &format!(r#"{{"sleep": {{"ms": 1}}}}, {kills}"#));
        let honest = r#"{"sleep": {"ms": 1}}, {"then": {"component": "honest.wasm", "step": "ask"}}"#;
        shell.workflow("honest", honest);
        shell.workflow("counts", r#"{"then": {"component": "honest.wasm", "step": "ask"}}"#);
        shell.write("deadly", DEADLY.as_bytes());
        let third = ASK.replace("(i32.const 32768)", "(i32.const 45056)");
        shell.write("third.wasm", &wat::parse_str(third).unwrap());
        let arm =
            |id: &str| format!(r#"{{"then": {{"id": "{id}", "component": "ask.wasm", "step": "ask"}}}}"#);
        shell
            .workflow("both", &format!(r#"{{"parallel": {{"arms": [{}, {}]}}}}"#, arm("left"), arm("right")));
        shell
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn workflow(&self, id: &str, steps: &str) {
        self.write(&format!("{id}.json"), format!(r#"{{"id": "{id}", "steps": [{steps}]}}"#).as_bytes());
    }

    /// A line of a case, and below a command what came of it.
    fn line(&mut self, line: &str) -> String {
        let came = line.strip_prefix("$ ").map(|command| self.command(command));
        format!("{line}\n{}", came.unwrap_or_default())
    }

    /// Does a command; gives what came of it.
    fn command(&mut self, line: &str) -> String {
        let mut known = line.to_owned();
        for (id, name) in &self.seen {
            known = known.replace(name, id);
        }
        let path = Path::new(env!("CARGO_BIN_EXE_reentry")).parent().unwrap().display().to_string();
        let done = Command::new("bash")
            .args(["-o", "pipefail", "-c", &known])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", format!("{path}:{}", std::env::var("PATH").unwrap()))
            .env("REENTRY_DATA_DIR", self.folder.path().join("data"))
            .envs(self.columns.map(|columns| ("COLUMNS", columns.to_string())))
            .output()
            .unwrap();
        self.told(&done)
    }

    fn told(&mut self, done: &Output) -> String {
        let mut told = String::new();
        for (mark, stream) in [("", &done.stdout), ("! ", &done.stderr)] {
            for line in String::from_utf8(stream.clone()).unwrap().lines() {
                let line = self.same_each_time(line);
                let _ = writeln!(told, "{}", format!("{mark}{line}").trim_end());
            }
        }
        match done.status.code() {
            Some(0) => told,
            code => told + &format!("(exit {})\n", code.unwrap_or_default()),
        }
    }

    fn same_each_time(&mut self, line: &str) -> String {
        let mut line = line.replace(&self.folder.path().display().to_string(), "<dir>");
        for (before, after) in [("\"name\": \"", "\""), ("os-user:", ""), (" by ", "")] {
            line = line.replace(&format!("{before}{}{after}", user()), &format!("{before}<user>{after}"));
        }
        for (prefix, name, digits) in IDS {
            let mut from = 0;
            while let Some(at) = line[from..].find(prefix).map(|at| from + at) {
                let end = at + prefix.len() + digits;
                let is_id = line.get(at + prefix.len()..end);
                from = at + prefix.len();
                if is_id.is_some_and(|id| id.bytes().all(|c| c.is_ascii_hexdigit())) {
                    let id = line[at..end].to_owned();
                    line = line.replace(&id, &self.name_of(&id, name));
                    from = at;
                }
            }
        }
        without_times(&self.without_short_ids(&line))
    }

    /// The same for ids as tables show them: the last digits, of digests the first ones.
    fn without_short_ids(&mut self, line: &str) -> String {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut told = String::new();
        let mut rest = line;
        while !rest.is_empty() {
            let word = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
            let hex = |text: &str| text.bytes().all(|c| c.is_ascii_hexdigit());
            let has =
                |prefix| word.strip_prefix(prefix).is_some_and(|digits| digits.len() == 8 && hex(digits));
            match IDS.iter().find(|(prefix, _, _)| has(prefix)) {
                Some((_, kind, _)) => told += &self.name_of(word, kind),
                None if word.len() == 12 && hex(word) => told += &self.name_of(word, "sha"),
                None if word.len() == 16 && hex(word) => told += "<span>",
                None if word.len() == 32 && hex(word) => told += "<trace>",
                None => told += word,
            }
            rest = &rest[word.len()..];
            let gap = rest.find(is_part).unwrap_or(rest.len());
            told += &rest[..gap];
            rest = &rest[gap..];
        }
        told
    }

    fn name_of(&mut self, id: &str, kind: &str) -> String {
        let digits = |id: &str| {
            id.trim_start_matches(|c| c != '_' && c != ':').trim_start_matches(['_', ':']).to_owned()
        };
        let bare = if id.contains(['_', ':']) { digits(id) } else { id.to_owned() };
        let same = |seen: &str| {
            let seen = if seen.contains(['_', ':']) { digits(seen) } else { seen.to_owned() };
            match kind {
                "sha" => seen.starts_with(&bare) || bare.starts_with(&seen),
                _ => seen.ends_with(&bare) || bare.ends_with(&seen),
            }
        };
        let of_kind = |name: &str| name.starts_with(&format!("<{kind} "));
        if let Some((_, name)) = self.seen.iter().find(|(seen, name)| of_kind(name) && same(seen)) {
            let name = name.clone();
            self.seen.insert(0, (id.to_owned(), name.clone()));
            return name;
        }
        let names: std::collections::BTreeSet<&String> =
            self.seen.iter().map(|(_, name)| name).filter(|name| of_kind(name)).collect();
        let number = names.len() + 1;
        let name = format!("<{kind} {number}>");
        self.seen.push((id.to_owned(), name.clone()));
        name
    }
}

/// The user of the operating system on whose behalf the tests run.
fn user() -> &'static str {
    static USER: LazyLock<String> = LazyLock::new(|| {
        let said = |option| {
            let done = Command::new("id").arg(option).output().unwrap();
            done.status.success().then(|| String::from_utf8(done.stdout).unwrap().trim().to_owned())
        };
        said("-un").or_else(|| said("-u")).unwrap()
    });
    &USER
}

/// Puts `_` in the place of words that are times, and one blank in that of several, as columns depend on them.
fn without_times(line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    let mut before = "";
    let words = line.split_whitespace().map(|word| {
        let is_duration = std::mem::replace(&mut before, word) == "\"durationMs\":";
        let bare = word.trim_matches(|c: char| "(),;}]".contains(c));
        let is_span =
            bare.strip_suffix("ms").or(bare.strip_suffix('s')).or(bare.strip_suffix('m')).is_some_and(
                |number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.'),
            );
        let is_time = bare.len() >= 12
            && bare.starts_with(|c: char| c.is_ascii_digit())
            && bare.chars().all(|c| c.is_ascii_digit() || "-T:.Z".contains(c));
        if is_span || is_time || is_duration { word.replace(bare, "_") } else { word.to_owned() }
    });
    format!("{}{}", " ".repeat(indent), words.collect::<Vec<_>>().join(" "))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands")
}

/// Plays a case and compares what the commands print with what is written.
fn play(case: &str) {
    let path = folder().join(format!("{case}.txt"));
    let written = std::fs::read_to_string(&path).unwrap();
    let mut shell = Shell::new(None);
    let mut played = String::new();
    for line in written.lines() {
        if line.starts_with("$ ") || line.starts_with('#') {
            played += &shell.line(line);
        }
    }
    compare(&path, &written, &played);
}

/// Plays the transcripts of a page, and keeps what stands between them.
fn play_page(path: &Path) {
    let written = std::fs::read_to_string(path).unwrap();
    let mut shell = Shell::new(Some(100));
    let (mut played, mut is_transcript) = (String::new(), false);
    for line in written.lines() {
        if line.starts_with("```") {
            is_transcript = line == "```console";
        }
        if !is_transcript || line.starts_with("```") {
            let _ = writeln!(played, "{line}");
        } else if line.starts_with("$ ") {
            played += &shell.line(line);
        }
    }
    compare(path, &written, &played);
}

fn compare(path: &Path, written: &str, played: &str) {
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(path, played).unwrap();
    }
    assert!(played == written, "{}: these lines differ\n{}", path.display(), differing(written, played));
}

/// The lines that are written and not printed, and the other way round.
fn differing(written: &str, played: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (written.lines().collect(), played.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let command = new[..same.min(new.len())]
        .iter()
        .rev()
        .find(|line| line.starts_with("$ "))
        .copied()
        .unwrap_or_default();
    let shown = |lines: &[&str], mark: &str| {
        lines.iter().skip(same).take(12).map(|line| format!("{mark} {line}\n")).collect::<String>()
    };
    format!("{command}\n{}{}", shown(&old, "-"), shown(&new, "+"))
}

macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        $(#[test]
        fn $case() {
            play(stringify!($case));
        })*

        #[test]
        fn every_case_is_played() {
            let listed = [$(concat!(stringify!($case), ".txt")),*];
            for entry in std::fs::read_dir(folder()).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                assert!(!name.ends_with(".txt") || listed.contains(&name.as_str()), "{name} is in no test");
            }
        }
    };
}

cases!(
    answers, backup, blocked, control, doors, events, hints, history, library, limits, lists, logs, migrate,
    names, odd, prune, quotas, recover, replay, retries, run, space, tenants, traces, watch, work
);

#[test]
fn the_page_of_the_json_shapes_shows_what_commands_print() {
    play_page(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json.md"));
}

#[test]
fn times_and_widths_do_not_count() {
    let line = "  approve   12ms  2026-01-01T00:00:00.123Z  (0s ago)  10:00:00.123 1.5s 1760000000000 7";
    assert_eq!(without_times(line), "  approve _ _ (_ ago) _ _ _ 7");
}

//! The lines that a guest logs during one call, of which the first and the last are kept: the memory that they take
//! is bounded while the call goes on, and so is what is stored at its end.

use std::collections::VecDeque;

use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::time::Timestamp;
use reentry_store::CallLog;
use reentry_wasm::Level;
use serde::{Deserialize, Serialize};

/// Most bytes that are kept of what a guest logs during one call, in the form in which it is stored.
pub const CALL_LOG_BYTES_MAX: usize = 64 << 10;

/// Most lines that are kept of what a guest logs during one call.
pub const CALL_LOG_LINES_MAX: usize = 1_000;

/// What the first lines may have, and the last ones; each a half, less the line that tells what is missing between
/// them.
const HALF_BYTES: usize = (CALL_LOG_BYTES_MAX - GAP_BYTES_MAX) / 2;
const HALF_LINES: usize = CALL_LOG_LINES_MAX / 2;

/// Most bytes of the line that tells what is missing.
const GAP_BYTES_MAX: usize = 128;

/// Most bytes of one line. Longer ones are cut, so that several fit.
const LINE_BYTES_MAX: usize = 16 << 10;

/// A line as it is stored, one JSON object.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct StoredLine {
    pub(crate) at: Timestamp,
    pub(crate) level: Level,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fields: Option<Json>,
    /// How many lines this one stands for, which were dropped, and their bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dropped: Option<(u64, u64)>,
}

/// The lines of one call.
#[derive(Debug, Default)]
pub(crate) struct CallLines {
    first: String,
    first_lines: usize,
    last: VecDeque<String>,
    last_bytes: usize,
    dropped: Option<Gap>,
}

#[derive(Debug)]
struct Gap {
    lines: u64,
    bytes: u64,
    /// When the first of them was logged.
    at: Timestamp,
}

impl CallLines {
    /// Adds a line.
    pub(crate) fn add(&mut self, at: Timestamp, level: Level, message: &str, fields: Option<Json>) {
        let line = stored(at, level, message, fields);
        let fits = self.last.is_empty()
            && self.first_lines < HALF_LINES
            && self.first.len() + line.len() <= HALF_BYTES;
        if fits {
            self.first.push_str(&line);
            self.first_lines += 1;
            return;
        }
        self.last_bytes += line.len();
        self.last.push_back(line);
        while self.last_bytes > HALF_BYTES || self.last.len() > HALF_LINES {
            let Some(line) = self.last.pop_front() else { break };
            self.last_bytes -= line.len();
            let dropped = self.dropped.get_or_insert(Gap { lines: 0, bytes: 0, at });
            dropped.lines += 1;
            dropped.bytes += line.len() as u64;
        }
    }

    /// What is stored of them; `None` when nothing was logged.
    pub(crate) fn into_log(self, path: &StepPath, call: u32, attempt: u32) -> Option<CallLog> {
        let Self { first, first_lines, last, dropped, .. } = self;
        let gap = dropped.as_ref().map(|Gap { lines, bytes, at }| {
            let (level, dropped) = (Level::Warn, Some((*lines, *bytes)));
            written(&StoredLine { at: *at, level, message: String::new(), fields: None, dropped })
        });
        let lines = (first_lines + last.len()) as u64 + dropped.map_or(0, |dropped| dropped.lines);
        if lines == 0 {
            return None;
        }
        let text: String = std::iter::once(first).chain(gap).chain(last).collect();
        Some(CallLog { path: path.clone(), call, attempt, lines, text: text.into() })
    }
}

/// A line as it is stored, cut to what one may have: first its fields go, then the end of its message.
fn stored(at: Timestamp, level: Level, message: &str, fields: Option<Json>) -> String {
    let mut line = StoredLine { at, level, message: message.to_owned(), fields, dropped: None };
    let whole = written(&line);
    if whole.len() <= LINE_BYTES_MAX {
        return whole;
    }
    line.fields = None;
    let shorter = written(&line);
    if shorter.len() <= LINE_BYTES_MAX {
        return shorter;
    }
    let around = shorter.len() - written_bytes(message) + '…'.len_utf8();
    let mut left = LINE_BYTES_MAX.saturating_sub(around);
    let end = message.char_indices().find(|(_, c)| {
        let bytes = written_bytes(c.encode_utf8(&mut [0; 4]));
        let fits = bytes <= left;
        left = left.saturating_sub(bytes);
        !fits
    });
    let end = end.map_or(message.len(), |(at, _)| at);
    line.message = format!("{}…", message.get(..end).unwrap_or_default());
    written(&line)
}

/// Bytes that a text takes within a string of JSON.
fn written_bytes(text: &str) -> usize {
    let bytes = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(bytes).sum()
}

fn written(line: &StoredLine) -> String {
    // Texts, numbers and what is JSON already can be written.
    let mut text = serde_json::to_string(line).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Lines as they are kept: of each its message, or how many are missing.
    fn kept(lines: &CallLines) -> Vec<String> {
        let text: String = {
            let gap = lines.dropped.as_ref().map(|dropped| format!("({} missing)", dropped.lines));
            let last = lines.last.iter().map(String::as_str);
            let told = |text: &str| {
                let lines = serde_json::Deserializer::from_str(text).into_iter::<StoredLine>();
                lines.map(|line| line.unwrap().message + "\n").collect::<String>()
            };
            let last: String = last.map(told).collect();
            told(&lines.first) + &gap.map(|gap| gap + "\n").unwrap_or_default() + &last
        };
        text.lines().map(str::to_owned).collect()
    }

    fn add(lines: &mut CallLines, message: &str) {
        lines.add(Timestamp(7), Level::Info, message, None);
    }

    #[test]
    fn the_first_and_the_last_lines_of_a_flood_are_kept() {
        let mut lines = CallLines::default();
        for number in 0..100_000 {
            add(&mut lines, &format!("line {number}"));
            assert!(lines.first.len() + lines.last_bytes <= CALL_LOG_BYTES_MAX);
        }
        let kept = kept(&lines);
        assert_eq!((kept.len(), kept[0].as_str()), (CALL_LOG_LINES_MAX + 1, "line 0"));
        assert_eq!(kept[500..502], ["(99000 missing)", "line 99500"]);
        assert_eq!(kept.last().map(String::as_str), Some("line 99999"));
    }

    #[test]
    fn a_call_keeps_no_more_than_its_bytes() {
        let mut lines = CallLines::default();
        // The worst there is: each character is written as six.
        for _ in 0..100 {
            add(&mut lines, &"\u{1}".repeat(20_000));
        }
        add(&mut lines, &"é".repeat(20_000));
        let log = lines.into_log(&StepPath::root(), 1, 0).unwrap();
        assert!(log.text.len() <= CALL_LOG_BYTES_MAX, "{}", log.text.len());
        assert!(log.text.len() > CALL_LOG_BYTES_MAX / 2);
        let read = serde_json::Deserializer::from_str(&log.text).into_iter::<StoredLine>();
        let read: Vec<StoredLine> = read.map(Result::unwrap).collect();
        assert!(read.last().unwrap().message.ends_with("é…"));
        let dropped: u64 = read.iter().filter_map(|line| line.dropped).map(|(lines, _)| lines).sum();
        assert_eq!((log.lines, dropped + read.len() as u64 - 1), (101, 101));
    }

    #[test]
    fn fields_that_do_not_fit_go_before_the_message() {
        let fields = Json::from(serde_json::json!({ "long": "x".repeat(LINE_BYTES_MAX) }));
        let line = stored(Timestamp(7), Level::Warn, "short", Some(fields));
        assert_eq!(line, "{\"at\":7,\"level\":\"warn\",\"message\":\"short\"}\n");
    }
}

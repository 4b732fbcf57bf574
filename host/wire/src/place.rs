//! Places in a text: lines, columns, and the excerpt that shows one.

use std::ops::Range;

/// Columns of an excerpt on each side of the mistake.
const EXCERPT_COLUMNS: usize = 50;

/// Gives line and column of a byte, both counted from 1, columns in characters.
pub fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = before(text, byte);
    let line = before.matches('\n').count() + 1;
    (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
}

/// Shows the line of a byte, with a mark under it.
pub fn excerpt(text: &str, byte: usize) -> String {
    let start = before(text, byte).rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let column = before(text, byte).get(start..).unwrap_or_default().chars().count();
    let from = column.saturating_sub(EXCERPT_COLUMNS);
    let shown: String = line.chars().skip(from).take(2 * EXCERPT_COLUMNS).map(blank).collect();
    let cut = if from > 0 { "…" } else { "" };
    let mark = " ".repeat(column - from + cut.chars().count());
    format!("{cut}{}\n{mark}^", shown.trim_end())
}

/// Keeps the mark under the mistake: each character takes one column, as nearly all do.
fn blank(c: char) -> char {
    if c == '\t' { ' ' } else { c }
}

fn before(text: &str, byte: usize) -> &str {
    let byte = byte.min(text.len());
    (0..=byte).rev().find_map(|at| text.get(..at)).unwrap_or_default()
}

/// Where in the file a byte of a text value stands, which is written there with quotes, escapes, or over several lines.
///
/// Value and file are walked together; what is in the file alone, as indentation is, is passed over.
pub(crate) fn inner_offset(source: &str, span: &Range<usize>, value: &str, byte: usize) -> usize {
    let mut written = source.get(span.clone()).unwrap_or_default();
    let whole = written.len();
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    if quote.is_some() {
        written = written.get(1..).unwrap_or_default();
    } else if written.starts_with(['|', '>']) {
        // The text of a block begins below its mark.
        written = written.split_once('\n').map_or("", |(_, below)| below);
    }
    let wanted = before(value, byte).chars().count();
    for c in value.chars().take(wanted) {
        written = after(written, c, quote);
    }
    // What is looked for stands behind the indentation.
    let next = value.get(byte..).and_then(|rest| rest.chars().next());
    if next.is_some_and(|c| !c.is_whitespace()) && quote != Some('"') {
        written = written.trim_start();
    }
    span.start + (whole - written.len())
}

/// What is written behind one character of the value.
fn after(written: &str, c: char, quote: Option<char>) -> &str {
    let rest = |from: usize| written.get(from..).unwrap_or_default();
    match (quote, written.chars().next()) {
        (Some('"'), Some('\\')) => rest(escape(written)),
        (Some('\''), Some('\'')) => rest(2),
        (_, Some(first)) if first == c => rest(first.len_utf8()),
        // A line break is written where the value has a blank, or where it has one as well, with indentation behind.
        (_, Some(first)) if first.is_whitespace() && c.is_whitespace() => written.trim_start(),
        (_, Some(first)) if first.is_whitespace() => {
            let behind = written.trim_start();
            behind.get(behind.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default()
        }
        (_, Some(first)) => rest(first.len_utf8()),
        (_, None) => "",
    }
}

/// Length of the escape with which a text begins. A surrogate pair is one character.
fn escape(written: &str) -> usize {
    let length = |text: &str| match text.as_bytes().get(1) {
        Some(b'x') => 4,
        Some(b'u') => 6,
        Some(b'U') => 10,
        _ => 1 + text.get(1..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8),
    };
    let first = length(written);
    let is_high = written.get(2..4).is_some_and(|digits| {
        written.as_bytes().get(1) == Some(&b'u')
            && matches!(digits.as_bytes(), [b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B'])
    });
    match written.get(first..) {
        Some(second) if is_high && second.starts_with("\\u") => first + length(second),
        _ => first,
    }
}

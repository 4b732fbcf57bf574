//! What is printed where: results on standard output, everything else on standard error.
//!
//! A reader who stops reading (`reentry runs list | head -1`) is no error.

use std::io::{self, Write as _};

use reentry_wire::Document;

use crate::cli::{Color, Format};
use crate::codes;
use crate::failure::{Failure, Report};
use crate::json_text;
use crate::style::Style;
use crate::table::Table;

/// Columns that texts are laid out for: how many where the reader's terminal is not known, and the bounds where it is.
const TEXT_COLUMNS: usize = 80;
const TEXT_COLUMNS_MIN: usize = 40;
const TEXT_COLUMNS_MAX: usize = 100;

/// Variable that says how wide the terminal is, whatever standard output is.
const COLUMNS_VARIABLE: &str = "COLUMNS";

/// The two streams, and how to write to them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    /// Form of results and errors.
    pub(crate) format: Format,
    /// Colors of standard output.
    pub(crate) out: Style,
    /// Colors of standard error.
    pub(crate) err: Style,
    /// How much to say.
    pub(crate) verbose: u8,
    /// Width of the reader's terminal; `None` for a pipe or a file, which get everything whole.
    pub(crate) columns: Option<usize>,
}

impl Ui {
    pub(crate) fn new(format: Format, color: Color, verbose: u8) -> Self {
        let (out, err) = (Style::of(color, &io::stdout()), Style::of(color, &io::stderr()));
        Self { format, out, err, verbose, columns: columns() }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Columns that values and texts are laid out for.
    pub(crate) fn text_columns(&self) -> usize {
        self.columns.unwrap_or(TEXT_COLUMNS).clamp(TEXT_COLUMNS_MIN, TEXT_COLUMNS_MAX)
    }

    /// A table as the reader's terminal can show it.
    pub(crate) fn table<const N: usize>(&self, table: &Table<N>) -> String {
        table.fitting(self.out, self.columns)
    }

    /// Prints a result for people; `text` ends with a newline.
    pub(crate) fn print(&self, text: &str) -> Result<(), Failure> {
        self.stream(text).map(drop)
    }

    /// The same for one of many results; says whether anybody reads on.
    pub(crate) fn stream(&self, text: &str) -> Result<bool, Failure> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => {
                Err(Report::new(&codes::OUTPUT, "cannot write to standard output").cause(error).into())
            }
            Ok(()) => Ok(true),
        }
    }

    /// One of many results for programs, each on a line of its own; says whether anybody reads on.
    pub(crate) fn stream_json(&self, value: &impl Document) -> Result<bool, Failure> {
        self.stream(&format!("{}\n", json_text::one_line(&json(value)?)))
    }

    /// Prints a result for programs: one document, laid out for a terminal, else on one line.
    pub(crate) fn print_json(&self, value: &impl Document) -> Result<(), Failure> {
        let text = json(value)?;
        // Texts of users are part of it as they were written, line breaks and all.
        let columns = if self.columns.is_some() { self.text_columns() } else { usize::MAX };
        let text = json_text::pretty(&text, columns);
        self.print(&format!("{text}\n"))
    }

    /// Says something beside the result. Nobody listening is no error.
    pub(crate) fn note(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// Width of the terminal that standard output is.
pub(crate) fn columns() -> Option<usize> {
    let said = std::env::var(COLUMNS_VARIABLE).ok().and_then(|columns| columns.parse().ok());
    said.filter(|columns| *columns > 0).or_else(terminal_columns)
}

#[cfg(unix)]
fn terminal_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
fn terminal_columns() -> Option<usize> {
    None
}

fn json(value: &impl Document) -> Result<String, Failure> {
    let no_form = |error| Report::new(&codes::INTERNAL, "the result has no JSON form").cause(error).into();
    serde_json::to_string(value).map_err(no_form)
}

/// A text that a guest or another stranger wrote, harmless for a terminal: escape sequences could rewrite what the
/// reader sees.
pub(crate) fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => safe.push(c),
            c if steers(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

/// The same where one line is expected: a line break would let it pass for more than it is.
pub(crate) fn harmless_line(text: &str) -> String {
    harmless(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// Whether a character does something to a terminal: control characters, other ends of lines, and those that change the
/// direction of what follows, so that a line reads otherwise than it is.
pub(crate) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Indents every line but the first.
pub(crate) fn hang(text: &str, columns: usize) -> String {
    text.replace('\n', &format!("\n{}", " ".repeat(columns)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_write_cannot_steer_the_terminal() {
        assert_eq!(
            harmless("paid\u{1b}[2K\r\u{9b}2Kno\u{202e}\n"),
            "paid\\u{1b}[2K\\u{d}\\u{9b}2Kno\\u{202e}\n"
        );
        assert_eq!(harmless_line("a\nb\tc\u{200f}\u{2028}"), "a\\nb\\tc\\u{200f}\\u{2028}");
    }
}

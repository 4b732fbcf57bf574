//! Colors, where they are wanted.

use std::io::IsTerminal;

use reentry::core::run::RunStatus;

use crate::cli::Color;

/// Whether texts for one stream are colored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    colored: bool,
}

impl Style {
    /// The style for a stream.
    pub(crate) fn of(color: Color, stream: &impl IsTerminal) -> Self {
        let plain_terminal = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        // https://no-color.org: any value but the empty one.
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colored = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stream.is_terminal() && !plain_terminal && !no_color,
        };
        Self { colored }
    }

    /// No colors at all.
    pub(crate) const PLAIN: Self = Self { colored: false };

    fn paint(self, code: &str, text: &str) -> String {
        if self.colored { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(crate) fn cyan(self, text: &str) -> String {
        self.paint("36", text)
    }

    /// The name of a status, of a run or of a step, in its color.
    pub(crate) fn status(self, status: &str) -> String {
        let code = match status {
            _ if status == RunStatus::Success.as_str() => "32",
            _ if status == RunStatus::Failed.as_str() => "31",
            _ if status == RunStatus::Canceled.as_str() => "2",
            _ => "33",
        };
        self.paint(code, status)
    }
}

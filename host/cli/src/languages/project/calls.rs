//! Calls of a project's tools: how they are shown, what of their words is, and what is said when they end badly.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::Project;
use crate::codes;
use crate::failure::{Failure, Report};
use crate::style::Style;
use crate::working::Working;

/// Variables that have tools color what they say, and those that keep them from it. Their words are collected before
/// they are shown, so that tools cannot see whether there is a terminal; and what else stands in the environment must
/// not decide.
const COLORED: [(&str, Option<&str>); 4] = [
    ("NO_COLOR", None),
    ("CARGO_TERM_COLOR", Some("always")),
    ("CLICOLOR_FORCE", Some("1")),
    ("FORCE_COLOR", Some("1")),
];
const PLAIN: [(&str, Option<&str>); 4] = [
    ("NO_COLOR", Some("1")),
    ("CARGO_TERM_COLOR", Some("never")),
    ("CLICOLOR_FORCE", None),
    ("FORCE_COLOR", None),
];

impl Project {
    /// Calls a tool. What it says to standard error is shown, and what it prints if it ends badly without such words.
    ///
    /// # Errors
    /// As [`Self::output`].
    pub(crate) fn run(&self, command: &mut Command) -> Result<(), Failure> {
        self.run_heard(command, str::to_owned)
    }

    /// The same for a tool whose words are not fit for the author of a step as they are.
    ///
    /// # Errors
    /// As [`Self::output`].
    pub(crate) fn run_heard(
        &self,
        command: &mut Command,
        heard: impl Fn(&str) -> String,
    ) -> Result<(), Failure> {
        let done = self.call(command)?;
        let failed = !done.status.success();
        let said = if failed && done.stderr.trim_ascii().is_empty() { &done.stdout } else { &done.stderr };
        self.show(&heard(&String::from_utf8_lossy(said)));
        self.ended_well(command, &done)
    }

    /// Calls a tool for what it prints. What it says to standard error is shown.
    ///
    /// # Errors
    /// Guest when the tool ends badly.
    pub(crate) fn output(&self, command: &mut Command) -> Result<Vec<u8>, Failure> {
        let done = self.call(command)?;
        self.show(&String::from_utf8_lossy(&done.stderr));
        self.ended_well(command, &done).map(|()| done.stdout)
    }

    /// Whether what tools say is colored: as what this program says itself.
    pub(crate) fn colored(&self) -> bool {
        self.ui.err != Style::PLAIN
    }

    fn call(&self, command: &mut Command) -> Result<Output, Failure> {
        let line = command_line(command);
        if self.ui.verbose > 0 {
            self.ui.note(&format!("$ {line}"));
        }
        for (variable, value) in if self.colored() { COLORED } else { PLAIN } {
            match value {
                Some(value) => command.env(variable, value),
                None => command.env_remove(variable),
            };
        }
        let _working = Working::begin(&format!("{} builds {}", program_of(command), self.name));
        let done = command.stdin(Stdio::null()).output();
        done.map_err(|error| {
            Report::new(&codes::TOOL_FAILED, format!("cannot run `{line}`")).cause(error).into()
        })
    }

    fn show(&self, said: &str) {
        let said = said.trim_matches('\n').trim_end();
        if !said.is_empty() {
            self.ui.note(said);
        }
    }

    fn ended_well(&self, command: &Command, done: &Output) -> Result<(), Failure> {
        if done.status.success() {
            return Ok(());
        }
        let message =
            format!("{} cannot be built: {} ended with {}", self.name, program_of(command), done.status);
        Err(Report::new(&codes::BUILD_FAILED, message).into())
    }
}

/// The name of the program that a command calls.
fn program_of(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// A command as one would type it.
fn command_line(command: &Command) -> String {
    let variables = command.get_envs().filter(|(name, _)| *name != "PATH").filter_map(|(name, value)| {
        Some(format!("{}={}", name.to_string_lossy(), quoted(&value?.to_string_lossy())))
    });
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    variables.chain(words.map(|word| quoted(&word.to_string_lossy()))).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let mut command = Command::new("/bin/zig");
        command.args(["cc", "a b.c", "it's", "-I/x", ""]).env("GOOS", "wasip1").env("PATH", "/bin");
        assert_eq!(command_line(&command), r"GOOS=wasip1 /bin/zig cc 'a b.c' 'it'\''s' -I/x ''");
    }
}

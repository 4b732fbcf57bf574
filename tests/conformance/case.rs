//! Cases as they are written: reading them.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// One case.
pub struct Case {
    /// Number and sentence.
    pub heading: String,
    /// Everything below the heading, as it is written.
    pub text: String,
}

impl Case {
    /// The number.
    pub fn number(&self) -> &str {
        self.heading.split_whitespace().next().unwrap_or_default()
    }
}

/// The cases of a file. Lines before the first heading are for people.
pub fn cases(text: &str) -> Result<Vec<Case>> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("# ") {
            ensure!(heading.contains(' '), "`{line}`: a heading is a number and a sentence");
            cases.push(Case { heading: heading.to_owned(), text: String::new() });
        } else if let Some(case) = cases.last_mut().filter(|_| !line.trim().is_empty()) {
            case.text.push_str(line);
            case.text.push('\n');
        }
    }
    Ok(cases)
}

/// One command with all its lines.
pub struct Line {
    /// As it is written, without what comes of it.
    pub written: String,
    /// The same in one line.
    pub command: String,
}

/// Commands that take more than one line and that nothing comes of.
const LONG: [&str; 2] = ["workflow", "program"];

impl Case {
    /// The commands.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for text in self.text.lines() {
            match lines.last_mut().filter(|_| text.starts_with(' ')) {
                None => lines.push(Line { written: text.to_owned(), command: text.to_owned() }),
                Some(line) if LONG.iter().any(|long| line.command.starts_with(long)) => {
                    line.written.push_str(&format!("\n{text}"));
                    line.command.push_str(&format!(" {}", text.trim()));
                }
                Some(_) => {}
            }
        }
        lines
    }
}

/// Words and JSON values of a command, one after the other.
pub struct Words<'a>(pub &'a str);

impl<'a> Words<'a> {
    /// The next word.
    pub fn word(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start();
        if text.is_empty() {
            return None;
        }
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        self.0 = rest;
        Some(word)
    }

    /// A JSON value, if the next thing is one.
    pub fn json(&mut self) -> Result<Option<Value>> {
        let text = self.0.trim_start();
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                self.0 = text.get(values.byte_offset()..).unwrap_or_default();
                Ok(Some(value))
            }
            Some(Err(_)) | None => Ok(None),
        }
    }

    /// A `name=VALUE` or a bare `name`; VALUE is JSON or a word.
    pub fn option(&mut self) -> Result<Option<(&'a str, Value)>> {
        let text = self.0.trim_start();
        if text.is_empty() {
            return Ok(None);
        }
        let end = text.find(['=', ' ']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let Some(value) = rest.strip_prefix('=') else {
            self.0 = rest;
            return Ok(Some((name, Value::Bool(true))));
        };
        self.0 = value;
        let value = match self.json()? {
            Some(value) => value,
            None => Value::from(self.word().with_context(|| format!("`{name}=` is followed by nothing"))?),
        };
        Ok(Some((name, value)))
    }

    /// Refuses what is left.
    pub fn end(&self) -> Result<()> {
        match self.0.trim() {
            "" => Ok(()),
            rest => bail!("`{rest}` is one thing too many"),
        }
    }
}

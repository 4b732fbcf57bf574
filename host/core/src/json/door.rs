//! What a well-formed text must be besides to be let in: a value, and one that every reader reads alike.
//!
//! RFC 8259 lets a text be well-formed and yet stand for nothing (half of a surrogate pair), for different things to
//! different readers (a key that is there twice), or for a number that most readers cannot hold.

use std::borrow::Cow;
use std::collections::HashSet;

/// Why a text is not let in, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// JSON Pointer to the place; empty for the value as a whole.
    pub(super) at: String,
    pub(super) what: String,
}

/// Longest piece of the text that a problem quotes, in characters.
const QUOTED_CHARS_MAX: usize = 40;

/// Longest place that a problem names, in characters; what is longer is cut in front.
const PLACE_CHARS_MAX: usize = 200;

/// Looks at a well-formed text; never deeper than its arrays and objects are nested, and without recursion.
pub(super) fn check(text: &str) -> Result<(), Problem> {
    Reader { text, at: 0, open: Vec::new() }.read()
}

/// An array or object that the reader is in.
enum Level<'t> {
    /// The index of the item.
    Array(usize),
    /// The key of the member, and all keys so far.
    Object { key: Cow<'t, str>, seen: HashSet<Cow<'t, str>>, value: bool },
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Level<'t>>,
}

impl<'t> Reader<'t> {
    fn read(mut self) -> Result<(), Problem> {
        while let Some(byte) = self.text.as_bytes().get(self.at).copied() {
            match byte {
                b'{' => self.open.push(Level::Object { key: "".into(), seen: HashSet::new(), value: false }),
                b'[' => self.open.push(Level::Array(0)),
                b'}' | b']' => drop(self.open.pop()),
                b':' => self.is_at_value(true),
                b',' => self.next(),
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'-' | b'0'..=b'9' => {
                    self.number()?;
                    continue;
                }
                // Blanks, and the letters of `true`, `false` and `null`.
                _ => {}
            }
            self.at += 1;
        }
        Ok(())
    }

    fn is_at_value(&mut self, now: bool) {
        if let Some(Level::Object { value, .. }) = self.open.last_mut() {
            *value = now;
        }
    }

    fn next(&mut self) {
        match self.open.last_mut() {
            Some(Level::Array(index)) => *index += 1,
            _ => self.is_at_value(false),
        }
    }

    /// A key or a value.
    fn string(&mut self) -> Result<(), Problem> {
        let (start, mut escaped, mut has_escapes) = (self.at, false, false);
        let rest = self.text.as_bytes().iter().skip(start + 1);
        let length = rest.take_while(|byte| {
            let ends = **byte == b'"' && !escaped;
            escaped = **byte == b'\\' && !escaped;
            has_escapes |= escaped;
            !ends
        });
        let end = start + 1 + length.count();
        self.at = end + 1;
        let raw = self.text.get(start..self.at).unwrap_or_default();
        let value = match has_escapes {
            false => Cow::Borrowed(self.text.get(start + 1..end).unwrap_or_default()),
            true => match serde_json::from_str::<String>(raw) {
                Ok(value) => Cow::Owned(value),
                // All that well-formed escapes can be wrong with.
                Err(_) => {
                    // Of a key, the place is the object.
                    self.open.pop_if(|level| matches!(level, Level::Object { value: false, .. }));
                    return Err(self.problem(format!("{} has half of a surrogate pair", quoted(raw))));
                }
            },
        };
        let Some(Level::Object { key, seen, value: false }) = self.open.last_mut() else { return Ok(()) };
        *key = value.clone();
        match seen.insert(value) {
            true => Ok(()),
            false => Err(self.problem(format!("the key {} is there twice", quoted(raw)))),
        }
    }

    fn number(&mut self) -> Result<(), Problem> {
        let start = self.at;
        let is_part = |byte: &&u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
        self.at += self.text.as_bytes().iter().skip(start).take_while(is_part).count();
        let raw = self.text.get(start..self.at).unwrap_or_default();
        match raw.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(()),
            _ => Err(self.problem(format!(
                "{} is too large for a number, {:e} is the largest",
                quoted(raw),
                f64::MAX
            ))),
        }
    }

    fn problem(&self, what: String) -> Problem {
        let mut at = String::new();
        for level in &self.open {
            at.push('/');
            match level {
                Level::Array(index) => at.push_str(&index.to_string()),
                Level::Object { key, .. } => at.push_str(&key.replace('~', "~0").replace('/', "~1")),
            }
        }
        let length = at.chars().count();
        if length > PLACE_CHARS_MAX {
            at = format!("…{}", at.chars().skip(length - PLACE_CHARS_MAX).collect::<String>());
        }
        Problem { at, what }
    }
}

fn quoted(raw: &str) -> String {
    match raw.char_indices().nth(QUOTED_CHARS_MAX) {
        None => raw.to_owned(),
        Some((end, _)) => format!("{}…", raw.get(..end).unwrap_or_default()),
    }
}

//! YAML with places: what of it means the same as some JSON.
//!
//! Aliases, tags and several documents are refused: a workflow is read by people who should not have to know them,
//! and aliases make a small file a large one.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::document::{DEPTH_MAX, Members, Node, Value};
use super::mistake::Mistake;

/// Reads a YAML text.
pub(super) fn read(text: &str) -> Result<Node, Vec<Mistake>> {
    let mut reader =
        Reader { text, bytes: byte_offsets(text), open: Vec::new(), root: None, mistakes: Vec::new() };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => {
                let span = reader.span(span);
                if reader.take(event, span).is_none() {
                    break;
                }
            }
            Err(error) => {
                let at = reader.byte(error.marker().index());
                reader.mistakes.push(Mistake::new(at, format!("not valid YAML: {}", error.info())));
                break;
            }
        }
    }
    match (reader.root, reader.mistakes) {
        (Some(node), mistakes) if mistakes.is_empty() => Ok(node),
        (None, mistakes) if mistakes.is_empty() => Err(vec![Mistake::new(0, "the file is empty")]),
        (_, mistakes) => Err(mistakes),
    }
}

/// The byte with which each character begins, and the end.
fn byte_offsets(text: &str) -> Vec<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
}

/// A list or map whose end has not come.
enum Open {
    List(usize, Vec<Node>),
    Map(usize, Members, Option<(String, Range<usize>)>),
}

struct Reader<'t> {
    text: &'t str,
    bytes: Vec<usize>,
    open: Vec<Open>,
    root: Option<Node>,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    fn byte(&self, character: usize) -> usize {
        self.bytes.get(character).copied().unwrap_or(self.text.len())
    }

    fn span(&self, span: Span) -> Range<usize> {
        self.byte(span.start.index())..self.byte(span.end.index())
    }

    /// Takes the next event; `None` when there is no use in going on.
    fn take(&mut self, event: Event<'_>, span: Range<usize>) -> Option<()> {
        match event {
            Event::Scalar(text, style, _, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                self.no_tag(&span, tag.is_some());
                match self.open.last_mut() {
                    Some(Open::Map(_, _, key @ None)) => *key = Some((text.into_owned(), span)),
                    _ => {
                        let value =
                            if plain { self.plain(&text, &span) } else { Value::Text(text.into_owned()) };
                        self.add(Node { span, value });
                    }
                }
            }
            Event::SequenceStart(_, tag) => {
                self.begin(&span, tag.is_some(), Open::List(span.start, Vec::new()))?
            }
            Event::MappingStart(_, tag) => {
                self.begin(&span, tag.is_some(), Open::Map(span.start, Members::default(), None))?
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (start, value) = match self.open.pop()? {
                    Open::List(start, items) => (start, Value::List(items)),
                    Open::Map(start, members, _) => (start, Value::Map(members.finish())),
                };
                self.add(Node { span: start..span.end.max(start), value });
            }
            Event::Alias(_) => {
                let problem = "aliases are not read: write out what stands at the anchor";
                self.mistakes.push(Mistake::new(span.start, problem));
                self.add(Node { span, value: Value::Null });
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                self.mistakes
                    .push(Mistake::new(span.start, "a second document begins: a file has one workflow"));
                return None;
            }
            _ => {}
        }
        Some(())
    }

    fn no_tag(&mut self, span: &Range<usize>, tagged: bool) {
        if tagged {
            self.mistakes.push(Mistake::new(span.start, "tags are not read: leave it out"));
        }
    }

    fn begin(&mut self, span: &Range<usize>, tagged: bool, open: Open) -> Option<()> {
        self.no_tag(span, tagged);
        if let Some(Open::Map(_, _, None)) = self.open.last() {
            self.mistakes.push(Mistake::new(span.start, "a key has to be a text"));
            return None;
        }
        if self.open.len() >= DEPTH_MAX {
            let problem = format!("nested more than {DEPTH_MAX} levels deep");
            self.mistakes.push(Mistake::new(span.start, problem));
            return None;
        }
        self.open.push(open);
        Some(())
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, members, key)) => {
                let Some((key, span)) = key.take() else { return };
                self.mistakes.extend(members.add(key, span, node).err());
            }
        }
    }

    /// What a text without quotes means, by the core schema of YAML 1.2.
    fn plain(&mut self, text: &str, span: &Range<usize>) -> Value {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
            "true" | "True" | "TRUE" => return Value::Bool(true),
            "false" | "False" | "FALSE" => return Value::Bool(false),
            _ => {}
        }
        let unsigned = text.trim_start_matches(['-', '+']);
        if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
            self.mistakes.push(Mistake::new(span.start, "a number has to be finite"));
        }
        number(text).map_or_else(|| Value::Text(text.to_owned()), Value::Number)
    }
}

/// A plain text as JSON writes the number that it is, if it is one.
fn number(text: &str) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let radix = |digits: &str, radix| {
        (!digits.starts_with(['+', '-'])).then(|| u64::from_str_radix(digits, radix).ok())?
    };
    if let Some(number) = text.strip_prefix("0x").and_then(|digits| radix(digits, 16)) {
        return Some(number.to_string());
    }
    if let Some(number) = text.strip_prefix("0o").and_then(|digits| radix(digits, 8)) {
        return Some(number.to_string());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = if text.starts_with('-') { "-" } else { "" };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let fraction = fraction.unwrap_or_default();
    let is_number = (digits(whole) || whole.is_empty())
        && (digits(fraction) || fraction.is_empty())
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)));
    if !is_number {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    let exponent = exponent.map(|exponent| format!("e{exponent}")).unwrap_or_default();
    Some(format!("{sign}{whole}{fraction}{exponent}"))
}

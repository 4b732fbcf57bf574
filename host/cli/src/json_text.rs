//! Layout of JSON texts: for eyes, with every digit as it was written.
//!
//! Works on the text alone, so it suits values of any size and numbers of any length. Characters that would steer a
//! terminal are escaped, which changes no value.

use std::fmt::Write as _;

use crate::ui::steers;

/// Lays a well-formed JSON text out in so many columns: what fits stays on one line.
pub(crate) fn pretty(text: &str, columns: usize) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    lay_out(&one_line(text), 0, columns, &mut out);
    out
}

/// The same, at most so many lines of it; what is left out is told.
pub(crate) fn pretty_bounded(text: &str, columns: usize, lines_max: usize) -> String {
    let whole = pretty(text, columns);
    let lines = whole.lines().count();
    if lines <= lines_max {
        return whole;
    }
    let mut shown: Vec<&str> = whole.lines().take(lines_max).collect();
    let more = format!("… {} more lines; `--output json` has all", lines - lines_max);
    shown.push(&more);
    shown.join("\n")
}

/// The text on one line, at most so many characters of it.
pub(crate) fn glimpse(text: &str, chars: usize) -> String {
    let line = one_line(text);
    match line.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// The text without white space between its parts but a blank after each comma and colon.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut scan = Scan::default();
    for c in text.chars() {
        let in_string = scan.feed(c);
        match c {
            c if in_string && steers(c) => escape(c, &mut line),
            _ if in_string => line.push(c),
            ',' | ':' => line.extend([c, ' ']),
            c if c.is_ascii_whitespace() => {}
            c => line.push(c),
        }
    }
    line
}

/// A JSON text without white space between its parts, with what would steer a terminal escaped.
pub(crate) fn harmless(compact: &str) -> String {
    let mut text = String::with_capacity(compact.len());
    for c in compact.chars() {
        if steers(c) { escape(c, &mut text) } else { text.push(c) }
    }
    text
}

/// Writes a character as JSON escapes: one for each of its UTF-16 units.
fn escape(c: char, line: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a String does not fail.
        let _ = write!(line, "\\u{unit:04x}");
    }
}

/// `value` as [`one_line`] gives it.
fn lay_out(value: &str, indent: usize, columns: usize, out: &mut String) {
    let fits = indent + value.chars().take(columns.saturating_add(1)).count() <= columns;
    let inner = value.strip_prefix(['{', '[']).and_then(|rest| rest.strip_suffix(['}', ']']));
    let (Some(inner), Some(open), Some(close), false) =
        (inner, value.chars().next(), value.chars().last(), fits)
    else {
        return out.push_str(value);
    };
    out.push(open);
    for (at, member) in members(inner).into_iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&" ".repeat(indent + 2));
        let (key, value) = if open == '{' { key_and_value(member) } else { ("", member) };
        out.push_str(key);
        lay_out(value, indent + 2, columns, out);
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push(close);
}

/// The members of an array or object, given what stands between its brackets.
fn members(inner: &str) -> Vec<&str> {
    let (mut members, mut from, mut scan) = (Vec::new(), 0, Scan::default());
    for (at, c) in inner.char_indices() {
        let in_string = scan.feed(c);
        if c == ',' && !in_string && scan.depth == 0 {
            members.extend(inner.get(from..at));
            from = at + 1;
        }
    }
    members.extend(inner.get(from..));
    members.into_iter().map(str::trim_start).filter(|member| !member.is_empty()).collect()
}

/// Parts a member of an object behind the blank after its colon.
fn key_and_value(member: &str) -> (&str, &str) {
    let mut scan = Scan::default();
    let colon = member.char_indices().find(|(_, c)| !scan.feed(*c) && *c == ':');
    colon.and_then(|(at, _)| member.split_at_checked(at + 2)).unwrap_or(("", member))
}

/// Where in a JSON text one is.
#[derive(Default)]
struct Scan {
    /// Open brackets.
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// Takes in the next character; says whether it belongs to a string.
    fn feed(&mut self, c: char) -> bool {
        let was_in_string = self.in_string;
        match c {
            _ if self.escaped => self.escaped = false,
            '\\' if self.in_string => self.escaped = true,
            '"' => self.in_string = !self.in_string,
            '{' | '[' if !self.in_string => self.depth += 1,
            '}' | ']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        was_in_string || self.in_string
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        r#"{"a": 1.50000000000000000001,"b":[],"c":{"d, e: [":"\"}","list":[1,2,{"x" : null}]} }"#;

    #[test]
    fn what_fits_stays_on_one_line() {
        let line =
            r#"{"a": 1.50000000000000000001, "b": [], "c": {"d, e: [": "\"}", "list": [1, 2, {"x": null}]}}"#;
        assert_eq!(pretty(TEXT, 100), line);
        insta::assert_snapshot!(pretty(TEXT, 50), @r#"
        {
          "a": 1.50000000000000000001,
          "b": [],
          "c": {"d, e: [": "\"}", "list": [1, 2, {"x": null}]}
        }
        "#);
        insta::assert_snapshot!(pretty(TEXT, 20), @r#"
        {
          "a": 1.50000000000000000001,
          "b": [],
          "c": {
            "d, e: [": "\"}",
            "list": [
              1,
              2,
              {"x": null}
            ]
          }
        }
        "#);
    }

    #[test]
    fn scalars_and_empty_values_have_no_layout() {
        for text in ["null", "\"long enough to break\"", "{}", "[]", "-1.5e300"] {
            assert_eq!(pretty(text, 2), text);
        }
    }

    #[test]
    fn a_long_text_is_cut_at_a_line_and_says_so() {
        insta::assert_snapshot!(pretty_bounded("[1, 2, 3, 4]", 4, 3), @"
        [
          1,
          2,
        … 3 more lines; `--output json` has all
        ");
    }

    #[test]
    fn what_would_steer_a_terminal_is_escaped_within_strings() {
        assert_eq!(pretty("[\"a\u{9b}2K\u{202e}é\"]", 80), r#"["a\u009b2K\u202eé"]"#);
    }

    #[test]
    fn layout_changes_nothing_but_white_space() {
        for columns in [1, 10, 30, 200] {
            assert_eq!(one_line(&pretty(TEXT, columns)), one_line(TEXT));
        }
    }
}

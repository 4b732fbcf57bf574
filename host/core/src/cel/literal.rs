//! Quoted text and bytes: `'a'`, `"a"`, `'''a'''`, raw with `r`, bytes with `b`.

use super::token::Token;

/// How a literal begins.
#[derive(Clone, Copy)]
pub(super) struct Prefix {
    raw: bool,
    bytes: bool,
    /// Length of the letters before the quotes.
    letters: usize,
}

/// What is wrong with a literal, and the bytes of it that are.
type Wrong = (usize, usize, String);

/// Whether a text begins with a literal.
pub(super) fn prefix(text: &str) -> Option<Prefix> {
    let letters = text.bytes().take(2).take_while(|b| matches!(b, b'r' | b'R' | b'b' | b'B')).count();
    let (before, after) = text.split_at_checked(letters)?;
    if !after.starts_with(['\'', '"']) {
        return None;
    }
    let count = |letter: &str| before.to_ascii_lowercase().matches(letter).count();
    let (raw, bytes) = (count("r"), count("b"));
    (raw <= 1 && bytes <= 1).then_some(Prefix { raw: raw == 1, bytes: bytes == 1, letters })
}

/// Reads the literal at the start of a text, and says how long it is.
pub(super) fn read(text: &str, prefix: Prefix) -> Result<(Token, usize), Wrong> {
    let quoted = text.get(prefix.letters..).unwrap_or_default();
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|q| quoted.starts_with(q)).unwrap_or("'");
    let start = prefix.letters + quote.len();
    let inside = text.get(start..).unwrap_or_default();
    let Some(length) = length(inside, quote, prefix.raw) else {
        return Err((0, text.len(), format!("this text has no end: expected {quote}")));
    };
    let inside = inside.get(..length).unwrap_or_default();
    let bytes = match prefix.raw {
        true => inside.as_bytes().to_vec(),
        false => unescape(inside, prefix.bytes).map_err(|(at, end, why)| (start + at, start + end, why))?,
    };
    let length = start + length + quote.len();
    if prefix.bytes {
        return Ok((Token::Bytes(bytes), length));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((Token::Text(text), length)),
        Err(_) => Err((0, length, "this text is not Unicode".to_owned())),
    }
}

/// How long the inside of a literal is; `None` when it has no end.
fn length(inside: &str, quote: &str, raw: bool) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if !raw => escaped = true,
            '\n' | '\r' if quote.len() == 1 => return None,
            _ if inside.get(at..).is_some_and(|rest| rest.starts_with(quote)) => return Some(at),
            _ => {}
        }
    }
    None
}

/// The bytes that a text with escapes stands for.
fn unescape(text: &str, bytes: bool) -> Result<Vec<u8>, Wrong> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (plain, escape) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.extend_from_slice(plain.as_bytes());
        let start = text.len() - escape.len();
        let length = one_escape(escape, bytes, &mut out).ok_or_else(|| {
            let shown: String = escape.chars().take(2).collect();
            (start, start + shown.len(), format!("`{shown}` is not an escape; a backslash is written `\\\\`"))
        })?;
        rest = escape.get(length..).unwrap_or_default();
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

/// Reads one escape and says how long it is.
fn one_escape(escape: &str, bytes: bool, out: &mut Vec<u8>) -> Option<usize> {
    let letter = escape.chars().nth(1)?;
    let simple = match letter {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' | '\'' | '"' | '`' | '?' => u8::try_from(letter).ok()?,
        _ => return coded_escape(escape, letter, bytes, out),
    };
    out.push(simple);
    Some(2)
}

/// Reads `\x41`, `\101`, `\u0041` or `\U00000041`: a character, or in bytes a byte.
fn coded_escape(escape: &str, letter: char, bytes: bool, out: &mut Vec<u8>) -> Option<usize> {
    let (start, length, radix) = match letter {
        'x' | 'X' => (2, 4, 16),
        'u' if !bytes => (2, 6, 16),
        'U' if !bytes => (2, 10, 16),
        '0'..='3' => (1, 4, 8),
        _ => return None,
    };
    let digits =
        escape.get(start..length).filter(|digits| digits.bytes().all(|b| b.is_ascii_alphanumeric()))?;
    let code = u32::from_str_radix(digits, radix).ok()?;
    if bytes {
        out.push(u8::try_from(code).ok()?);
    } else {
        out.extend_from_slice(char::from_u32(code)?.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(length)
}

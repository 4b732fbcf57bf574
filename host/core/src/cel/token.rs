//! The words of an expression.

use super::literal;
use super::span::Span;

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Int(u64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// An operator, a bracket, or one of `true`, `false`, `null`, `in`.
    Sign(&'static str),
    End,
}

/// Longest first: `<=` before `<`.
const SIGNS: [&str; 24] = [
    "==", "!=", "<=", ">=", "&&", "||", "(", ")", "[", "]", "{", "}", ".", ",", "-", "+", "*", "/", "%", "?",
    ":", "!", "<", ">",
];

const WORDS: [&str; 4] = ["true", "false", "null", "in"];

/// Words kept for the languages in which CEL is embedded; they cannot be names of variables.
pub(super) const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Reads words one after the other.
pub(super) struct Tokens<'s> {
    source: &'s str,
    at: usize,
}

/// What is wrong with a word, and where.
pub(super) type Wrong = (Span, String);

impl<'s> Tokens<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self { source, at: 0 }
    }

    /// The next word, [`Token::End`] after the last.
    pub(super) fn next(&mut self) -> Result<(Token, Span), Wrong> {
        self.skip_blank();
        let start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok((Token::End, Span::new(start, start))) };
        let token = if let Some(prefix) = literal::prefix(rest) {
            self.quoted(prefix)?
        } else if first.is_ascii_digit() || (first == '.' && second_is_digit(rest)) {
            self.number()?
        } else if first.is_ascii_alphabetic() || first == '_' {
            self.word()
        } else {
            self.sign(first)?
        };
        Ok((token, Span::new(start, self.at)))
    }

    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// Takes characters as long as they are wanted.
    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'s str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn skip_blank(&mut self) {
        loop {
            self.take(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c'));
            if !self.rest().starts_with("//") {
                return;
            }
            self.take(|c| c != '\n');
        }
    }

    fn word(&mut self) -> Token {
        let word = self.take(|c| c.is_ascii_alphanumeric() || c == '_');
        match WORDS.iter().find(|known| **known == word) {
            Some(known) => Token::Sign(known),
            None => Token::Name(word.to_owned()),
        }
    }

    fn sign(&mut self, first: char) -> Result<Token, Wrong> {
        let rest = self.rest();
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            self.at += sign.len();
            return Ok(Token::Sign(sign));
        }
        let span = Span::new(self.at, self.at + first.len_utf8());
        let hint = match first {
            '=' => ": two values are compared with `==`",
            '&' => ": and is written `&&`",
            '|' => ": or is written `||`",
            _ => "",
        };
        Err((span, format!("`{first}` means nothing here{hint}")))
    }

    fn quoted(&mut self, prefix: literal::Prefix) -> Result<Token, Wrong> {
        let start = self.at;
        match literal::read(self.rest(), prefix) {
            Ok((token, length)) => {
                self.at += length;
                Ok(token)
            }
            Err((from, to, message)) => Err((Span::new(start + from, start + to), message)),
        }
    }

    fn number(&mut self) -> Result<Token, Wrong> {
        let start = self.at;
        if let Some(hex) =
            self.rest().strip_prefix("0x").filter(|r| r.starts_with(|c: char| c.is_ascii_hexdigit()))
        {
            self.at = self.source.len() - hex.len();
            let digits = self.take(|c| c.is_ascii_hexdigit());
            return self.integer(start, u64::from_str_radix(digits, 16).ok());
        }
        let whole = self.take(|c| c.is_ascii_digit());
        let fraction = self.rest().starts_with('.') && second_is_digit(self.rest());
        if fraction {
            self.at += 1;
            self.take(|c| c.is_ascii_digit());
        }
        let exponent = exponent_length(self.rest());
        self.at += exponent;
        if !fraction && exponent == 0 {
            return self.integer(start, whole.parse().ok());
        }
        let text = self.source.get(start..self.at).unwrap_or_default();
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Double(number)),
            _ => Err((Span::new(start, self.at), "this number is out of the range of double".to_owned())),
        }
    }

    /// The end of an integer: `u` makes it a uint.
    fn integer(&mut self, start: usize, number: Option<u64>) -> Result<Token, Wrong> {
        let unsigned = self.rest().starts_with(['u', 'U']);
        if unsigned {
            self.at += 1;
        }
        match number {
            Some(number) if unsigned => Ok(Token::Uint(number)),
            Some(number) => Ok(Token::Int(number)),
            None => Err((Span::new(start, self.at), "this number is out of the range of int".to_owned())),
        }
    }
}

fn second_is_digit(text: &str) -> bool {
    text.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
}

/// Length of `e10`, `E-3` and the like at the start of a text, 0 when there is none.
fn exponent_length(text: &str) -> usize {
    let Some(after) = text.strip_prefix(['e', 'E']) else { return 0 };
    let digits = after.strip_prefix(['+', '-']).unwrap_or(after);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    if count == 0 { 0 } else { text.len() - digits.len() + count }
}

impl Token {
    /// How an error names the word.
    pub(super) fn shown(&self, source: &str, span: Span) -> String {
        match self {
            Self::End => "the end".to_owned(),
            _ => format!("`{}`", source.get(span.range()).unwrap_or_default()),
        }
    }
}

//! From text to a tree: operator precedence, a function for each level of the grammar.

use super::names::Names;
use super::span::Span;
use super::syntax::{DEPTH_MAX, Kind, Literal, NESTING_MAX, Node, Operator};
use super::token::{RESERVED, Token, Tokens, Wrong};

/// How tightly a comparison binds: the loosest of the operators that stand between two values.
const LOOSEST: u8 = 3;

/// Reads an expression from beginning to end.
pub(super) struct Parser<'s, 'n> {
    source: &'s str,
    tokens: Tokens<'s>,
    /// The word that is looked at next.
    pub(super) next: Token,
    pub(super) next_span: Span,
    /// End of the word that was taken last.
    pub(super) end: usize,
    pub(super) names: Names<'n>,
    /// Calls of [`Self::expression`] that are not back yet.
    nesting: usize,
}

impl<'s, 'n> Parser<'s, 'n> {
    pub(super) fn new(source: &'s str, names: Names<'n>) -> Result<Self, Wrong> {
        let mut tokens = Tokens::new(source);
        let (next, next_span) = tokens.next()?;
        Ok(Self { source, tokens, next, next_span, end: 0, names, nesting: 0 })
    }

    /// The whole text, and the names in it.
    pub(super) fn whole(mut self) -> Result<(Node, Names<'n>), Wrong> {
        let node = self.expression()?;
        match self.next {
            Token::End => Ok((node, self.names)),
            _ => self.unexpected("an operator or the end"),
        }
    }

    /// `a ? b : c`, or anything that binds more tightly.
    pub(super) fn expression(&mut self) -> Result<Node, Wrong> {
        self.nesting += 1;
        if self.nesting > NESTING_MAX {
            return Err(too_deep(self.next_span, NESTING_MAX));
        }
        let mut arms = Vec::new();
        let mut last = self.any()?;
        while self.take_sign("?")? {
            let then = self.any()?;
            self.expect(":")?;
            arms.push((last, then));
            last = self.any()?;
        }
        for (condition, then) in arms.into_iter().rev() {
            let span = condition.span.to(last.span);
            last = node(Kind::If(Box::new([condition, then, last])), span)?;
        }
        self.nesting -= 1;
        Ok(last)
    }

    fn any(&mut self) -> Result<Node, Wrong> {
        self.chain("||", Self::all, Kind::Or)
    }

    fn all(&mut self) -> Result<Node, Wrong> {
        self.chain("&&", |parser| parser.binary(LOOSEST), Kind::And)
    }

    /// Operands with the same sign between them.
    fn chain(
        &mut self,
        sign: &str,
        operand: impl Fn(&mut Self) -> Result<Node, Wrong>,
        kind: impl Fn(Vec<Node>) -> Kind,
    ) -> Result<Node, Wrong> {
        let first = operand(self)?;
        let start = first.span;
        let mut operands = vec![first];
        while self.take_sign(sign)? {
            operands.push(operand(self)?);
        }
        let end = operands.last().map_or(start, |last| last.span);
        match operands.len() {
            1 => operands.pop().map_or_else(|| self.unexpected("an expression"), Ok),
            _ => node(kind(operands), start.to(end)),
        }
    }

    /// Operands with signs between them that bind at least that tightly.
    fn binary(&mut self, tightness: u8) -> Result<Node, Wrong> {
        let mut left = self.unary()?;
        while let Some((operator, found)) = self.operator().filter(|(_, found)| *found >= tightness) {
            self.take()?;
            let right = self.binary(found + 1)?;
            let span = left.span.to(right.span);
            left = node(Kind::Binary(operator, Box::new([left, right])), span)?;
        }
        Ok(left)
    }

    fn operator(&self) -> Option<(Operator, u8)> {
        match self.next {
            Token::Sign(sign) => Operator::of(sign),
            _ => None,
        }
    }

    /// `!a`, `-a`, `!!a`; a minus before a number is part of it, or the least int could not be written.
    fn unary(&mut self) -> Result<Node, Wrong> {
        let Token::Sign(sign @ ("!" | "-")) = self.next else { return self.member() };
        let mut starts = Vec::new();
        while self.next == Token::Sign(sign) {
            starts.push(self.take()?.1);
        }
        let negative = sign == "-" && matches!(self.next, Token::Int(_) | Token::Double(_));
        let mut operand = match (negative, starts.pop()) {
            (true, Some(minus)) => {
                let number = self.negative(minus)?;
                self.suffixes(number)?
            }
            (_, last) => {
                starts.extend(last);
                self.member()?
            }
        };
        for start in starts.into_iter().rev() {
            let span = start.to(operand.span);
            let kind =
                if sign == "!" { Kind::Not(Box::new(operand)) } else { Kind::Negate(Box::new(operand)) };
            operand = node(kind, span)?;
        }
        Ok(operand)
    }

    fn negative(&mut self, minus: Span) -> Result<Node, Wrong> {
        let (number, span) = self.take()?;
        let span = minus.to(span);
        let literal = match number {
            Token::Int(number) => match 0i64.checked_sub_unsigned(number) {
                Some(number) => Literal::Int(number),
                None => return Err(out_of_range(span)),
            },
            Token::Double(number) => Literal::Double(-number),
            _ => return self.unexpected("a number"),
        };
        node(Kind::Literal(literal), span)
    }

    fn member(&mut self) -> Result<Node, Wrong> {
        let primary = self.primary()?;
        self.suffixes(primary)
    }

    fn primary(&mut self) -> Result<Node, Wrong> {
        let start = self.next_span;
        match self.next {
            Token::Sign("(") => self.parenthesised(),
            Token::Sign("[") => {
                self.take()?;
                let nodes = self.elements("]")?;
                node(Kind::List(nodes), self.since(start))
            }
            Token::Sign("{") => self.map(),
            Token::Name(_) => self.name(),
            _ => self.literal(),
        }
    }

    /// The span keeps the brackets, so that an error quotes a whole sub-expression.
    fn parenthesised(&mut self) -> Result<Node, Wrong> {
        let start = self.take()?.1;
        let mut node = self.expression()?;
        self.expect(")")?;
        node.span = self.since(start);
        Ok(node)
    }

    fn literal(&mut self) -> Result<Node, Wrong> {
        let span = self.next_span;
        let literal = match &mut self.next {
            Token::Int(number) => match i64::try_from(*number) {
                Ok(number) => Literal::Int(number),
                Err(_) => return Err(out_of_range(span)),
            },
            Token::Uint(number) => Literal::Uint(*number),
            Token::Double(number) => Literal::Double(*number),
            Token::Text(text) => Literal::Text(std::mem::take(text)),
            Token::Bytes(bytes) => Literal::Bytes(std::mem::take(bytes)),
            Token::Sign("true") => Literal::Bool(true),
            Token::Sign("false") => Literal::Bool(false),
            Token::Sign("null") => Literal::Null,
            _ => return self.unexpected("an expression"),
        };
        self.take()?;
        node(Kind::Literal(literal), span)
    }

    fn map(&mut self) -> Result<Node, Wrong> {
        let start = self.take()?.1;
        let mut entries = Vec::new();
        while self.next != Token::Sign("}") {
            entries.push(self.expression()?);
            self.expect(":")?;
            entries.push(self.expression()?);
            if !self.take_sign(",")? {
                break;
            }
        }
        self.expect("}")?;
        node(Kind::Map(entries), self.since(start))
    }

    /// Expressions with commas between them, up to and with a closing bracket. A comma may come last in a list.
    pub(super) fn elements(&mut self, close: &'static str) -> Result<Vec<Node>, Wrong> {
        let mut nodes = Vec::new();
        while self.next != Token::Sign(close) || (close == ")" && !nodes.is_empty()) {
            nodes.push(self.expression()?);
            if !self.take_sign(",")? {
                break;
            }
        }
        self.expect(close)?;
        Ok(nodes)
    }

    /// Takes the next word.
    pub(super) fn take(&mut self) -> Result<(Token, Span), Wrong> {
        let (next, span) = self.tokens.next()?;
        self.end = self.next_span.end;
        Ok((std::mem::replace(&mut self.next, next), std::mem::replace(&mut self.next_span, span)))
    }

    /// Takes a sign if it comes next.
    pub(super) fn take_sign(&mut self, sign: &str) -> Result<bool, Wrong> {
        let found = matches!(self.next, Token::Sign(next) if next == sign);
        if found {
            self.take()?;
        }
        Ok(found)
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<(), Wrong> {
        match self.take_sign(sign)? {
            true => Ok(()),
            false => self.unexpected(&format!("`{sign}`")),
        }
    }

    /// Takes a name; after a dot, words that cannot be variables are names too.
    pub(super) fn take_name(&mut self, after_dot: bool) -> Result<(String, Span), Wrong> {
        match &self.next {
            Token::Name(name) if !after_dot && RESERVED.contains(&name.as_str()) => {
                Err((self.next_span, format!("`{name}` is a reserved word and cannot name a variable")))
            }
            Token::Name(name) => {
                let name = name.clone();
                Ok((name, self.take()?.1))
            }
            _ => self.unexpected("a name"),
        }
    }

    /// From a place to the end of what was read.
    pub(super) fn since(&self, start: Span) -> Span {
        Span::new(start.start, self.end)
    }

    pub(super) fn unexpected<T>(&self, expected: &str) -> Result<T, Wrong> {
        let found = self.next.shown(self.source, self.next_span);
        Err((self.next_span, format!("expected {expected}, found {found}")))
    }
}

/// A node, unless the tree becomes too deep with it.
pub(super) fn node(kind: Kind, span: Span) -> Result<Node, Wrong> {
    let node = Node::new(kind, span);
    if node.depth > DEPTH_MAX { Err(too_deep(span, DEPTH_MAX)) } else { Ok(node) }
}

fn too_deep(span: Span, levels: usize) -> Wrong {
    (span, format!("nested, or chained, more than {levels} levels deep: do this in a step"))
}

fn out_of_range(span: Span) -> Wrong {
    (span, "this number is out of the range of int; a uint is written with a `u` behind it".to_owned())
}

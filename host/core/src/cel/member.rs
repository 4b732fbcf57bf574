//! The part of the grammar with names in it: variables, members, calls, macros.

use super::function::{self, Function};
use super::names::STEPS;
use super::parse::{Parser, node};
use super::pattern::Pattern;
use super::span::Span;
use super::syntax::{Each, Kind, Literal, Macro, Node};
use super::token::{Token, Wrong};

impl Parser<'_, '_> {
    /// A variable, a call, or `has(…)`.
    pub(super) fn name(&mut self) -> Result<Node, Wrong> {
        let (name, span) = self.take_name(false)?;
        if self.take_sign("(")? {
            let arguments = self.elements(")")?;
            let whole = self.since(span);
            return if name == "has" {
                has(arguments, whole)
            } else {
                self.call(&name, span, None, arguments)
            };
        }
        if self.next == Token::Sign("{") {
            return Err((
                span,
                format!("`{name}{{…}}` would be a message: write a map, as in {{'key': value}}"),
            ));
        }
        let kind = self.names.resolve(&name).map_err(|message| (span, message))?;
        match self.names.is_steps(&kind) {
            true => self.step(kind, span),
            false => node(kind, span),
        }
    }

    /// `steps.NAME` or `steps["NAME"]`: which steps an expression reads must be known before it is evaluated.
    fn step(&mut self, steps: Kind, span: Span) -> Result<Node, Wrong> {
        let misused = (span, format!("name the step: {STEPS}.NAME, or {STEPS}[\"NAME\"]"));
        let steps = node(steps, span)?;
        let id = if self.take_sign(".")? {
            self.take_name(true)?.0
        } else if self.take_sign("[")? {
            let Token::Text(id) = &self.next else { return Err(misused) };
            let id = id.clone();
            self.take()?;
            if self.next != Token::Sign("]") {
                return Err(misused);
            }
            self.take()?;
            id
        } else {
            return Err(misused);
        };
        if self.next == Token::Sign("(") {
            return Err(misused);
        }
        self.names.steps.insert(id.clone());
        node(Kind::Select(Box::new(steps), id), self.since(span))
    }

    /// What follows a value: `.name`, `.call(…)`, `[index]`.
    pub(super) fn suffixes(&mut self, mut value: Node) -> Result<Node, Wrong> {
        let start = value.span;
        loop {
            value = if self.take_sign(".")? {
                let (name, span) = self.take_name(true)?;
                match (self.take_sign("(")?, Macro::named(&name)) {
                    (true, Some(how)) => self.each(how, value)?,
                    (true, None) => {
                        let arguments = self.elements(")")?;
                        self.call(&name, span, Some(value), arguments)?
                    }
                    (false, _) => node(Kind::Select(Box::new(value), name), self.since(start))?,
                }
            } else if self.take_sign("[")? {
                let index = self.expression()?;
                self.expect("]")?;
                node(Kind::Index(Box::new([value, index])), self.since(start))?
            } else {
                return Ok(value);
            };
        }
    }

    fn call(
        &mut self,
        name: &str,
        name_span: Span,
        receiver: Option<Node>,
        arguments: Vec<Node>,
    ) -> Result<Node, Wrong> {
        let function = function::find(name, receiver.is_some(), arguments.len());
        let function = function.map_err(|message| (name_span, message))?;
        let start = receiver.as_ref().map_or(name_span, |receiver| receiver.span);
        let mut nodes: Vec<Node> = receiver.into_iter().chain(arguments).collect();
        if function == Function::Matches {
            nodes.last_mut().map_or(Ok(()), compile_pattern)?;
        }
        node(Kind::Call(function, nodes), self.since(start))
    }

    /// The arguments of a macro: a name, then one or two expressions in which it is known.
    fn each(&mut self, how: Macro, range: Node) -> Result<Node, Wrong> {
        let start = range.span;
        if !matches!(self.next, Token::Name(_)) {
            return self.misused_macro();
        }
        let (local, _) = self.take_name(false)?;
        if !self.take_sign(",")? {
            return self.misused_macro();
        }
        self.names.open(local);
        let first = self.expression()?;
        let second = match how == Macro::Map && self.take_sign(",")? {
            true => Some(self.expression()?),
            false => None,
        };
        self.names.close();
        self.expect(")")?;
        let (when, into) = match (how, second) {
            (Macro::Map, None) => (None, Some(first)),
            (_, second) => (Some(first), second),
        };
        node(Kind::Each(Box::new(Each { how, range, when, into })), self.since(start))
    }

    fn misused_macro<T>(&self) -> Result<T, Wrong> {
        let usage = "a macro takes a name, a comma and an expression, as in `list.filter(x, x > 1)`";
        Err((self.next_span, usage.to_owned()))
    }
}

/// `has(a.b)`: whether the map `a` has the key `b`.
fn has(mut arguments: Vec<Node>, span: Span) -> Result<Node, Wrong> {
    let wrong = (span, "`has` takes one argument with a dot in it, as in `has(input.name)`".to_owned());
    match (arguments.pop(), arguments.is_empty()) {
        (Some(Node { kind: Kind::Select(operand, field), .. }), true) => {
            node(Kind::Has(operand, field), span)
        }
        _ => Err(wrong),
    }
}

/// Turns a text into the pattern that it is, if it is one.
fn compile_pattern(argument: &mut Node) -> Result<(), Wrong> {
    if let Kind::Literal(Literal::Text(text)) = &argument.kind {
        let pattern = Pattern::compile(text)
            .map_err(|reason| (argument.span, format!("not a usable pattern: {reason}")))?;
        argument.kind = Kind::Literal(Literal::Pattern(pattern));
    }
    Ok(())
}

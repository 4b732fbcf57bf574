//! Walks the tree: one short function for each kind of node.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::budget::Budget;
use super::document::{Shape, Unreadable};
use super::error::{EvaluationErrorKind as Reason, Fault, fault};
use super::scope::{Root, Scope};
use super::span::Span;
use super::syntax::{Kind, Literal, Node, Operator};
use super::value::{Key, List, Map, Text, Value, Whole};
use super::{arithmetic, call, compare};

/// What a key of a map must be.
const KEY: &str = "bool, int, uint or string as key";

/// The variables that one evaluation has read so far.
pub(super) struct Roots<'a> {
    scope: &'a Scope<'a>,
    names: &'a [String],
    read: Vec<OnceCell<Option<Root<'a>>>>,
}

impl<'a> Roots<'a> {
    pub(super) fn new(scope: &'a Scope<'a>, names: &'a [String]) -> Self {
        Self { scope, names, read: names.iter().map(|_| OnceCell::new()).collect() }
    }
}

/// One evaluation.
pub(super) struct Evaluation<'a> {
    roots: &'a Roots<'a>,
    pub(super) budget: &'a Budget,
    /// Variables of the macros around the node that is evaluated, the innermost last.
    locals: Vec<Value<'a>>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(roots: &'a Roots<'a>, budget: &'a Budget) -> Self {
        Self { roots, budget, locals: Vec::new() }
    }

    /// The value of a node; a part of a document stays unread.
    pub(super) fn value(&mut self, node: &'a Node) -> Result<Value<'a>, Fault> {
        let span = node.span;
        self.budget.steps(1, span)?;
        match &node.kind {
            Kind::Literal(literal) => self.constant(literal, span),
            Kind::Variable(index) => self.variable(*index, span),
            Kind::Local(slot) => Ok(self.locals.get(*slot).cloned().unwrap_or(Value::Null)),
            Kind::List(nodes) => self.list(nodes),
            Kind::Map(nodes) => self.map(nodes),
            Kind::Select(operand, field) => self.select(operand, field, span),
            Kind::Has(operand, field) => Ok(Value::Bool(self.field(operand, field)?.is_some())),
            Kind::Index(nodes) => self.index(nodes, span),
            Kind::Not(operand) => Ok(Value::Bool(!self.bool(operand)?)),
            Kind::Negate(operand) => {
                let operand = self.read(operand)?;
                arithmetic::negate(operand, span)
            }
            Kind::And(nodes) => self.logic(nodes, false),
            Kind::Or(nodes) => self.logic(nodes, true),
            Kind::If(nodes) => self.either(nodes),
            Kind::Binary(operator, nodes) => self.binary(*operator, nodes, span),
            Kind::Call(function, nodes) => call::call(self, *function, nodes, span),
            Kind::Each(each) => self.each(each),
        }
    }

    /// The value of a node, one level deep.
    pub(super) fn read(&mut self, node: &'a Node) -> Result<Value<'a>, Fault> {
        let value = self.value(node)?;
        self.open(value, node.span)
    }

    pub(super) fn bool(&mut self, node: &'a Node) -> Result<bool, Fault> {
        match self.read(node)? {
            Value::Bool(value) => Ok(value),
            other => wrong_type("bool", &other, node.span),
        }
    }

    /// Looks into a value if it is a part of a document.
    pub(super) fn open(&self, value: Value<'a>, span: Span) -> Result<Value<'a>, Fault> {
        open(self.budget, value, span)
    }

    fn constant(&self, literal: &'a Literal, span: Span) -> Result<Value<'a>, Fault> {
        Ok(match literal {
            Literal::Null => Value::Null,
            Literal::Bool(value) => Value::Bool(*value),
            Literal::Int(value) => Value::Int(*value),
            Literal::Uint(value) => Value::Uint(*value),
            Literal::Double(value) => Value::Double(*value),
            Literal::Text(text) => Value::Text(Text::Borrowed(text)),
            Literal::Bytes(bytes) => {
                self.budget.bytes(bytes.len(), span)?;
                Value::Bytes(bytes.as_slice().into())
            }
            Literal::Type(name) => Value::Type(name),
            Literal::Pattern(pattern) => Value::Pattern(pattern),
        })
    }

    fn variable(&self, index: usize, span: Span) -> Result<Value<'a>, Fault> {
        let roots = self.roots;
        let name = roots.names.get(index).map_or("", String::as_str);
        let root =
            roots.read.get(index).and_then(|cell| cell.get_or_init(|| roots.scope.root(name)).as_ref());
        match root {
            Some(Root::Document(document)) => Ok(Value::Unread(document)),
            Some(Root::Value(value)) => Ok(value.clone()),
            None => fault(span, Reason::NoSuchVariable { name: name.to_owned() }),
        }
    }

    fn list(&mut self, nodes: &'a [Node]) -> Result<Value<'a>, Fault> {
        let elements = nodes.iter().map(|node| self.value(node)).collect::<Result<_, _>>()?;
        Ok(Value::list(elements))
    }

    fn map(&mut self, nodes: &'a [Node]) -> Result<Value<'a>, Fault> {
        let mut entries = BTreeMap::new();
        for pair in nodes.chunks_exact(2) {
            let [key, value] = pair else { continue };
            let (key, span) = (self.read(key)?, key.span);
            let is_double = matches!(key, Value::Double(_));
            let Some(key) = as_key(&key).filter(|_| !is_double) else { return wrong_type(KEY, &key, span) };
            let value = self.value(value)?;
            let shown = key.clone();
            if entries.insert(key, value).is_some() {
                return fault(span, Reason::DuplicateKey { key: shown.shown() });
            }
        }
        Ok(Value::Map(Map::Made(Rc::new(entries))))
    }

    fn select(&mut self, operand: &'a Node, field: &str, span: Span) -> Result<Value<'a>, Fault> {
        match self.field(operand, field)? {
            Some(value) => Ok(value),
            None => fault(span, Reason::NoSuchKey { key: super::document::quoted(field) }),
        }
    }

    fn field(&mut self, operand: &'a Node, field: &str) -> Result<Option<Value<'a>>, Fault> {
        match self.read(operand)? {
            Value::Map(map) => Ok(map.field(field)),
            other => wrong_type("map", &other, operand.span),
        }
    }

    fn index(&mut self, nodes: &'a [Node; 2], span: Span) -> Result<Value<'a>, Fault> {
        let [operand, index] = nodes;
        let (value, at) = (self.read(operand)?, self.read(index)?);
        match value {
            Value::Map(map) => {
                let Some(key) = as_key(&at) else { return wrong_type(KEY, &at, index.span) };
                map.get(&key).map_or_else(|| fault(span, Reason::NoSuchKey { key: key.shown() }), Ok)
            }
            Value::List(list) => {
                let Some(Key::Number(Whole { number, .. })) = as_key(&at) else {
                    return wrong_type("int as index", &at, index.span);
                };
                let found = usize::try_from(number).ok().and_then(|index| list.get(index));
                let missing = || Reason::NoSuchElement { index: number.to_string(), length: list.len() };
                found.map_or_else(|| fault(span, missing()), Ok)
            }
            other => wrong_type("list or map", &other, operand.span),
        }
    }

    /// `&&` and `||`: an operand that decides makes up for an error in another.
    fn logic(&mut self, nodes: &'a [Node], decides: bool) -> Result<Value<'a>, Fault> {
        let mut first_fault = None;
        for node in nodes {
            match self.bool(node) {
                Ok(value) if value == decides => return Ok(Value::Bool(decides)),
                Ok(_) => {}
                Err(fault) if fault.0.is_final() => return Err(fault),
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
        }
        first_fault.map_or(Ok(Value::Bool(!decides)), Err)
    }

    fn either(&mut self, nodes: &'a [Node; 3]) -> Result<Value<'a>, Fault> {
        let [condition, then, otherwise] = nodes;
        if self.bool(condition)? { self.value(then) } else { self.value(otherwise) }
    }

    fn binary(&mut self, operator: Operator, nodes: &'a [Node; 2], span: Span) -> Result<Value<'a>, Fault> {
        let [left, right] = nodes;
        let (left, right) = (self.read(left)?, self.read(right)?);
        match operator {
            Operator::Equal => Ok(Value::Bool(compare::equal(self.budget, &left, &right, span)?)),
            Operator::Unequal => Ok(Value::Bool(!compare::equal(self.budget, &left, &right, span)?)),
            Operator::In => self.contains(&right, &left, nodes, span),
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                compare::ordered(self.budget, operator, &left, &right, span).map(Value::Bool)
            }
            _ => arithmetic::binary(self.budget, operator, left, right, span),
        }
    }

    /// Whether a list has an element, or a map a key.
    fn contains(
        &self,
        container: &Value<'a>,
        wanted: &Value<'a>,
        nodes: &'a [Node; 2],
        span: Span,
    ) -> Result<Value<'a>, Fault> {
        match container {
            Value::Map(map) => match as_key(wanted) {
                Some(key) => Ok(Value::Bool(map.get(&key).is_some())),
                // No key is equal to a number with a fraction.
                None if matches!(wanted, Value::Double(_)) => Ok(Value::Bool(false)),
                None => wrong_type(KEY, wanted, nodes.first().map_or(span, |node| node.span)),
            },
            Value::List(list) => {
                for at in 0..list.len() {
                    self.budget.steps(1, span)?;
                    let Some(element) = list.get(at) else { break };
                    let element = self.open(element, span)?;
                    if compare::equal(self.budget, &element, wanted, span)? {
                        return Ok(Value::Bool(true));
                    }
                }
                Ok(Value::Bool(false))
            }
            other => wrong_type("list or map", other, nodes.last().map_or(span, |node| node.span)),
        }
    }

    /// Evaluates a node in which one more variable is known.
    pub(super) fn with_local<T>(
        &mut self,
        local: Value<'a>,
        evaluate: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.locals.push(local);
        let result = evaluate(self);
        self.locals.pop();
        result
    }
}

/// Looks into a value if it is a part of a document.
pub(super) fn open<'a>(budget: &Budget, value: Value<'a>, span: Span) -> Result<Value<'a>, Fault> {
    let Value::Unread(document) = value else { return Ok(value) };
    let unread = document.bytes_to_read();
    budget.split(unread.unwrap_or_default(), span)?;
    let shape = match document.shape(budget.elements_max()) {
        Ok(shape) => shape,
        Err(Unreadable::TooMany) => return budget.out_of_fuel(span),
        Err(Unreadable::NoValue) => {
            let found = super::span::excerpt(&document.text());
            return fault(span, Reason::Convert { found, expected: "a value" });
        }
    };
    if let (Some(_), Shape::List(elements)) = (unread, &shape) {
        budget.elements(elements.len(), span)?;
    }
    if let (Some(_), Shape::Map(entries)) = (unread, &shape) {
        budget.elements(entries.len(), span)?;
    }
    Ok(match shape {
        Shape::Null => Value::Null,
        Shape::Bool(value) => Value::Bool(value),
        Shape::Int(value) => Value::Int(value),
        Shape::Uint(value) => Value::Uint(value),
        Shape::Double(value) => Value::Double(value),
        Shape::Text(text) => Value::Text(text.into()),
        Shape::List(elements) => Value::List(List::Read(elements)),
        Shape::Map(entries) => Value::Map(Map::Read(entries)),
    })
}

/// A value as the key of a map, or as an index; `None` for values that are never one.
pub(super) fn as_key<'a>(value: &Value<'a>) -> Option<Key<'a>> {
    match value {
        Value::Bool(value) => Some(Key::Bool(*value)),
        Value::Int(value) => Some(Key::Number(Whole { number: i128::from(*value), is_uint: false })),
        Value::Uint(value) => Some(Key::Number(Whole { number: i128::from(*value), is_uint: true })),
        Value::Double(value) => {
            arithmetic::whole(*value).map(|number| Key::Number(Whole { number, is_uint: false }))
        }
        Value::Text(text) => Some(Key::Text(text.clone())),
        _ => None,
    }
}

pub(super) fn wrong_type<T>(expected: impl Into<String>, found: &Value<'_>, span: Span) -> Result<T, Fault> {
    fault(span, Reason::Type { expected: expected.into(), found: found.type_name().to_owned() })
}

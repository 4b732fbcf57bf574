//! An expression as a tree in which every name is resolved.

use super::function::Function;
use super::pattern::Pattern;
use super::span::Span;

/// Deepest tree: the longest chain of operators, selections or calls. Because of it, everything that walks a tree may
/// recurse.
pub(super) const DEPTH_MAX: usize = 128;

/// Deepest nesting of brackets, arguments and macros. Reading one level takes more of the stack than walking one.
pub(super) const NESTING_MAX: usize = 32;

/// One sub-expression.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) span: Span,
    /// Levels of nodes from here down.
    pub(super) depth: usize,
}

#[derive(Debug)]
pub(super) enum Kind {
    Literal(Literal),
    /// Index into the variables of the expression.
    Variable(usize),
    /// A variable of a macro: how many others are around it.
    Local(usize),
    List(Vec<Node>),
    /// Keys and values in turn.
    Map(Vec<Node>),
    Select(Box<Node>, String),
    Has(Box<Node>, String),
    Index(Box<[Node; 2]>),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    If(Box<[Node; 3]>),
    Binary(Operator, Box<[Node; 2]>),
    /// The receiver comes first.
    Call(Function, Vec<Node>),
    Each(Box<Each>),
}

#[derive(Debug)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// The name of a type.
    Type(&'static str),
    /// A pattern of `matches` that is known before the evaluation.
    Pattern(Pattern),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
}

/// A macro: an expression for each element of a list, or key of a map.
#[derive(Debug)]
pub(super) struct Each {
    pub(super) how: Macro,
    pub(super) range: Node,
    /// The condition; for `map` with two arguments there is none.
    pub(super) when: Option<Node>,
    /// What `map` makes of an element.
    pub(super) into: Option<Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

impl Macro {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "all" => Self::All,
            "exists" => Self::Exists,
            "exists_one" | "existsOne" => Self::ExistsOne,
            "filter" => Self::Filter,
            "map" => Self::Map,
            _ => return None,
        })
    }
}

impl Operator {
    /// The operator for a sign, and how tightly it binds.
    pub(super) fn of(sign: &str) -> Option<(Self, u8)> {
        Some(match sign {
            "==" => (Self::Equal, 3),
            "!=" => (Self::Unequal, 3),
            "<" => (Self::Less, 3),
            "<=" => (Self::LessOrEqual, 3),
            ">" => (Self::Greater, 3),
            ">=" => (Self::GreaterOrEqual, 3),
            "in" => (Self::In, 3),
            "+" => (Self::Add, 4),
            "-" => (Self::Subtract, 4),
            "*" => (Self::Multiply, 5),
            "/" => (Self::Divide, 5),
            "%" => (Self::Remainder, 5),
            _ => return None,
        })
    }

    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
        }
    }
}

impl Node {
    pub(super) fn new(kind: Kind, span: Span) -> Self {
        let depth = 1 + kind.children().map(|child| child.depth).max().unwrap_or_default();
        Self { kind, span, depth }
    }
}

impl Kind {
    fn children(&self) -> Box<dyn Iterator<Item = &Node> + '_> {
        match self {
            Self::Literal(_) | Self::Variable(_) | Self::Local(_) => Box::new(std::iter::empty()),
            Self::List(nodes)
            | Self::Map(nodes)
            | Self::And(nodes)
            | Self::Or(nodes)
            | Self::Call(_, nodes) => Box::new(nodes.iter()),
            Self::Select(node, _) | Self::Has(node, _) | Self::Not(node) | Self::Negate(node) => {
                Box::new(std::iter::once(&**node))
            }
            Self::Index(nodes) | Self::Binary(_, nodes) => Box::new(nodes.iter()),
            Self::If(nodes) => Box::new(nodes.iter()),
            Self::Each(each) => {
                Box::new(std::iter::once(&each.range).chain(each.when.iter()).chain(each.into.iter()))
            }
        }
    }
}

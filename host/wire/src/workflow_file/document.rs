//! A file as a tree of values that know where in the text they stand.

use std::collections::HashSet;
use std::ops::Range;

use super::mistake::Mistake;
use crate::place::inner_offset;

/// Deepest nesting that is taken; the same as for all JSON.
pub(super) const DEPTH_MAX: usize = reentry::core::json::DEPTH_MAX;

/// A text, and the tree of what it says.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) text: String,
    pub(super) root: Node,
}

/// A value, and the bytes of the text in which it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// As JSON writes it.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) span: Range<usize>,
    pub(super) value: Node,
}

/// The members of a map while it is read.
#[derive(Debug, Default)]
pub(super) struct Members {
    all: Vec<Member>,
    /// Asked for each key, of which there may be many.
    keys: HashSet<String>,
}

impl Members {
    /// Adds a member, unless its key is there already: then it says so.
    pub(super) fn add(&mut self, key: String, span: Range<usize>, value: Node) -> Result<(), Mistake> {
        if !self.keys.insert(key.clone()) {
            return Err(Mistake::twice(span.start, &key));
        }
        self.all.push(Member { key, span, value });
        Ok(())
    }

    /// All of them, in their order.
    pub(super) fn finish(self) -> Vec<Member> {
        self.all
    }
}

/// What stands at a JSON Pointer, or as near to it as anything does.
pub(super) struct Found<'d> {
    pub(super) node: &'d Node,
    /// The key under which it stands.
    pub(super) key: Option<Range<usize>>,
    /// Whether it is what was looked for.
    pub(super) whole: bool,
}

impl Found<'_> {
    /// Where somebody looks for the entry or field as a whole: at its key.
    pub(super) fn key(&self) -> usize {
        self.key.as_ref().unwrap_or(&self.node.span).start
    }

    /// Where the value begins; when there is none, where what should have it does.
    pub(super) fn value(&self) -> usize {
        if self.whole { self.node.span.start } else { self.key() }
    }

    /// Where a byte of the value stands, if the value is a text.
    pub(super) fn inside(&self, source: &str, byte: usize) -> usize {
        match &self.node.value {
            Value::Text(text) if self.whole => inner_offset(source, &self.node.span, text, byte),
            _ => self.value(),
        }
    }
}

impl Node {
    /// Follows a JSON Pointer. A list of one is passed through, because a block of one entry may be written either way.
    pub(super) fn find(&self, pointer: &str) -> Found<'_> {
        let mut found = Found { node: self, key: None, whole: true };
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            if let (Value::List(items), Err(_)) = (&found.node.value, token.parse::<usize>())
                && let [only] = items.as_slice()
            {
                found.node = only;
            }
            match found.node.below(&token) {
                Some((node, key)) => found = Found { node, key, whole: true },
                None => return Found { whole: false, ..found },
            }
        }
        found
    }

    fn below(&self, token: &str) -> Option<(&Node, Option<Range<usize>>)> {
        match &self.value {
            Value::List(items) => Some((items.get(token.parse::<usize>().ok()?)?, None)),
            Value::Map(members) => {
                let member = members.iter().find(|member| member.key == token)?;
                Some((&member.value, Some(member.span.clone())))
            }
            _ => None,
        }
    }

    /// Where the key of a member stands.
    pub(super) fn key_of(&self, key: &str) -> Option<Range<usize>> {
        self.below(&key.replace('~', "~0").replace('/', "~1")).and_then(|(_, key)| key)
    }
}

/// The value as JSON, and where in the file each part of it comes from.
#[derive(Default)]
pub(super) struct Written {
    pub(super) text: String,
    /// Offsets in the text with offsets in the file, in order.
    marks: Vec<(usize, usize)>,
}

impl Written {
    pub(super) fn of(node: &Node) -> Self {
        let mut written = Self::default();
        written.write(node);
        written
    }

    /// An object of these members, which begins at a byte of the file.
    pub(super) fn of_members<'m>(members: impl Iterator<Item = &'m Member>, start: usize) -> Self {
        let mut written = Self { text: String::new(), marks: vec![(0, start)] };
        written.members(members);
        written
    }

    /// Where in the file a place of the text comes from.
    pub(super) fn origin(&self, offset: usize) -> usize {
        let before = self.marks.partition_point(|(at, _)| *at < offset);
        before.checked_sub(1).and_then(|last| self.marks.get(last)).map_or(0, |(_, origin)| *origin)
    }

    fn write(&mut self, node: &Node) {
        self.marks.push((self.text.len(), node.span.start));
        match &node.value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            Value::Number(number) => self.text.push_str(number),
            Value::Text(text) => self.string(text),
            Value::List(items) => {
                self.text.push('[');
                for (n, item) in items.iter().enumerate() {
                    self.comma(n);
                    self.write(item);
                }
                self.text.push(']');
            }
            Value::Map(members) => self.members(members.iter()),
        }
    }

    fn members<'m>(&mut self, members: impl Iterator<Item = &'m Member>) {
        self.text.push('{');
        for (n, member) in members.enumerate() {
            self.comma(n);
            self.marks.push((self.text.len(), member.span.start));
            self.string(&member.key);
            self.text.push(':');
            self.write(&member.value);
        }
        self.text.push('}');
    }

    fn comma(&mut self, n: usize) {
        if n > 0 {
            self.text.push(',');
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push_str(&serde_json::Value::from(text).to_string());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{read_json, read_yaml};
    use super::*;

    /// To look for each key among all that came before would be 1,800,000,000 comparisons.
    #[test]
    fn a_map_of_sixty_thousand_keys_is_read_and_a_key_that_is_there_twice_is_found() {
        let keys = || (0..60_000).map(|number| format!("k{number}"));
        let yaml: String = keys().map(|key| format!("{key}: 1\n")).collect();
        let json =
            format!("{{{}}}", keys().map(|key| format!("\"{key}\": 1")).collect::<Vec<_>>().join(", "));
        for read in [read_yaml::read(&yaml), read_json::read(&json)] {
            let Value::Map(members) = read.unwrap().value else { panic!("no map") };
            assert!(members.iter().map(|member| member.key.clone()).eq(keys()));
        }
        let twice = read_yaml::read(&format!("{yaml}k7: 2\n")).unwrap_err();
        assert_eq!(twice, [Mistake::twice(yaml.len(), "k7")]);
        let twice = read_json::read(&json.replace("\"k8\"", "\"k7\"")).unwrap_err();
        assert_eq!(twice.len(), 1);
    }
}

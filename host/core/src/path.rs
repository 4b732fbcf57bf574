//! Step paths: where in a workflow a step stands.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{NameError, check_name};
use crate::quote::beginning;

/// Deepest nesting of workflows and blocks. Bounds the length of paths and the recursion over a definition.
pub const PATH_DEPTH_MAX: usize = 32;

/// One level of a path: the id of an entry and, in a block that repeats, which repetition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment {
    /// Id of the entry in its workflow.
    pub id: String,
    /// Index of the item or iteration, for entries that repeat.
    pub index: Option<u32>,
}

/// The way from the top of a workflow to one of its steps: `approve`, `outer.inner.leaf`, `each[3].check`.
///
/// The empty path is the workflow itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepPath(Vec<Segment>);

/// A text that is not a step path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// An element is not a name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The index of an element is not a number in brackets.
    #[error(
        "`{found}` is not an element of a step path: expected an id, or an id and an index as in `each[3]`"
    )]
    Index {
        /// The element as it came.
        found: String,
    },
    /// Too many elements.
    #[error("a step path of {found} elements is too deep, at most {PATH_DEPTH_MAX} are allowed")]
    TooDeep {
        /// Elements found.
        found: usize,
    },
}

impl StepPath {
    /// The workflow itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path one level down.
    pub fn child(&self, id: &str) -> Self {
        let mut segments = self.0.clone();
        segments.push(Segment { id: id.to_owned(), index: None });
        Self(segments)
    }

    /// The path one level down, to this element.
    pub fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }

    /// The path of one repetition of the block at this path; the root has none.
    pub fn repetition(&self, index: u32) -> Self {
        let mut segments = self.0.clone();
        if let Some(last) = segments.last_mut() {
            last.index = Some(index);
        }
        Self(segments)
    }

    /// The path of the block that this path is a repetition of, or else this path.
    pub fn without_index(&self) -> Self {
        let mut segments = self.0.clone();
        if let Some(last) = segments.last_mut() {
            last.index = None;
        }
        Self(segments)
    }

    /// Another entry of the same scope; the root has none.
    pub fn sibling(&self, id: &str) -> Self {
        self.parent().unwrap_or_default().child(id)
    }

    /// The path one level up; `None` for the workflow itself.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.0.split_last()?;
        Some(Self(above.to_vec()))
    }

    /// The last element; `None` for the workflow itself.
    pub fn last(&self) -> Option<&Segment> {
        self.0.last()
    }

    /// The elements from the top down.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether this is the workflow itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this path is `above` or lies below it. An element of `above` without index matches any index.
    pub fn is_within(&self, above: &Self) -> bool {
        above.0.len() <= self.0.len()
            && self.0.iter().zip(&above.0).all(|(mine, theirs)| {
                mine.id == theirs.id && (theirs.index.is_none() || theirs.index == mine.index)
            })
    }

    /// Each element as text, as results list suspended paths.
    pub fn elements(&self) -> Vec<String> {
        self.0.iter().map(Segment::to_string).collect()
    }

    /// A path from its elements, each as it is printed.
    ///
    /// # Errors
    /// [`PathError`] when an element is not a name with an optional index, or there are too many.
    pub fn from_elements<S: AsRef<str>>(elements: impl IntoIterator<Item = S>) -> Result<Self, PathError> {
        let segments = elements
            .into_iter()
            .map(|element| element.as_ref().parse())
            .collect::<Result<Vec<Segment>, _>>()?;
        if segments.len() > PATH_DEPTH_MAX {
            return Err(PathError::TooDeep { found: segments.len() });
        }
        Ok(Self(segments))
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            None => f.write_str(&self.id),
            Some(index) => write!(f, "{}[{index}]", self.id),
        }
    }
}

impl FromStr for Segment {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let bad = || PathError::Index { found: beginning(text) };
        let (id, index) = match text.split_once('[') {
            None => (text, None),
            Some((id, rest)) => {
                let digits = rest.strip_suffix(']').ok_or_else(bad)?;
                (id, Some(digits.parse().map_err(|_| bad())?))
            }
        };
        check_name("step", id)?;
        Ok(Self { id: id.to_owned(), index })
    }
}

impl fmt::Display for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            write!(f, "{dot}{segment}")?;
        }
        Ok(())
    }
}

impl FromStr for StepPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        if text.is_empty() { Ok(Self::root()) } else { Self::from_elements(text.split('.')) }
    }
}

impl Serialize for StepPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StepPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn path(text: &str) -> StepPath {
        text.parse().unwrap()
    }

    #[test]
    fn a_path_prints_and_parses_as_the_same_text() {
        for text in ["", "approve", "outer.inner.leaf", "each[3].check"] {
            assert_eq!(path(text).to_string(), text);
        }
        assert_eq!(path("each[3].check").elements(), ["each[3]", "check"]);
    }

    #[test]
    fn a_prefix_reaches_what_lies_below_it() {
        assert!(path("a.b.c").is_within(&path("a.b")));
        assert!(path("a[2].b").is_within(&path("a")));
        assert!(!path("a[2].b").is_within(&path("a[1]")));
        assert!(!path("a").is_within(&path("a.b")));
    }

    #[test]
    fn what_is_no_path_is_refused_by_name() {
        let said = |text: &str| text.parse::<StepPath>().unwrap_err().to_string();
        assert!(said("a..b").starts_with("`` cannot be the id of a step"));
        assert!(said("a[x]").starts_with("`a[x]` is not an element"));
        assert!(said(&["a"; 33].join(".")).starts_with("a step path of 33 elements"));
    }
}

//! The words of a line.

use std::collections::BTreeMap;

use crate::json::Json;

/// The words of a line: those that stand alone, JSON values in one piece, and `key=value`.
pub(super) struct Words<'a> {
    pub(super) alone: Vec<&'a str>,
    options: Vec<(&'a str, &'a str)>,
}

impl<'a> Words<'a> {
    pub(super) fn of(mut line: &'a str) -> Self {
        let (mut alone, mut options) = (Vec::new(), Vec::new());
        loop {
            line = line.trim_start();
            if line.is_empty() {
                return Self { alone, options };
            }
            let key = line
                .split_once('=')
                .map(|(key, _)| key)
                .filter(|key| key.bytes().all(|b| b.is_ascii_lowercase()));
            let text = key.map_or(line, |key| line.split_at(key.len() + 1).1);
            let length = match text.bytes().next() {
                Some(b'{' | b'[' | b'"') => text.len() - value(text).1.len(),
                _ => text.find(' ').unwrap_or(text.len()),
            };
            let (word, rest) = text.split_at(length);
            match key {
                Some(key) => options.push((key, word)),
                None => alone.push(word),
            }
            line = rest;
        }
    }

    pub(super) fn alone(&self, at: usize) -> Option<&'a str> {
        self.alone.get(at).copied()
    }

    pub(super) fn json(&self, at: usize) -> Option<Json> {
        self.alone(at).map(parsed)
    }

    pub(super) fn option(&self, key: &str) -> Option<&'a str> {
        self.all(key).next()
    }

    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.options.iter().filter(move |(other, _)| *other == key).map(|(_, value)| *value)
    }

    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.option(key).map(|text| text.parse().unwrap())
    }

    pub(super) fn map(&self, key: &str) -> BTreeMap<String, Json> {
        self.option(key).map(|text| parsed(text).decode().unwrap()).unwrap_or_default()
    }
}

pub(super) fn parsed(text: &str) -> Json {
    Json::parse(text).unwrap()
}

/// Reads one JSON value from the beginning of a text.
pub(super) fn value(text: &str) -> (Json, &str) {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Json>();
    let value = values.next().expect("a JSON value").unwrap();
    let rest = text.split_at(values.byte_offset()).1;
    (value, rest)
}

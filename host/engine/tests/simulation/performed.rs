//! What guests did, by the idempotency keys of the calls.

use std::collections::{BTreeMap, BTreeSet};

use crate::stage::Effect;

/// All performances of calls.
pub(crate) struct Performed {
    /// How often each call was performed.
    pub(crate) times: BTreeMap<String, usize>,
    /// What each was called with, ever.
    ever: BTreeSet<(String, String)>,
    /// What each was called with after power was lost for the last time before it.
    last: BTreeMap<String, String>,
    /// How often the run had been sent back when a step was called for the last time, by the step. Power that is lost may take that back.
    travels: BTreeMap<String, u32>,
}

impl Performed {
    /// Checks that each performance of a call saw as many calls as there were, and the same as the others: other ones only if power was
    /// lost in between, which takes back claims that nobody was told of.
    pub(crate) fn of(effects: &[Effect]) -> Result<Self, String> {
        let mut performed = Self {
            times: BTreeMap::new(),
            ever: BTreeSet::new(),
            last: BTreeMap::new(),
            travels: BTreeMap::new(),
        };
        let mut epochs: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        for effect in effects {
            let Effect { epoch, key, calls, text } = effect;
            if number(key) != *calls {
                return Err(format!("call {key} found a memory that has seen {calls} calls"));
            }
            if let Some((before, other)) = epochs.insert(key, (*epoch, text))
                && before == *epoch
                && other != text
            {
                return Err(format!("call {key} was made with `{other}` and with `{text}`"));
            }
            *performed.times.entry(key.clone()).or_default() += 1;
            performed.ever.insert((key.clone(), text.clone()));
            performed.last.insert(key.clone(), text.clone());
            performed.travels.insert(performed.path(key).to_owned(), travels(key));
        }
        Ok(performed)
    }

    /// The step of a call.
    pub(crate) fn path<'k>(&self, key: &'k str) -> &'k str {
        let (_, rest) = key.split_once('/').unwrap_or_default();
        rest.rsplit_once('/').unwrap_or_default().0
    }

    /// The numbers of the calls of a step that there were since the run was sent back for the last time before it.
    pub(crate) fn calls(&self, path: &str) -> BTreeSet<u32> {
        let last = self.travels.get(path).copied().unwrap_or_default();
        let keys = self.times.keys().filter(|key| self.path(key) == path && travels(key) == last);
        keys.map(|key| number(key)).collect()
    }

    /// What each call was called with.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&String, &String)> {
        self.last.iter()
    }

    /// The calls that were ever given this data in this way.
    pub(crate) fn ever(&self, how: char, data: usize) -> BTreeSet<&String> {
        self.ever
            .iter()
            .filter(|(_, text)| given(text, how).any(|one| one == data.to_string()))
            .map(|(key, _)| key)
            .collect()
    }

    /// The calls that were given it, as far as it was not taken back.
    pub(crate) fn last(&self, how: char, data: usize) -> BTreeSet<&String> {
        self.last
            .iter()
            .filter(|(_, text)| given(text, how).any(|one| one == data.to_string()))
            .map(|(key, _)| key)
            .collect()
    }

    /// How much was given in this way.
    pub(crate) fn given(&self, how: char) -> usize {
        self.last.values().map(|text| given(text, how).count()).sum()
    }
}

/// The data that came in this way: `0` as answers, `3` with events.
fn given(text: &str, how: char) -> impl Iterator<Item = &str> {
    text.split(' ').filter_map(move |over| over.get(1..)?.strip_prefix(how))
}

/// The number of a call, by its key.
pub(crate) fn number(key: &str) -> u32 {
    let number = key.rsplit('/').next().and_then(|last| last.split('~').next());
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// How often the run had been sent back when a call was made, by its key.
fn travels(key: &str) -> u32 {
    key.rsplit_once('~').and_then(|(_, travels)| travels.parse().ok()).unwrap_or_default()
}

/// The run of a call, by its key.
pub(crate) fn run(key: &str) -> &str {
    key.split('/').next().unwrap_or_default()
}

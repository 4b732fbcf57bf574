//! What guests did, by the idempotency keys of the calls.

use std::collections::{BTreeMap, BTreeSet};

use crate::guest::{REFUSING, is_refused};
use crate::stage::Effect;

/// All performances of calls.
pub(crate) struct Performed {
    /// How often each call was performed.
    pub(crate) times: BTreeMap<String, usize>,
    /// What each was called with, ever.
    ever: BTreeSet<(String, String)>,
    /// What each was called with after power was lost for the last time before it.
    last: BTreeMap<String, String>,
    /// The calls that refused their answers.
    refusing: BTreeSet<String>,
    /// How many did so in the run that this one is a fork of, by the step and how often the run had been sent back.
    inherited: BTreeMap<(String, u32), u32>,
}

impl Performed {
    /// Checks that each performance of a call saw as many calls as there were, but for those that refused their
    /// answers, and the same as the others: other ones only if power was lost in between, which takes back claims
    /// that nobody was told of. `scripts` are those of the steps, by their ids.
    pub(crate) fn of(effects: &[Effect], scripts: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut performed = Self {
            times: BTreeMap::new(),
            ever: BTreeSet::new(),
            last: BTreeMap::new(),
            refusing: BTreeSet::new(),
            inherited: BTreeMap::new(),
        };
        let mut epochs: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        for effect in effects {
            let Effect { epoch, key, calls, text } = effect;
            // The first call that a fork makes of a step goes on from those of its parent, some of which may have
            // refused their answers.
            let place = (begins(key).to_owned(), travels(key));
            let made = number(key).saturating_sub(*calls);
            performed.inherited.entry(place).or_insert(if *calls > 1 { made } else { 0 });
            let refused = performed.refused_before(key);
            if number(key) != *calls + refused {
                return Err(format!(
                    "call {key} found a memory that has seen {calls} calls, {refused} refused their answers"
                ));
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
            // The call goes on from the wait before it; each wait is a letter of the script.
            let waits = scripts.get(step_id(performed.path(key))).map(|script| waits(script));
            let before = usize::try_from(*calls).unwrap().checked_sub(2);
            let letter = before.and_then(|before| waits?.get(before).copied());
            let refuses = letter == Some(REFUSING) && given(text, '0').any(is_refused);
            match refuses {
                true => performed.refusing.insert(key.clone()),
                false => performed.refusing.remove(key),
            };
        }
        Ok(performed)
    }

    /// How many calls of its step before a call refused their answers.
    pub(crate) fn refused_before(&self, key: &str) -> u32 {
        let begins = begins(key);
        let place = (begins.to_owned(), travels(key));
        let inherited = self.inherited.get(&place).copied().unwrap_or_default();
        let before = self.refusing.iter().filter(|other| {
            other.rsplit_once('/').is_some_and(|(path, _)| path == begins)
                && travels(other) == travels(key)
                && number(other) < number(key)
        });
        inherited + u32::try_from(before.count()).unwrap()
    }

    /// Whether a call refused its answer.
    pub(crate) fn refuses(&self, key: &str) -> bool {
        self.refusing.contains(key)
    }

    /// The step of a call.
    pub(crate) fn path<'k>(&self, key: &'k str) -> &'k str {
        let (_, rest) = key.split_once('/').unwrap_or_default();
        rest.rsplit_once('/').unwrap_or_default().0
    }

    /// The numbers of the calls of a step that there were since the run was sent back for the last time before it, of
    /// so many times in all: power that is lost may have taken more of them back.
    pub(crate) fn calls(&self, path: &str, in_all: u32) -> BTreeSet<u32> {
        let keys = || self.times.keys().filter(|key| self.path(key) == path && travels(key) <= in_all);
        let last = keys().map(|key| travels(key)).max();
        keys().filter(|key| Some(travels(key)) == last).map(|key| number(key)).collect()
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

    /// How much was given in this way and not refused.
    pub(crate) fn given(&self, how: char) -> usize {
        let taken = self.last.iter().filter(|(key, _)| !self.refuses(key));
        taken.map(|(_, text)| given(text, how).count()).sum()
    }
}

/// The data that came in this way: `0` as answers, `3` with events.
fn given(text: &str, how: char) -> impl Iterator<Item = &str> {
    text.split(' ').filter_map(move |over| over.get(1..)?.strip_prefix(how))
}

/// A key of a call without the number: the run and the step.
fn begins(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(path, _)| path)
}

/// The waits of a script, one letter each.
pub(crate) fn waits(script: &str) -> Vec<char> {
    script.chars().filter(|letter| "adetkrgblq".contains(*letter)).collect()
}

/// The id of the step at a path.
pub(crate) fn step_id(path: &str) -> &str {
    path.rsplit('.').next().and_then(|last| last.split('[').next()).unwrap_or_default()
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

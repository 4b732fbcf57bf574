//! Runs that could not be continued are tried again later, and later still, so that they neither keep a host busy nor
//! delay others.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::time::Duration;

/// First and longest pause.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// Things that are put off, by uptime.
#[derive(Debug)]
pub(crate) struct PutOff<K>(HashMap<K, Pause>);

#[derive(Clone, Copy, Debug)]
struct Pause {
    until: Duration,
    length: Duration,
}

impl<K> Default for PutOff<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Copy + Eq + Hash> PutOff<K> {
    /// Puts something off, longer each time.
    pub(crate) fn add(&mut self, key: K, now: Duration) {
        let length = self.0.get(&key).map_or(PAUSES.0, |before| (before.length * 2).min(PAUSES.1));
        self.0.insert(key, Pause { until: now + length, length });
    }

    /// It went well after all.
    pub(crate) fn remove(&mut self, key: &K) {
        self.0.remove(key);
    }

    /// Whether its time has not come yet.
    pub(crate) fn holds(&self, key: &K, now: Duration) -> bool {
        self.0.get(key).is_some_and(|pause| now < pause.until)
    }

    /// All whose time has not come yet. Those whose time came long ago are forgotten: nobody asks for them any more.
    pub(crate) fn held(&mut self, now: Duration) -> HashSet<K> {
        self.0.retain(|_, pause| now < pause.until + PAUSES.1);
        self.0.iter().filter(|(_, pause)| now < pause.until).map(|(key, _)| *key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_are_forgotten_at_last() {
        let (mut put_off, mut now, mut pauses) = (PutOff::default(), Duration::ZERO, Vec::new());
        for _ in 0..11 {
            put_off.add('a', now);
            let begun = now;
            while put_off.holds(&'a', now) {
                now += Duration::from_secs(1);
            }
            pauses.push((now - begun).as_secs());
            assert!(put_off.held(now).is_empty(), "its time has come");
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        put_off.held(now + PAUSES.1);
        put_off.add('a', now);
        assert!(!put_off.holds(&'a', now + PAUSES.0), "it is as if it had never been put off");
    }
}

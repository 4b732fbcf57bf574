//! The line by its rules, and beside a model that looks through all who wait each time.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const NOW: Duration = Duration::ZERO;

fn share(weight: u32) -> Share {
    Share { weight, ..Share::default() }
}

/// Gives all places that can be given now.
fn given(line: &mut Line<char>) -> Vec<Ticket> {
    std::iter::from_fn(|| line.next(NOW)).collect()
}

#[test]
fn three_quarters_of_the_places_are_for_one_and_the_others_for_those_who_come() {
    for (places, for_one) in [(1, 1), (2, 2), (3, 3), (4, 3), (8, 6), (256, 192)] {
        let mut line = Line::new(places, true);
        let taken = (0..1_000).filter(|_| line.take(&'a', share(1))).count();
        assert_eq!(taken, for_one, "{places}");
    }
    let mut line = Line::new(256, true);
    let taken = ('a'..='t').cycle().take(10_000).filter(|key| line.take(key, share(1))).count();
    assert!(taken < 256, "twenty that take what they can leave some");
    assert!(line.take(&'z', share(1)));
}

#[test]
fn places_that_are_soon_free_again_are_all_taken() {
    let mut line = Line::new(8, false);
    assert_eq!((0..10).filter(|_| line.take(&'a', share(1))).count(), 8);
    let own = line.wait(&'a', share(1), false);
    let other = line.wait(&'b', share(1), false);
    line.give_back(&'a', false);
    assert_eq!(given(&mut line), [other]);
    line.give_back(&'a', false);
    assert_eq!(given(&mut line), [own]);
}

#[test]
fn no_more_at_once_than_is_allowed() {
    let mut line = Line::new(256, true);
    let few = Share { weight: 1_000, at_once: 2 };
    assert_eq!((0..10).filter(|_| line.take(&'a', few)).count(), 2);
    let waits = line.wait(&'a', few, false);
    assert_eq!(given(&mut line), [0; 0]);
    line.give_back(&'a', false);
    assert_eq!(given(&mut line), [waits]);
}

#[test]
fn places_go_by_weight_and_to_each_in_its_own_order() {
    let mut line = Line::new(1, true);
    assert!(line.take(&'x', share(1)));
    let mut of = BTreeMap::new();
    for (key, weight) in [('a', 1), ('b', 1), ('c', 3)] {
        (0..100).for_each(|_| _ = of.insert(line.wait(&key, share(weight), false), key));
    }
    let (mut order, mut holds) = (String::new(), 'x');
    let mut latest = BTreeMap::new();
    for _ in 0..50 {
        line.give_back(&holds, false);
        let [ticket] = given(&mut line)[..] else { panic!("one place, one is given") };
        holds = of[&ticket];
        order.push(holds);
        assert!(latest.insert(holds, ticket) < Some(ticket), "in order");
    }
    let count = |key| order.chars().filter(|of| *of == key).count();
    assert_eq!((count('a'), count('b'), count('c')), (10, 10, 30), "{order}");
    // One that comes late is next, and has nothing to make up for.
    of.extend((0..10).map(|_| (line.wait(&'d', share(1), false), 'd')));
    let mut next = String::new();
    for _ in 0..10 {
        line.give_back(&holds, false);
        holds = of[&given(&mut line)[0]];
        next.push(holds);
    }
    assert_eq!(next.chars().filter(|of| *of == 'd').count(), 2, "{next}");
}

#[test]
fn who_waits_for_all_places_neither_starves_nor_starves_others() {
    let mut line = Line::new(4, true);
    let busy: Vec<char> = ('a'..='d').filter(|key| line.take(key, share(1))).collect();
    assert_eq!(busy.len(), 4);
    let alone: Vec<Ticket> = (0..3).map(|_| line.wait(&'s', share(1), true)).collect();
    let others: Vec<Ticket> =
        (0..30).map(|number| line.wait(&['e', 'f', 'g'][number % 3], share(1), false)).collect();
    assert_eq!(given(&mut line), [0; 0], "places are held back");
    assert!(!line.take(&'z', share(1)));
    busy.iter().for_each(|key| line.give_back(key, false));
    assert_eq!(given(&mut line), alone[..1]);
    // Within a second the next one is made as well, after it others have their turn.
    line.give_back(&'s', true);
    assert_eq!(line.next(Duration::from_millis(999)), Some(alone[1]));
    line.give_back(&'s', true);
    let mut got = Vec::new();
    let later = Duration::from_secs(1);
    while let Some(ticket) = line.next(later) {
        assert_ne!(ticket, alone[2]);
        got.push(ticket);
        line.give_back(
            &['e', 'f', 'g'][others.iter().position(|other| *other == ticket).unwrap() % 3],
            false,
        );
        if got.len() == 16 {
            break;
        }
    }
    assert_eq!(got.len(), 16, "four times as many as there are places");
    assert_eq!(line.next(later), Some(alone[2]));
    line.give_back(&'s', true);
    assert_eq!(given(&mut line).len(), 4);
}

#[test]
fn who_stops_waiting_for_all_places_holds_up_nobody() {
    let mut line = Line::new(2, true);
    assert!(line.take(&'a', share(1)));
    let alone = line.wait(&'s', share(1), true);
    let other = line.wait(&'b', share(1), false);
    assert_eq!(given(&mut line), [0; 0]);
    assert!(line.leave(&'s', alone));
    assert_eq!(given(&mut line), [other]);
}

/// The same by looking through all who wait, in the order in which they came.
struct Model {
    places: u32,
    waiting: Vec<(char, Ticket, bool)>,
    held: Vec<(char, Ticket, bool)>,
}

impl Model {
    fn taken(&self, key: char) -> u32 {
        u32::try_from(self.held.iter().filter(|(of, ..)| *of == key).count()).unwrap()
    }

    fn is_with_one(&self) -> bool {
        self.held.iter().any(|(.., alone)| *alone)
    }

    /// What holds of a ticket that gets its place now.
    fn give(&mut self, ticket: Ticket) {
        let at = self.waiting.iter().position(|(_, waits, _)| *waits == ticket).expect("it waits");
        let (key, _, alone) = self.waiting.remove(at);
        let before = self.waiting[..at].iter().any(|(of, _, other)| (*of, *other) == (key, alone));
        assert!(!before, "another one of {key} came before");
        let free = self.places - u32::try_from(self.held.len()).unwrap();
        match alone {
            true => assert!(self.held.is_empty()),
            false => assert!(!self.is_with_one() && free > 0 && self.taken(key) < 3 * free),
        }
        self.held.push((key, ticket, alone));
    }

    /// What holds when no more places can be given.
    fn is_settled(&self) {
        if self.is_with_one() || self.waiting.iter().any(|(.., alone)| *alone) {
            assert!(!self.held.is_empty() || self.waiting.is_empty(), "all wait for nothing");
            return;
        }
        let free = self.places - u32::try_from(self.held.len()).unwrap();
        for (key, ..) in &self.waiting {
            assert!(free == 0 || self.taken(*key) >= 3 * free, "{key} waits for nothing");
        }
    }
}

proptest! {
    #[test]
    fn the_rules_hold_whatever_happens(
        places in 1_u32..6,
        doings in prop::collection::vec(
            (0_u8..8, prop::sample::select(vec!['a', 'b', 'c', 'd']), any::<prop::sample::Index>()),
            1..120,
        ),
    ) {
        let mut line = Line::new(places, true);
        let mut model = Model { places, waiting: Vec::new(), held: Vec::new() };
        let mut uptime = Duration::ZERO;
        for (what, key, which) in doings {
            uptime += Duration::from_millis(100);
            match what {
                0..=2 => {
                    if line.take(&key, share(1)) {
                        let free = places - u32::try_from(model.held.len()).unwrap();
                        prop_assert!(!model.is_with_one() && model.taken(key) < 3 * free);
                        prop_assert!(!model.waiting.iter().any(|(of, _, alone)| *of == key || *alone));
                        model.held.push((key, Ticket::MAX, false));
                    } else {
                        model.waiting.push((key, line.wait(&key, share(1), false), false));
                    }
                }
                3 => model.waiting.push((key, line.wait(&key, share(1), true), true)),
                4 if !model.waiting.is_empty() => {
                    let (key, ticket, _) = model.waiting.remove(which.index(model.waiting.len()));
                    prop_assert!(line.leave(&key, ticket));
                }
                _ if !model.held.is_empty() => {
                    let (key, ticket, alone) = model.held.remove(which.index(model.held.len()));
                    prop_assert!(!line.leave(&key, ticket));
                    line.give_back(&key, alone);
                }
                _ => {}
            }
            while let Some(ticket) = line.next(uptime) {
                model.give(ticket);
            }
            model.is_settled();
        }
        // Whatever waits gets its place in the end, and nothing is left then.
        while let Some((key, _, alone)) = model.held.pop() {
            line.give_back(&key, alone);
            while let Some(ticket) = line.next(uptime) {
                model.give(ticket);
            }
            model.is_settled();
        }
        prop_assert!(model.waiting.is_empty());
        prop_assert!(line.sharers.is_empty() && line.waiting.is_empty() && line.waiting_alone.is_empty());
        prop_assert_eq!(line.taken, 0);
    }
}

//! What is asked of a store, in whatever order.

use proptest::prelude::*;

/// Few of everything, so that changes meet each other.
pub(super) const RUNS: u64 = 5;
pub(super) const PATHS: [&str; 7] = ["", "a", "a.b", "each", "each[3]", "each[3].b", "each[12]"];
pub(super) const EVENTS: [(&str, Option<&str>); 3] =
    [("paid", None), ("paid", Some("o-1")), ("sent", Some("o-2"))];
pub(super) const PARTS: [u64; 2] = [20, 21];
pub(super) const WORKFLOWS: u64 = 3;
/// Labels of a question, and those whom it asks.
pub(super) const NAMES: [(&[&str], &[&str]); 3] =
    [(&["boss"], &["ann"]), (&["boss", "x", "x"], &[]), (&[], &["ann", "bob"])];
pub(super) const DUE: [Option<u64>; 4] = [None, Some(40), Some(50), Some(50)];

/// One thing that a commit does beside raising the version.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Put(usize, Doing, usize),
    DropStep(usize),
    Close(u64),
    Keep(u64),
    Share(u64),
    Drop(u64),
    Log(u64),
    Say(usize, u64),
    Save(Option<u64>, Vec<u64>, u32),
    Answer(u64),
    Take(u64),
    Move(u64),
    Call(u64),
    Finish,
}

/// What a step does in its record.
#[derive(Clone, Debug)]
pub(super) enum Doing {
    Queue,
    Hold,
    Call(u64),
    Ask(u64),
    Sleep(u64, u64),
    Listen(u64, usize),
    End,
}

/// A commit to one run, on the version it has or on another.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) run: u64,
    pub(super) of_other_tenant: bool,
    pub(super) stale: bool,
    /// From which version of which run it begins, if it is new.
    pub(super) fork: Option<(u64, u64)>,
    pub(super) parts: Vec<Part>,
}

/// One thing that is asked of a store.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Commit(Attempt),
    Send { number: u64, event: usize, dedup: Option<u64>, expires_at: Option<u64> },
    Expire(u64, u64),
    Reply(u64, u64),
    Delete(u64),
    DeleteBefore(u64, usize),
    Apply(u64),
    Put(u64),
    Retire(u64),
    RemoveWorkflow(u64),
    Keep(usize),
    Publish(usize),
    Unpublish,
    RemoveComponent(usize),
    DeleteTenant(usize),
}

fn doing() -> impl Strategy<Value = Doing> {
    let id = 1..8u64;
    prop_oneof![
        Just(Doing::Queue),
        Just(Doing::Hold),
        (1..4u64).prop_map(Doing::Call),
        id.clone().prop_map(Doing::Ask),
        (id.clone(), 1..100u64).prop_map(|(id, until)| Doing::Sleep(id, until)),
        (id, 0..EVENTS.len()).prop_map(|(id, event)| Doing::Listen(id, event)),
        Just(Doing::End),
        Just(Doing::End),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    let (at, id) = (0..PATHS.len(), 1..8u64);
    let images = prop::collection::vec(1..4u64, 0..3);
    prop_oneof![
        6 => (at.clone(), doing(), 0..4usize).prop_map(|(at, doing, payload)| Part::Put(at, doing, payload)),
        1 => at.prop_map(Part::DropStep),
        1 => id.clone().prop_map(Part::Close),
        1 => (1..4u64).prop_map(Part::Keep),
        1 => (1..4u64).prop_map(Part::Share),
        1 => (1..4u64).prop_map(Part::Drop),
        1 => (0..9u64).prop_map(Part::Log),
        1 => (0..PATHS.len(), 0..5u64).prop_map(|(at, quarters)| Part::Say(at, quarters)),
        2 => (prop::option::of(id), images, 0..4u32).prop_map(|(of, images, max)| Part::Save(of, images, max)),
        1 => (0..9u64).prop_map(Part::Answer),
        1 => (0..6u64).prop_map(Part::Take),
        1 => (0..WORKFLOWS).prop_map(Part::Move),
        1 => (0..WORKFLOWS).prop_map(Part::Call),
        1 => Just(Part::Finish),
    ]
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let parts = prop::collection::vec(part(), 0..5);
    let fork = prop::option::of((0..RUNS, 0..8u64));
    (0..RUNS, prop::bool::weighted(0.1), prop::bool::weighted(0.1), fork, parts).prop_map(
        |(run, of_other_tenant, stale, fork, parts)| Attempt { run, of_other_tenant, stale, fork, parts },
    )
}

pub(super) fn ask() -> impl Strategy<Value = Ask> {
    let sent = (0..6u64, 0..EVENTS.len(), prop::option::of(0..3u64), prop::option::of(0..100u64));
    prop_oneof![
        30 => attempt().prop_map(Ask::Commit),
        5 => sent.prop_map(|(number, event, dedup, expires_at)| Ask::Send { number, event, dedup, expires_at }),
        1 => (0..100u64, 900..1_200u64).prop_map(|(now, before)| Ask::Expire(now, before)),
        1 => (0..9u64, 0..9u64).prop_map(|(key, answer)| Ask::Reply(key, answer)),
        2 => (0..RUNS).prop_map(Ask::Delete),
        1 => (900..1_200u64, 0..3usize).prop_map(|(before, limit)| Ask::DeleteBefore(before, limit)),
        2 => (0..WORKFLOWS).prop_map(Ask::Apply),
        1 => (0..WORKFLOWS).prop_map(Ask::Put),
        1 => (0..WORKFLOWS).prop_map(Ask::Retire),
        1 => (0..WORKFLOWS).prop_map(Ask::RemoveWorkflow),
        1 => (0..2usize).prop_map(Ask::Keep),
        1 => (0..2usize).prop_map(Ask::Publish),
        1 => Just(Ask::Unpublish),
        1 => (0..2usize).prop_map(Ask::RemoveComponent),
        1 => (0..2usize).prop_map(Ask::DeleteTenant),
    ]
}

//! What was counted so far.

use super::Admission;
use super::bound::{Bound, Exceeded};
use super::walk::Stop;

/// How much of each bound was found, and where the pass stands.
#[derive(Debug, Default)]
pub(super) struct Tally {
    found: [u64; Bound::ALL.len()],
    looked_at: u64,
    /// The numbers of the components that the pass is in, outermost first; none for the whole.
    pub(super) components: Vec<u32>,
    /// The core module that it is in.
    pub(super) module: Option<u32>,
    /// The function that it is in.
    pub(super) function: Option<u32>,
}

impl Tally {
    /// Counts something that was looked at.
    pub(super) fn look(&mut self) {
        self.looked_at = self.looked_at.saturating_add(1);
    }

    /// Adds to what was found.
    pub(super) fn add(&mut self, bound: Bound, count: u64, offset: usize) -> Result<(), Stop> {
        let found = self.slot(bound).saturating_add(count);
        *self.slot(bound) = found;
        self.hold(bound, found, offset)
    }

    /// Notes something of which only the most counts.
    pub(super) fn most(&mut self, bound: Bound, found: u64, offset: usize) -> Result<(), Stop> {
        let most = (*self.slot(bound)).max(found);
        *self.slot(bound) = most;
        self.hold(bound, found, offset)
    }

    fn slot(&mut self, bound: Bound) -> &mut u64 {
        // `ALL` lists the variants in order.
        self.found.get_mut(bound as usize).expect("there is a place for each bound")
    }

    fn hold(&self, bound: Bound, found: u64, offset: usize) -> Result<(), Stop> {
        if found <= bound.row().at_most {
            return Ok(());
        }
        Err(Stop::Exceeded(Exceeded { bound, found, place: self.place(), offset: offset as u64 }))
    }

    fn place(&self) -> String {
        let mut place = match self.components.as_slice() {
            [] => "the component itself".to_owned(),
            path => {
                let path: Vec<String> = path.iter().map(ToString::to_string).collect();
                format!("component {}", path.join("."))
            }
        };
        for (what, number) in [("module", self.module), ("function", self.function)] {
            if let Some(number) = number {
                place.push_str(&format!(", {what} {number}"));
            }
        }
        place
    }

    pub(super) fn into_admission(self) -> Admission {
        let used = Bound::ALL.iter().map(|row| row.bound).zip(self.found).collect();
        Admission { used, looked_at: self.looked_at }
    }
}

//! What clients asked for, and what they were told.

use std::collections::BTreeMap;

use reentry::core::digest::WorkflowDigest;
use reentry::core::error::ErrorKind;
use reentry::core::id::{RunId, SuspensionId};
use reentry::core::resume::Target;

/// What a client asks for.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Start {
        workflow: WorkflowDigest,
    },
    /// An answer to a suspension. `data` tells the answers apart; two requests with one key have the same.
    Answer {
        target: Target,
        /// The suspension that is meant; `None` when it names none on purpose.
        meant: Option<SuspensionId>,
        data: usize,
        key: Option<String>,
        retries: u32,
        /// The version of the run that the client has seen.
        seen: Option<u64>,
        /// The step waits for something else as well, which may come first: what it is called with then may not be
        /// this.
        may_be_late: bool,
    },
    /// An event. `payload` tells the events apart; two with one id have the same.
    Send {
        name: String,
        payload: usize,
        id: String,
    },
    /// A run that goes on from this one, where it stands or where a suspension was answered, perhaps with an answer.
    Fork {
        at: Option<SuspensionId>,
        data: Option<usize>,
    },
    Restart,
    /// Back to an entry.
    Travel {
        to: String,
    },
    Pause,
    Unpause,
    Cancel,
    /// How does the run stand?
    Look,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) process: usize,
    /// The run that it is about, if it is about one that was there.
    pub(crate) run: Option<RunId>,
    pub(crate) what: What,
    /// What a look must find, at least: the run had ended so, as somebody had been told before.
    pub(crate) ended: Option<String>,
    /// `None` as long as nobody has said anything, which may be for ever.
    pub(crate) said: Option<Result<String, (ErrorKind, String)>>,
}

impl Asked {
    pub(crate) fn is_acknowledged(&self) -> bool {
        matches!(self.said, Some(Ok(_)))
    }

    /// Whether it was refused, so that it must have had no effect.
    pub(crate) fn is_refused(&self) -> bool {
        use ErrorKind::{Conflict, Damaged, NotFound, Refused};
        matches!(self.said, Some(Err((Refused | Conflict | NotFound | Damaged, _))))
    }

    /// Whether it was refused by the step that it was for.
    pub(crate) fn was_refused_by_its_step(&self) -> bool {
        matches!(&self.said, Some(Err((ErrorKind::Refused, text))) if text.contains("refused the answer"))
    }

    /// Whether it was refused for memory that was read damaged. Whoever asks the same may read it whole.
    pub(crate) fn met_damage(&self) -> bool {
        matches!(self.said, Some(Err((ErrorKind::Damaged, _))))
    }

    /// Whether it may make a run go on that has ended.
    fn revives(&self) -> bool {
        matches!(self.what, What::Restart | What::Travel { .. })
    }
}

#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) asked: Vec<Asked>,
    /// The final status of each run that somebody was told first, as long as nobody wants it to go on after its end.
    pub(crate) ended: BTreeMap<RunId, String>,
}

impl Ledger {
    /// Writes a request down; returns its number.
    pub(crate) fn ask(&mut self, process: usize, run: Option<RunId>, what: What) -> usize {
        let ended = run.and_then(|run| self.ended.get(&run).cloned());
        self.asked.push(Asked { process, run, what, ended, said: None });
        let asked = self.asked.last().unwrap();
        if asked.revives() {
            // Looks that were under way may see either.
            self.ended.clear();
            self.asked.iter_mut().for_each(|asked| asked.ended = None);
        }
        self.asked.len() - 1
    }

    pub(crate) fn said(&mut self, request: usize, said: Result<String, (ErrorKind, String)>) {
        if let Ok(status @ ("success" | "failed" | "canceled")) = said.as_ref().map(String::as_str) {
            let (revived, run) = (self.asked.iter().any(Asked::revives), self.asked[request].run);
            if let (Some(run), false) = (run, revived) {
                self.ended.entry(run).or_insert_with(|| status.to_owned());
            }
        }
        self.asked[request].said = Some(said);
    }

    /// How often it was asked for something.
    pub(crate) fn count(&self, is: impl Fn(&What) -> bool) -> usize {
        self.asked.iter().filter(|asked| is(&asked.what)).count()
    }

    /// Requests that somebody is still at work on.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Asked> {
        self.asked.iter().filter(|asked| asked.said.is_none())
    }
}

//! What clients asked for, and what they were told.

use reentry::core::digest::WorkflowDigest;
use reentry::core::error::ErrorKind;
use reentry::core::id::SuspensionId;
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
        /// The step waits for something else as well, which may come first: what it is called with then may not be this.
        may_be_late: bool,
    },
    /// An event. `payload` tells the events apart; two with one id have the same.
    Send {
        name: String,
        payload: usize,
        id: String,
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
        matches!(self.said, Some(Err((ErrorKind::Refused | ErrorKind::Conflict | ErrorKind::NotFound, _))))
    }
}

#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) asked: Vec<Asked>,
    /// The first final status that somebody was told.
    pub(crate) ended: Option<String>,
}

impl Ledger {
    /// Writes a request down; returns its number.
    pub(crate) fn ask(&mut self, process: usize, what: What) -> usize {
        self.asked.push(Asked { process, what, ended: self.ended.clone(), said: None });
        self.asked.len() - 1
    }

    pub(crate) fn said(&mut self, request: usize, said: Result<String, (ErrorKind, String)>) {
        if let Ok(status @ ("success" | "failed" | "canceled")) = said.as_ref().map(String::as_str) {
            self.ended.get_or_insert_with(|| status.to_owned());
        }
        self.asked[request].said = Some(said);
    }

    /// Requests that somebody is still at work on.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Asked> {
        self.asked.iter().filter(|asked| asked.said.is_none())
    }
}

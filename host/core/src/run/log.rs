//! What watchers of a run see: small entries, one list a commit. Data is not repeated here; it is in the steps'
//! records.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::status::{RunStatus, StepStatus};
use crate::actor::By;
use crate::id::{RunId, SuspensionId};
use crate::json::is_zero;
use crate::path::StepPath;
use crate::time::Timestamp;
use crate::trace::{RootSpanRecord, SpanId};

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogEntry {
    /// Where; the root path for the run itself.
    #[serde(rename = "at", skip_serializing_if = "StepPath::is_root")]
    pub path: StepPath,
    /// Who wanted it; that of an answer is kept with its suspension.
    #[serde(skip_serializing_if = "By::is_empty")]
    pub by: By,
    /// What.
    #[serde(flatten)]
    pub kind: LogKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LogKind {
    /// The run was started.
    Started {
        /// The root span of the start; `None` in entries that were written when it was not kept.
        #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
        span: Option<Box<RootSpanRecord>>,
    },
    /// The run, suspended before, goes on because of an answer.
    Resumed {
        /// The root span of the resume; `None` in entries that were written when it was not kept.
        #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
        span: Option<Box<RootSpanRecord>>,
        /// What was answered; empty in logs that were written when this was not kept.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        suspensions: Vec<SuspensionId>,
    },
    /// An entry began.
    Began {
        /// Whether with it a guest is called for the first time.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        called: bool,
    },
    /// A guest goes on after what it waited for.
    Reentered {
        /// Number of the call.
        call: u32,
        /// Whether it is called at once; a run that is paused calls it later.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        called: bool,
        /// What is over of what it waited for; empty in logs that were written when this was not kept.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        suspensions: Vec<SuspensionId>,
    },
    /// A guest is called later than its entry began or went on: again after a failure, or after a pause.
    Called {
        /// Number of the call.
        call: u32,
        /// Tries before this one.
        #[serde(default, skip_serializing_if = "is_zero")]
        attempt: u32,
    },
    /// An entry ended.
    Ended {
        /// How.
        status: StepStatus,
    },
    /// A call failed and is made again.
    Retrying {
        /// Tries so far.
        attempt: u32,
        /// When.
        until: Timestamp,
    },
    /// A step refused an answer: its suspension is open again.
    AnswerRefused {
        /// The suspension.
        suspension: SuspensionId,
        /// Why, in the step's words.
        message: String,
    },
    /// A step waits for an answer.
    Suspended {
        /// By which address.
        suspension: SuspensionId,
    },
    /// An entry waits for a time, an event or a run.
    Waiting {
        /// Until when, if it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// An item of a block is done.
    Progress {
        /// Items done.
        completed: u32,
        /// Items.
        total: u32,
        /// The one that was done last.
        #[serde(default, skip_serializing_if = "is_zero")]
        index: u32,
    },
    /// No guest is called for the time being.
    Paused,
    /// The run goes on after a pause.
    Unpaused,
    /// Calls went from a dead owner to another.
    TakenOver,
    /// The run goes on after its end.
    Restarted,
    /// The run went back to this entry.
    Traveled,
    /// The run was forked from another one.
    Forked,
    /// The run moved to another version of its workflow.
    Migrated,
    /// Nothing runs any more: the run has ended, or waits.
    Stopped {
        /// How the run stands.
        status: RunStatus,
    },
}

impl<'de> Deserialize<'de> for LogEntry {
    /// Reads the entry, and its span apart: what is read by its tag is taken into pieces first, and the texts of
    /// metadata would not survive that.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Tagged {
            #[serde(rename = "at", default)]
            path: StepPath,
            #[serde(default)]
            by: By,
            #[serde(flatten)]
            kind: LogKind,
        }
        #[derive(Deserialize)]
        struct Spanned {
            #[serde(default)]
            span: Option<Box<RootSpanRecord>>,
        }
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let Tagged { path, by, mut kind } = serde_json::from_str(text.get()).map_err(D::Error::custom)?;
        if let LogKind::Started { span } | LogKind::Resumed { span, .. } = &mut kind {
            *span = serde_json::from_str::<Spanned>(text.get()).map_err(D::Error::custom)?.span;
        }
        Ok(Self { path, by, kind })
    }
}

impl LogEntry {
    /// The span of the call that is told of, if one is, in the log of this run with this version; the entry tells of
    /// it no more.
    pub fn take_call_span(&mut self, run: RunId, version: u64) -> Option<SpanId> {
        let is_called = match self.called_mut() {
            Some(called) => std::mem::take(called),
            None => matches!(self.kind, LogKind::Called { .. }),
        };
        is_called.then(|| SpanId::of(run, &self.path, version))
    }

    /// Whether a guest is called with what is told of, where it may be.
    pub(super) fn called_mut(&mut self) -> Option<&mut bool> {
        match &mut self.kind {
            LogKind::Began { called } | LogKind::Reentered { called, .. } => Some(called),
            _ => None,
        }
    }

    /// Leaves out what [`Self::complete`] finds again from where the entry stands.
    pub fn abridge(&mut self, run: RunId, version: u64) {
        if let LogKind::Started { span: Some(span) } | LogKind::Resumed { span: Some(span), .. } =
            &mut self.kind
        {
            span.abridge(run, version);
        }
        if let LogKind::Resumed { span: Some(span), .. } = &mut self.kind {
            span.resumed_from_span_id =
                span.resumed_from_span_id.filter(|earlier| span.parent_span_id != Some(*earlier));
        }
    }

    /// Puts back what [`Self::abridge`] has left out.
    pub fn complete(&mut self, run: RunId, version: u64) {
        if let LogKind::Started { span: Some(span) } | LogKind::Resumed { span: Some(span), .. } =
            &mut self.kind
        {
            span.complete(run, version);
        }
        // Each resume goes on from an earlier span.
        if let LogKind::Resumed { span: Some(span), .. } = &mut self.kind {
            span.resumed_from_span_id = span.resumed_from_span_id.or(span.parent_span_id);
        }
    }
}

impl LogKind {
    /// Whether it tells of an answer that comes, or of what becomes of it.
    pub(super) fn is_of_an_answer(&self) -> bool {
        matches!(
            self,
            Self::Resumed { .. }
                | Self::Reentered { .. }
                | Self::Called { .. }
                | Self::AnswerRefused { .. }
                | Self::Stopped { .. }
        )
    }
}

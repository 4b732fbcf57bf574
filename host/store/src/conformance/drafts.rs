//! Runs, steps and commits for tests, in few words.

use std::collections::BTreeMap;

use reentry_core::actor::{Actor, By};
use reentry_core::digest::WorkflowDigest;
use reentry_core::failure;
use reentry_core::id::{BlobId, MessageId, OwnerId, RunId, SuspensionId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{
    Blocked, Call, Doing, Durability, EntryRecord, Held, Phase, ReopenedSuspension, RunState, StepResult,
    StepStatus, Suspension, SuspensionEnd, Waiting,
};
use reentry_core::step::{AnswerWait, EventWait, Wait, WaitFor, Wake};
use reentry_core::time::Timestamp;

use crate::{
    CallLog, ClosedSuspension, Commit, CommitError, Message, NewSuspension, RequestKey, Savepoint,
    SavepointKind, Store,
};

/// The 16 bytes of the id with this number.
pub fn bytes(number: u64) -> [u8; 16] {
    (u128::from(number) | 0x0190_0000_0000_7000_8000_0000_0000_0000).to_be_bytes()
}

/// The run with this number.
pub fn run_id(number: u64) -> RunId {
    RunId::from_bytes(bytes(number))
}

/// The suspension with this number.
pub fn suspension_id(number: u64) -> SuspensionId {
    SuspensionId::from_bytes(bytes(number))
}

/// The image with this number.
pub fn image_id(number: u64) -> BlobId {
    BlobId::from_bytes(bytes(number))
}

/// The owner with this number.
pub fn owner_id(number: u64) -> OwnerId {
    OwnerId::from_bytes(bytes(number))
}

/// The message with this number.
pub fn message_id(number: u64) -> MessageId {
    MessageId::from_bytes(bytes(number))
}

/// The tenant of this name.
pub fn tenant(name: &str) -> TenantId {
    TenantId::new(name).unwrap()
}

/// A step path.
pub fn path(text: &str) -> StepPath {
    text.parse().unwrap()
}

/// JSON.
pub fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

/// A message, of the default tenant.
pub fn message(number: u64, name: &str, key: Option<&str>) -> Message {
    Message {
        id: message_id(number),
        tenant: TenantId::default(),
        name: name.to_owned(),
        key: key.map(str::to_owned),
        payload: json(&format!(r#"{{"number": {number}.0}}"#)),
        by: by("sender", None),
        sent_at: Timestamp(3_000 + number),
        dedup: None,
        expires_at: None,
    }
}

/// Somebody, with what they say.
pub fn by(name: &str, comment: Option<&str>) -> By {
    let actor = Actor { via: "os-user:root".to_owned(), ..Actor::asserted(name) };
    By { actor: Some(actor), channel: Some("test".to_owned()), comment: comment.map(str::to_owned) }
}

/// A run that is live, of the default tenant.
pub fn run(number: u64) -> RunState {
    let workflow = (WorkflowDigest::of(b"approve"), "approve".to_owned());
    let mut run = RunState::new(run_id(number), TenantId::default(), workflow, Timestamp(1_000 + number));
    run.phase = Phase::Live;
    run
}

/// A step that does something.
pub fn step(doing: Doing) -> EntryRecord {
    let (status, ended_at) = match doing {
        Doing::Waiting(_) => (StepStatus::Suspended, None),
        Doing::Ended => (StepStatus::Success, Some(Timestamp(9_000))),
        Doing::Queued => (StepStatus::Pending, None),
        _ => (StepStatus::Running, None),
    };
    let entry = StepResult {
        status,
        payload: json(r#"{"amount": 120.50}"#),
        output: None,
        error: None,
        started_at: Timestamp(1_000),
        ended_at,
        suspend_payload: None,
        suspended_at: None,
        resume_payload: None,
        resumed_at: None,
    };
    EntryRecord {
        entry,
        apart: None,
        calls: 1,
        attempt: 0,
        take_overs: 0,
        trials: 0,
        children: 0,
        refused_children: 0,
        deadline: None,
        doing,
        span_id: None,
        suspensions: Vec::new(),
    }
}

/// A step that holds others.
pub fn holding() -> EntryRecord {
    step(Doing::Holding(Held::Scope))
}

/// An item that has not begun.
pub fn queued() -> EntryRecord {
    step(Doing::Queued)
}

/// A step that is called.
pub fn calling(owner: u64) -> EntryRecord {
    step(Doing::Calling(owner_id(owner), Call::Start))
}

/// A step that is done.
pub fn ended() -> EntryRecord {
    step(Doing::Ended)
}

/// A step that waits for an answer, under these labels.
pub fn asking(suspension: u64, labels: &[&str]) -> EntryRecord {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    let payload = json(r#"{"reason":"amount above 100"}"#);
    let answer = AnswerWait { payload, labels, assignees: Vec::new(), resume_schema: None, deadline: None };
    waiting(suspension, WaitFor::Answer(answer))
}

/// A step that waits for an instant.
pub fn sleeping(suspension: u64, until: u64) -> EntryRecord {
    waiting(suspension, WaitFor::Time(Timestamp(until)))
}

/// A step that waits for an event.
pub fn listening(suspension: u64, name: &str, key: Option<&str>) -> EntryRecord {
    let (name, key) = (name.to_owned(), key.map(str::to_owned));
    waiting(suspension, WaitFor::Event(EventWait { name, key, deadline: None }))
}

fn waiting(suspension: u64, what: WaitFor) -> EntryRecord {
    let suspension = Suspension {
        id: suspension_id(suspension),
        wait: Wait { id: 1, what },
        since: Timestamp(2_000 + suspension),
        version: 1,
        over: None,
        claim: None,
        refusals: 0,
        child: None,
    };
    let mut step = step(Doing::Waiting(Waiting { image: None, wake: Wake::Any }));
    step.suspensions.push(suspension);
    step
}

/// The same step with another input.
pub fn given(step: EntryRecord, payload: &str) -> EntryRecord {
    EntryRecord { entry: StepResult { payload: json(payload), ..step.entry }, ..step }
}

/// The same step with an input that is kept apart, under the id with this number.
pub fn given_apart(step: EntryRecord, part: u64, payload: &str) -> EntryRecord {
    EntryRecord { apart: Some(image_id(part)), ..given(step, payload) }
}

/// The same step as it is read with its run: without an input that is kept apart.
pub fn unread(step: EntryRecord) -> EntryRecord {
    if step.apart.is_some() { given(step, "null") } else { step }
}

/// A commit that creates a run.
pub fn create(run: RunState) -> Commit {
    Commit::new(RunState { version: 1, steps: BTreeMap::new(), ..run }, None, Durability::Visible)
}

/// A commit that builds on a run as it was read.
pub fn change(run: &RunState) -> Commit {
    let mut commit = create(run.clone());
    commit.expected = Some(run.version);
    commit.run_mut().version = run.version + 1;
    commit.run_mut().updated_at = run.updated_at.plus_ms(10);
    commit.run_mut().steps.clone_from(&run.steps);
    commit
}

impl Commit {
    /// With a step's record. Opens all that the step waits for.
    #[must_use]
    pub fn with_step(mut self, at: &str, step: EntryRecord) -> Self {
        let at = path(at);
        self.opened.extend(step.open().map(|suspension| NewSuspension::of(at.clone(), suspension)));
        self.run_mut().steps.remove(&at);
        if step.is_active() {
            self.run_mut().steps.insert(at.clone(), step.clone());
        }
        self.steps.push((at, step));
        self
    }

    /// With a step's record, what it waits for being open already.
    #[must_use]
    pub fn with_record(mut self, at: &str, step: EntryRecord) -> Self {
        let opened = self.opened.len();
        self = self.with_step(at, step);
        self.opened.truncate(opened);
        self
    }

    /// With a suspension that is open again, whose answer came with a version, under a key.
    #[must_use]
    pub fn with_reopened(mut self, suspension: u64, claim: u64, key: Option<&str>) -> Self {
        let (suspension, request) = (suspension_id(suspension), key.map(str::to_owned));
        self.reopened.push(ReopenedSuspension {
            path: StepPath::root(),
            suspension,
            claim,
            request,
            message: String::new(),
        });
        self
    }

    /// With a suspension that ends.
    #[must_use]
    pub fn with_closed(mut self, suspension: u64, end: SuspensionEnd) -> Self {
        let suspension = suspension_id(suspension);
        self.closed.push(ClosedSuspension {
            suspension,
            end,
            question: None,
            answer: None,
            by: By::default(),
        });
        self
    }

    /// With a question that is answered by somebody.
    #[must_use]
    pub fn with_answer(mut self, suspension: u64, question: &str, answer: &str, by: By) -> Self {
        let (suspension, end) = (suspension_id(suspension), SuspensionEnd::Answered);
        let (question, answer) = (Some(json(question)), Some(json(answer)));
        self.closed.push(ClosedSuspension { suspension, end, question, answer, by });
        self
    }

    /// With an image.
    #[must_use]
    pub fn with_image(mut self, image: u64, data: &[u8]) -> Self {
        self.images.push((image_id(image), data.to_vec().into()));
        self
    }

    /// Without an image.
    #[must_use]
    pub fn without_image(mut self, image: u64) -> Self {
        self.dropped_images.push(image_id(image));
        self
    }

    /// With one more need of an image.
    #[must_use]
    pub fn sharing(mut self, image: u64) -> Self {
        self.shared_images.push(image_id(image));
        self
    }

    /// Without a step and all below it.
    #[must_use]
    pub fn without_step(mut self, at: &str) -> Self {
        let at = path(at);
        self.run_mut().steps.retain(|kept, _| !kept.is_within(&at));
        self.dropped_steps.push(at);
        self
    }

    /// With entries for watchers.
    #[must_use]
    pub fn with_log(mut self, entries: &str) -> Self {
        self.log = Some(json(entries));
        self
    }

    /// With one line that a guest logged in a call of a step.
    #[must_use]
    pub fn logging(mut self, at: &str, call: u32, text: &str) -> Self {
        self.call_log = Some(CallLog { path: path(at), call, attempt: 0, lines: 1, text: text.into() });
        self
    }

    /// With a savepoint of the run as it was before, made at the end of a suspension if one is named. Its state tells
    /// its version.
    #[must_use]
    pub fn saving(mut self, suspension: Option<u64>, images: &[u64]) -> Self {
        let version = self.expected.unwrap_or_default();
        self.savepoint = Some(Savepoint {
            suspension: suspension.map(suspension_id),
            version,
            kind: if suspension.is_some() { SavepointKind::Suspension } else { SavepointKind::Failure },
            state: json(&format!(r#"{{"version": {version}}}"#)),
            images: images.iter().copied().map(image_id).collect(),
            parts: Vec::new(),
        });
        self
    }

    /// A part of what is saved that is kept apart.
    pub fn with_part(mut self, id: u64, data: &[u8]) -> Self {
        if let Some(savepoint) = &mut self.savepoint {
            savepoint.images.push(image_id(id));
            savepoint.parts.push((image_id(id), data.to_vec()));
        }
        self
    }

    /// With a bound to the savepoints.
    #[must_use]
    pub fn keeping(mut self, savepoints_max: u32) -> Self {
        self.savepoints_max = savepoints_max;
        self
    }

    /// As the answer to a request.
    #[must_use]
    pub fn answering(mut self, key: &str) -> Self {
        self.request = Some(RequestKey { key: key.to_owned(), digest: [7; 32] });
        self
    }

    /// With a message that it takes.
    #[must_use]
    pub fn taking(mut self, message: u64) -> Self {
        self.took.push(message_id(message));
        self
    }

    /// Beginning from a version of another run.
    #[must_use]
    pub fn forking(mut self, parent: u64, version: u64) -> Self {
        self.fork_of = Some((run_id(parent), version));
        self
    }

    /// The same, made durable.
    #[must_use]
    pub fn durable(mut self) -> Self {
        self.durability = Durability::Durable;
        self
    }

    /// For another tenant.
    #[must_use]
    pub fn of(mut self, tenant: &TenantId) -> Self {
        self.run_mut().tenant = tenant.clone();
        self
    }
}

/// Stores a commit that must be stored; returns the run as it must be read from then on.
pub async fn put(store: &dyn Store, commit: Commit) -> RunState {
    let run = RunState::clone(&commit.run);
    store.commit(commit).await.unwrap();
    run
}

/// Why a run is blocked.
pub fn panicked(why: &str) -> Blocked {
    Blocked::new(&failure::PANIC, why)
}

/// What was wrong with a commit that must be refused, in short.
pub async fn refusal(store: &dyn Store, commit: Commit) -> &'static str {
    match store.commit(commit).await {
        Ok(()) => "stored",
        Err(CommitError::VersionConflict { .. }) => "version conflict",
        Err(CommitError::SuspensionTaken { .. }) => "suspension taken",
        Err(CommitError::NotAnswered { .. }) => "not answered",
        Err(CommitError::MessageTaken { .. }) => "message taken",
        Err(CommitError::RequestKnown { .. }) => "request known",
        Err(CommitError::ParentChanged { .. }) => "parent changed",
        Err(CommitError::Store(crate::StoreError::Refused(_))) => "refused",
        Err(CommitError::Store(_)) => "store error",
    }
}

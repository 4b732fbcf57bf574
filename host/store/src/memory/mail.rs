//! Messages, and the suspensions that wait for them.

use reentry_core::id::{MessageId, OwnerId, RunId, SuspensionId, TenantId};
use reentry_core::run::RunStatus;
use reentry_core::time::Timestamp;

use super::Data;
use super::runs::{KeptRun, KeptSuspension};
use crate::claims::{Batch, Except};
use crate::columns::column;
use crate::mail::EXPIRED_MAX;
use crate::{Message, Sent, StoreError, Topic};

/// A message as it is kept.
pub(super) struct KeptMessage {
    pub(super) message: Message,
    pub(super) taken_at: Option<i64>,
}

impl KeptMessage {
    /// Whether this is the tenant's message of that id, and nobody has taken it.
    pub(super) fn is_there(&self, tenant: &TenantId, id: MessageId) -> bool {
        self.taken_at.is_none() && self.message.id == id && self.message.tenant == *tenant
    }

    fn is_over(&self, now: Timestamp, taken_before: Timestamp) -> bool {
        match self.taken_at {
            Some(at) => at < column(taken_before),
            None => self.message.expires_at.is_some_and(|at| column(at) <= column(now)),
        }
    }
}

impl KeptSuspension {
    /// Whether what comes under a topic would end it.
    fn waits_for(&self, topic: &Topic) -> bool {
        self.is_open() && self.what.topic.as_ref().is_some_and(|own| own.takes(topic))
    }
}

impl Data {
    pub(super) fn send(&mut self, message: Message) -> Result<Sent, StoreError> {
        let same = |kept: &&KeptMessage| {
            message.dedup.is_some()
                && kept.message.dedup == message.dedup
                && kept.message.tenant == message.tenant
        };
        if let Some(known) = self.messages.iter().find(same) {
            return Ok(Sent::Known(known.message.id));
        }
        if self.messages.iter().any(|kept| kept.message.id == message.id) {
            return Err(StoreError::Refused(format!("message {} exists", message.id)));
        }
        self.messages.push(KeptMessage { message, taken_at: None });
        Ok(Sent::Kept)
    }

    pub(super) fn mail(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Vec<Message> {
        let there = self.messages.iter().filter(|kept| kept.taken_at.is_none()).map(|kept| &kept.message);
        let mine = there.filter(|message| message.tenant == *tenant && message.name == name);
        mine.filter(|message| key.is_none() || message.key.as_deref() == key).take(limit).cloned().collect()
    }

    pub(super) fn message(&self, tenant: &TenantId, id: MessageId) -> Option<Message> {
        let mut messages = self.messages.iter().map(|kept| &kept.message);
        messages.find(|message| message.id == id && message.tenant == *tenant).cloned()
    }

    pub(super) fn waiting_for(&self, tenant: &TenantId, topic: &Topic) -> Vec<(RunId, SuspensionId)> {
        let mut waiting = Vec::new();
        let takes = |run: &&KeptRun| run.row.tenant == *tenant && run.row.status != RunStatus::Blocked;
        for run in self.runs.values().filter(takes) {
            let open = run.suspensions.iter().filter(|kept| kept.waits_for(topic));
            waiting.extend(open.map(|kept| (run.row.id, kept.what.id)));
        }
        waiting.sort_by_key(|(_, suspension)| *suspension);
        waiting
    }

    pub(super) fn claim_mail(
        &mut self,
        owner: OwnerId,
        now: Timestamp,
        except: &Except<MessageId>,
        limit: usize,
    ) -> Vec<(TenantId, MessageId)> {
        let there = self.messages.iter().filter(|kept| kept.taken_at.is_none()).map(|kept| &kept.message);
        let others = there.filter(|message| !except.holds(&message.tenant, &message.id));
        let wanted = others.filter(|message| !self.waiting_for(&message.tenant, &message.topic()).is_empty());
        let free = wanted.filter(|message| !self.is_claimed((*message.id.as_bytes(), None), owner, now));
        let mut batch = Batch::new(limit);
        free.for_each(|message| batch.offer(&message.tenant, (message.tenant.clone(), message.id)));
        let found = batch.finish();
        self.claim(owner, now, found.iter().map(|(_, message)| (*message.as_bytes(), None)).collect());
        found
    }

    pub(super) fn expire_mail(&mut self, now: Timestamp, taken_before: Timestamp) -> u64 {
        let mut expired = 0;
        self.messages.retain(|kept| {
            let goes = expired < EXPIRED_MAX && kept.is_over(now, taken_before);
            expired += u64::from(goes);
            !goes
        });
        expired
    }
}

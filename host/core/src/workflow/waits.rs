//! Committing entries that wait for somebody else without a component.

use super::block::Text;
use super::commit::Check;
use super::definition::{AskEntry, DeadlineEntry, EventEntry};
use super::draft::Draft;
use super::node::{DeadlineNode, TextNode, WaitKind, WaitNode};
use super::site::{Field, Site};
use crate::run::{LABEL_BYTES_MAX, LABELS_MAX};
use crate::schema::Schema;

impl Check<'_> {
    pub(super) fn ask(&mut self, draft: &Draft<'_>, site: &Site, from: &AskEntry) -> Option<WaitNode> {
        let payload = from.payload.as_ref();
        let payload = payload.map(|payload| self.mapping(draft, site, &Field::of("payload"), payload));
        let labels = self.texts(draft, site, "labels", &from.labels);
        let assignees = self.texts(draft, site, "assignees", &from.assignees);
        let schema = self.schema(site, "answer", from.answer.as_ref());
        let deadline = from.deadline.as_ref();
        let deadline = deadline.map(|deadline| self.deadline(draft, site, deadline, schema.as_ref()));
        Some(WaitNode {
            title: from.title.clone(),
            description: from.description.clone(),
            what: WaitKind::Answer { payload: or_none(payload)?, labels: labels?, assignees: assignees? },
            schema: or_none(from.answer.is_some().then_some(schema))?,
            deadline: or_none(deadline)?,
        })
    }

    pub(super) fn event(&mut self, draft: &Draft<'_>, site: &Site, from: &EventEntry) -> Option<WaitNode> {
        let name = self.text(draft, site, Field::of("name"), &from.name);
        let key = from.key.as_ref().map(|key| self.text(draft, site, Field::of("key"), key));
        let schema = self.schema(site, "schema", from.schema.as_ref());
        let deadline = from.deadline.as_ref();
        let deadline = deadline.map(|deadline| self.deadline(draft, site, deadline, schema.as_ref()));
        Some(WaitNode {
            title: None,
            description: None,
            what: WaitKind::Event { name: name?, key: or_none(key)? },
            schema: or_none(from.schema.is_some().then_some(schema))?,
            deadline: or_none(deadline)?,
        })
    }

    /// Several texts, each of which may be computed.
    fn texts(&mut self, draft: &Draft<'_>, site: &Site, name: &str, from: &[Text]) -> Option<Vec<TextNode>> {
        if self.is_new && from.len() > LABELS_MAX {
            let problem = format!("it has {} elements, at most {LABELS_MAX} are allowed", from.len());
            self.problems.add(site, Field::of(name), problem);
        }
        let texts: Vec<_> =
            (0..).zip(from).map(|(n, text)| self.text(draft, site, Field::of(name).index(n), text)).collect();
        texts.into_iter().collect()
    }

    fn text(&mut self, draft: &Draft<'_>, site: &Site, field: Field, from: &Text) -> Option<TextNode> {
        match from {
            Text::Plain(text) => {
                let bytes = text.len();
                if self.is_new && !(1..=LABEL_BYTES_MAX).contains(&bytes) {
                    let problem = format!("it has {bytes} bytes, 1 to {LABEL_BYTES_MAX} are allowed");
                    self.problems.add(site, field, problem);
                }
                Some(TextNode::Plain(text.clone()))
            }
            Text::Expression(text) => {
                self.expression(draft, site, field.key("expr"), text, &[]).map(TextNode::Expression)
            }
        }
    }

    /// The end of patience. What is the output then must be one that could have come.
    fn deadline(
        &mut self,
        draft: &Draft<'_>,
        site: &Site,
        from: &DeadlineEntry,
        schema: Option<&Schema>,
    ) -> Option<DeadlineNode> {
        let field = Field::of("deadline");
        let length = self.length(draft, site, &field, &from.into());
        let mut otherwise = from.otherwise.clone();
        if let (Some(value), true) = (&from.otherwise, self.is_new)
            && let Err(error) = value.check_outside()
        {
            self.problems.add(site, field.clone().key("otherwise"), error.to_string());
            return None;
        }
        match (from.otherwise.as_ref().zip(schema)).map(|(value, schema)| schema.check(value)) {
            Some(Ok(value)) => otherwise = Some(value),
            Some(Err(violations)) if self.is_new => {
                let problem = format!("it does not fit the schema of what is waited for:{violations}");
                self.problems.add(site, field.key("otherwise"), problem);
            }
            Some(Err(_)) | None => {}
        }
        Some(DeadlineNode { length: length?, otherwise })
    }
}

/// What was written and is sound, or was left out; `None` when it was written and is not.
fn or_none<T>(written: Option<Option<T>>) -> Option<Option<T>> {
    match written {
        Some(Some(sound)) => Some(Some(sound)),
        Some(None) => None,
        None => Some(None),
    }
}

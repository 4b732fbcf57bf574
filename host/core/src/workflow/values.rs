//! Committing what entries compute: expressions, mappings, lengths of time and instants.

use std::ops::Range;

use super::block::Mapping;
use super::commit::Check;
use super::definition::{DeadlineEntry, MapEntry, SleepEntry, SleepUntilEntry};
use super::draft::Draft;
use super::node::{LengthNode, MapNode, SleepNode};
use super::site::{Field, Site};
use crate::cel::Expression;
use crate::similar::did_you_mean;
use crate::time::Timestamp;
use crate::when::{Span, When, WhenError, check_time_zone};

/// What every expression may name.
const VARIABLES: [&str; 7] = ["input", "init", "state", "context", "steps", "run", "now"];

/// Most ids that an error lists.
const IDS_LISTED: usize = 12;

impl Check<'_> {
    /// Compiles an expression, and looks whether the entries that it names can be finished by then.
    pub(super) fn expression(
        &mut self,
        draft: &Draft<'_>,
        site: &Site,
        field: Field,
        text: &str,
        more: &[&'static str],
    ) -> Option<Expression> {
        let mut variables = VARIABLES.to_vec();
        for name in draft.beside().iter().chain(more) {
            if !variables.contains(name) {
                variables.push(name);
            }
        }
        let compiled =
            if self.is_new { Expression::compile_with(text, &variables) } else { Expression::compile(text) };
        match compiled {
            Ok(expression) => {
                for id in expression.step_references() {
                    if let Some(problem) = unknown(draft, id) {
                        let span = reference(text, id);
                        self.problems.add_in(site, field.clone(), problem, (text, span));
                    }
                }
                Some(expression)
            }
            Err(error) => {
                self.problems.add_in(site, field, error.message, (text, error.span));
                None
            }
        }
    }

    pub(super) fn map(&mut self, draft: &Draft<'_>, site: &Site, from: &MapEntry) -> Option<MapNode> {
        self.mapping(draft, site, &Field::of("to"), &from.to)
    }

    /// Compiles an expression, or an object of them.
    pub(super) fn mapping(
        &mut self,
        draft: &Draft<'_>,
        site: &Site,
        field: &Field,
        from: &Mapping,
    ) -> Option<MapNode> {
        match from {
            Mapping::Expression(text) => {
                self.expression(draft, site, field.clone(), text, &[]).map(MapNode::Expression)
            }
            Mapping::Fields(fields) => {
                let mut compiled = Vec::with_capacity(fields.len());
                for (key, text) in fields {
                    let expression = self.expression(draft, site, field.clone().key(key), text, &[]);
                    compiled.push(expression.map(|expression| (key.clone(), expression)));
                }
                compiled.into_iter().collect::<Option<_>>().map(MapNode::Fields)
            }
        }
    }

    pub(super) fn sleep(&mut self, draft: &Draft<'_>, site: &Site, from: &SleepEntry) -> Option<SleepNode> {
        self.length(draft, site, &Field::whole(), &from.into()).map(SleepNode::For)
    }

    /// A length of time, written in the fields of an entry, or of something in it.
    pub(super) fn length(
        &mut self,
        draft: &Draft<'_>,
        site: &Site,
        field: &Field,
        from: &Length<'_>,
    ) -> Option<LengthNode> {
        let of = |name: &str| field.clone().key(name);
        let zone = from.time_zone;
        if let Some(Err(error)) = zone.map(check_time_zone) {
            self.problems.add(site, of("timeZone"), error.to_string());
            return None;
        }
        match (from.ms, from.span, from.expr) {
            (Some(ms), None, None) if zone.is_none() => {
                let span = Span::of_ms(ms).and_then(|span| self.bounded(span));
                span.map_err(|error| self.problems.add(site, of("ms"), error.to_string())).ok()
            }
            (Some(_), None, None) => {
                let problem = "it counts days of a calendar, and `ms` has none: use `for`, or leave it out";
                self.problems.add(site, of("timeZone"), problem);
                None
            }
            (None, Some(text), None) => {
                let span = Span::parse(text, zone).and_then(|span| self.bounded(span));
                span.map_err(|error| self.problems.add(site, of("for"), error.to_string())).ok()
            }
            (None, None, Some(text)) => {
                let expression = self.expression(draft, site, of("expr"), text, &[])?;
                Some(LengthNode::Expression(expression, zone.map(str::to_owned)))
            }
            _ => {
                self.problems.add(site, field.clone(), "give one of `ms`, `for` and `expr`");
                None
            }
        }
    }

    /// A span that is no longer than what may be put off. What was kept before there was a bound is taken as it is.
    fn bounded(&self, span: Span) -> Result<LengthNode, WhenError> {
        if self.is_new {
            span.after_bounded(Timestamp(0))?;
        }
        Ok(LengthNode::Span(span))
    }

    pub(super) fn sleep_until(
        &mut self,
        draft: &Draft<'_>,
        site: &Site,
        from: &SleepUntilEntry,
    ) -> Option<SleepNode> {
        match (&from.at, &from.expr) {
            (Some(text), None) => {
                let when = When::parse(text).map(SleepNode::Until);
                when.map_err(|error| self.problems.add(site, Field::of("at"), error.to_string())).ok()
            }
            (None, Some(text)) => {
                let expression = self.expression(draft, site, Field::of("expr"), text, &[]);
                expression.map(SleepNode::UntilExpression)
            }
            _ => {
                self.problems.add(site, Field::whole(), "give one of `at` and `expr`");
                None
            }
        }
    }
}

/// The fields that say a length of time.
pub(super) struct Length<'d> {
    ms: Option<u64>,
    span: Option<&'d str>,
    expr: Option<&'d str>,
    time_zone: Option<&'d str>,
}

impl<'d> From<&'d SleepEntry> for Length<'d> {
    fn from(entry: &'d SleepEntry) -> Self {
        let SleepEntry { ms, span, expr, time_zone, .. } = entry;
        Self { ms: *ms, span: span.as_deref(), expr: expr.as_deref(), time_zone: time_zone.as_deref() }
    }
}

impl<'d> From<&'d DeadlineEntry> for Length<'d> {
    fn from(entry: &'d DeadlineEntry) -> Self {
        let DeadlineEntry { ms, span, expr, time_zone, .. } = entry;
        Self { ms: *ms, span: span.as_deref(), expr: expr.as_deref(), time_zone: time_zone.as_deref() }
    }
}

/// Why `steps.<id>` names nothing that can be finished.
fn unknown(draft: &Draft<'_>, id: &str) -> Option<String> {
    let known = draft.known();
    let has = match known.as_slice() {
        [] => "none is".to_owned(),
        few if few.len() <= IDS_LISTED => format!("those that are: {}", few.join(", ")),
        many => format!("those that are: {}, …", many.get(..IDS_LISTED).unwrap_or_default().join(", ")),
    };
    match draft.knows(id) {
        Some(true) => None,
        Some(false) => Some(format!("the entry `{id}` is never finished by then; {has}")),
        None => {
            let hint = did_you_mean(id, known.iter().copied());
            Some(format!("there is no entry `{id}` that is finished by then; {has}{hint}"))
        }
    }
}

/// Where an expression names an entry, in bytes.
fn reference(text: &str, id: &str) -> Range<usize> {
    let named = |at: &usize| {
        let before = text.get(..*at).unwrap_or_default();
        let before = before.trim_end_matches(['[', '"', '\'', '.', '?', ' ']);
        before.ends_with("steps")
    };
    let at = text.match_indices(id).map(|(at, _)| at).find(named);
    at.map_or(0..text.len(), |at| at..at + id.len())
}

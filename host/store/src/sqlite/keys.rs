//! Which index finds the suspensions that pass a filter, and the question for its keys.
//!
//! Keys come from one index alone, so that nothing is ever sorted by the database.

use reentry_core::id::{SuspensionId, TenantId};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use crate::StoreError;
use crate::filter::{SuspensionFilter, WaitPlace};
use crate::sqlite::names::NameKind;
use crate::sqlite::reader::{get, one};
use crate::sqlite::{run_key, spots};

/// Most keys of an index that are sorted here, because it has them in another order than the list, and most that are
/// counted to see which index has the fewest.
pub(crate) const FEW: usize = 1_000;

/// An index by which suspensions are found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// All that is open.
    Open,
    /// What is open by its deadline.
    Due,
    /// What is open at these spots.
    Spots(Vec<i64>),
    /// What is open under a name.
    Named(NameKind, String),
    /// What one has answered.
    Answered(String),
    /// What is kept of a run.
    OfRun(i64),
    /// What is open in the runs about a resource.
    OfResource(String),
}

/// A question for keys of an index.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
    /// Whether they come in the order of the list, from where the page begins.
    pub(crate) in_order: bool,
}

/// The index by which a list is read: of those that fit the filter the one with the fewest keys, as far as [`FEW`] of
/// them tell; `None` if one has none.
fn choose(
    connection: &Connection,
    tenant: &TenantId,
    filter: &SuspensionFilter,
) -> Result<Option<Source>, StoreError> {
    if let Some(run) = filter.run {
        return Ok(run_key::seq_of(connection, tenant, run)?.map(Source::OfRun));
    }
    if let Some(actor) = &filter.actor {
        return Ok(Some(Source::Answered(actor.clone())));
    }
    let name = |kind, name: &Option<String>| name.clone().map(|name| Source::Named(kind, name));
    let mut sources: Vec<Source> = Vec::new();
    sources.extend(name(NameKind::Label, &filter.label));
    sources.extend(name(NameKind::Assignee, &filter.assignee));
    sources.extend(spots::matching(connection, tenant, filter)?.map(Source::Spots));
    sources.extend(filter.resource_id.clone().map(Source::OfResource));
    let whole = if filter.is_by_due() { Source::Due } else { Source::Open };
    match sources.as_slice() {
        [] => return Ok(Some(whole)),
        [one] if one.is_in_order(filter) && !filter.is_by_due() => return Ok(sources.pop()),
        _ if filter.is_by_due() => sources.push(Source::Due),
        _ => {}
    }
    let mut best: Option<(usize, Source)> = None;
    for source in sources {
        let size = source.size(connection, tenant, filter)?;
        if size == 0 {
            return Ok(None);
        }
        let is_better = best.as_ref().is_none_or(|(least, _)| size < *least);
        if is_better && (source.is_in_order(filter) || size <= FEW) {
            best = Some((size, source));
        }
    }
    Ok(Some(best.map_or(whole, |(_, source)| source)))
}

impl Source {
    /// Whether the index is in the order of the list.
    fn is_in_order(&self, filter: &SuspensionFilter) -> bool {
        match self {
            Self::Due => true,
            Self::OfResource(_) => false,
            _ => !filter.is_by_due(),
        }
    }

    /// How many keys there are, up to one more than [`FEW`]; of a resource with more runs than that as many, however
    /// few of these wait.
    fn size(
        &self,
        connection: &Connection,
        tenant: &TenantId,
        filter: &SuspensionFilter,
    ) -> Result<usize, StoreError> {
        let few = FEW + 1;
        if let Self::OfResource(resource) = self {
            let sql = format!(
                "SELECT count(*) FROM (SELECT 1 FROM runs INDEXED BY runs_by_resource
                WHERE tenant = ?1 AND resource_id = ?2 LIMIT {few})"
            );
            let runs = one(connection, &sql, [tenant.as_str(), resource], number)?;
            if let Some(runs) = runs.filter(|runs| *runs > FEW) {
                return Ok(runs);
            }
        }
        let Some(keys) = Keys::of(self, tenant, filter, None) else { return Ok(0) };
        let sql = format!("SELECT count(*) FROM ({} LIMIT {few})", keys.sql);
        Ok(one(connection, &sql, params_from_iter(keys.values), number)?.unwrap_or_default())
    }
}

impl Keys {
    /// The question for the keys of a list; `None` if there can be none.
    pub(crate) fn choose(
        connection: &Connection,
        tenant: &TenantId,
        filter: &SuspensionFilter,
        after: Option<WaitPlace>,
    ) -> Result<Option<Self>, StoreError> {
        let Some(source) = choose(connection, tenant, filter)? else { return Ok(None) };
        if !source.is_in_order(filter) {
            return Ok(Self::of(&source, tenant, filter, None));
        }
        let Some(mut keys) = Self::of(&source, tenant, filter, after) else { return Ok(None) };
        keys.sql = format!("{} ORDER BY {}", keys.sql, order(filter));
        keys.in_order = true;
        Ok(Some(keys))
    }

    /// The question for the keys behind a place, in no order; `None` if there can be none.
    fn of(
        source: &Source,
        tenant: &TenantId,
        filter: &SuspensionFilter,
        after: Option<WaitPlace>,
    ) -> Option<Self> {
        let mut keys = Self::default();
        let (columns, tenant) = ("SELECT run, id", tenant.as_str());
        let open = "ended IS NULL";
        match source {
            Source::Open => {
                let ids = keys.ids(filter, after)?;
                let tenant = keys.arg(tenant.to_owned());
                keys.legs(kinds(filter), |kind| {
                    format!(
                        "{columns}, 0 FROM suspensions INDEXED BY suspensions_open
                        WHERE tenant = {tenant} AND takes_answer = {kind} AND {open} AND {ids}"
                    )
                });
            }
            Source::Due => {
                let due = keys.due(filter, after);
                let tenant = keys.arg(tenant.to_owned());
                keys.legs(kinds(filter), |kind| {
                    format!(
                        "{columns}, due_at FROM suspensions INDEXED BY suspensions_due
                        WHERE tenant = {tenant} AND takes_answer = {kind} AND {open} AND {due}"
                    )
                });
            }
            Source::Spots(spots) => {
                let ids = keys.ids(filter, after)?;
                let spots: Vec<String> = spots.iter().map(|spot| keys.arg(*spot)).collect();
                keys.legs(&spots, |spot| {
                    format!(
                        "{columns}, 0 FROM suspensions INDEXED BY suspensions_by_spot
                        WHERE spot = {spot} AND {open} AND {ids}"
                    )
                });
            }
            Source::Named(kind, name) => {
                let ids = keys.ids(filter, after)?;
                let (tenant, name) = (keys.arg(tenant.to_owned()), keys.arg(name.clone()));
                keys.sql = format!(
                    "{columns}, 0 FROM suspension_names
                    WHERE tenant = {tenant} AND kind = {} AND name = {name} AND {ids}",
                    kind.code()
                );
            }
            Source::Answered(actor) => {
                let ids = keys.ids(filter, after)?;
                let (tenant, actor) = (keys.arg(tenant.to_owned()), keys.arg(actor.clone()));
                keys.sql = format!(
                    "{columns}, 0 FROM suspensions INDEXED BY suspensions_by_actor
                    WHERE tenant = {tenant} AND actor = {actor} AND {ids}"
                );
            }
            Source::OfRun(run) => {
                let ids = keys.ids(filter, after)?;
                let run = keys.arg(*run);
                let open = if filter.has_ended() { "" } else { "AND ended IS NULL" };
                let only = keys.only(filter);
                keys.sql = format!("{columns}, 0 FROM suspensions WHERE run = {run} AND {ids} {open} {only}");
            }
            Source::OfResource(resource) => {
                let (tenant, resource) = (keys.arg(tenant.to_owned()), keys.arg(resource.clone()));
                keys.sql = format!(
                    "{columns}, 0 FROM runs INDEXED BY runs_by_resource
                    CROSS JOIN suspensions ON suspensions.run = runs.seq
                    WHERE runs.tenant = {tenant} AND resource_id = {resource} AND {open}"
                )
                .replace("run, id", "suspensions.run, suspensions.id");
            }
        }
        (!keys.sql.is_empty()).then_some(keys)
    }

    /// A value, as the text of the question names it.
    fn arg(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    /// The condition of ids that pass a filter and lie behind a place.
    fn ids(&mut self, filter: &SuspensionFilter, after: Option<WaitPlace>) -> Option<String> {
        let (mut first, mut last) = filter.ids().into_inner();
        // In lists by deadline the place says nothing of ids.
        if let Some(after) = after {
            let after = u128::from_be_bytes(*after.id.as_bytes());
            match filter.latest_first {
                true => last = last.min(after.checked_sub(1)?),
                false => first = first.max(after.checked_add(1)?),
            }
        }
        let [first, last] = (first <= last).then_some([first, last])?.map(|id| id.to_be_bytes().to_vec());
        Some(format!("id BETWEEN {} AND {}", self.arg(first), self.arg(last)))
    }

    /// The condition of ids that are named one by one.
    fn only(&mut self, filter: &SuspensionFilter) -> String {
        let digits = filter.only.iter().map(|id| format!("\"{:032x}\"", u128::from_be_bytes(*id.as_bytes())));
        let digits = digits.collect::<Vec<_>>().join(",");
        match digits.as_str() {
            "" => String::new(),
            _ => {
                format!("AND id IN (SELECT unhex(value) FROM json_each({}))", self.arg(format!("[{digits}]")))
            }
        }
    }

    /// The condition of deadlines that pass a filter and lie behind a place.
    fn due(&mut self, filter: &SuspensionFilter, after: Option<WaitPlace>) -> String {
        let (first, last) = filter.due().into_inner();
        let (low, high) =
            (WaitPlace { due: first, id: all_bits(0) }, WaitPlace { due: last, id: all_bits(0xff) });
        let (begin, beyond, end, within) = match filter.latest_first {
            false => (after.map_or(low, |after| after.max(low)), ">", last, "<="),
            true => (after.map_or(high, |after| after.min(high)), "<", first, ">="),
        };
        let (due, id) = (self.arg(begin.due), self.arg(begin.id.as_bytes().to_vec()));
        format!("(due_at, id) {beyond} ({due}, {id}) AND due_at {within} {}", self.arg(end))
    }

    /// One question for each of some values, their answers put together.
    fn legs<T>(&mut self, of: &[T], leg: impl Fn(&T) -> String) {
        self.sql = of.iter().map(leg).collect::<Vec<_>>().join(" UNION ALL ");
    }
}

fn all_bits(byte: u8) -> SuspensionId {
    SuspensionId::from_bytes([byte; 16])
}

/// The values of `takes_answer` that pass a filter.
fn kinds(filter: &SuspensionFilter) -> &'static [i64] {
    if filter.with_timers { &[0, 1] } else { &[1] }
}

/// The order of a list, as columns of its keys.
fn order(filter: &SuspensionFilter) -> &'static str {
    match (filter.is_by_due(), filter.latest_first) {
        (false, false) => "2",
        (false, true) => "2 DESC",
        (true, false) => "3, 2",
        (true, true) => "3 DESC, 2 DESC",
    }
}

fn number(row: &Row<'_>) -> Result<usize, StoreError> {
    Ok(usize::try_from(get::<i64>(row, 0)?).unwrap_or_default())
}

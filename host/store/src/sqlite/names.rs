//! Labels of open suspensions, and those whom they ask: the table `suspension_names`.

use reentry_core::id::SuspensionId;
use rusqlite::{Connection, Row, params};

use crate::decode::decode_names;

/// What a name is to a suspension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameKind {
    /// A label.
    Label,
    /// One who is asked.
    Assignee,
}

/// The names of a suspension as they stand in its row: JSON arrays.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) labels: Option<Vec<u8>>,
    pub(crate) assignees: Option<Vec<u8>>,
}

impl NameKind {
    /// The number that it is stored as. A number never changes its meaning.
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Label => 0,
            Self::Assignee => 1,
        }
    }
}

impl Names {
    /// Reads the names from two columns.
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let column =
            |name| -> rusqlite::Result<_> { Ok(row.get_ref(name)?.as_bytes_or_null()?.map(<[u8]>::to_vec)) };
        Ok(Self { labels: column("labels")?, assignees: column("assignees")? })
    }

    /// Has an open suspension be found by its names.
    pub(crate) fn keep(
        &self,
        connection: &Connection,
        tenant: &str,
        run: i64,
        id: SuspensionId,
    ) -> rusqlite::Result<()> {
        // A step may give a name twice.
        let sql = "INSERT OR IGNORE INTO suspension_names (tenant, kind, name, id, run) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.each(id, |kind, name| {
            let params = params![tenant, kind.code(), name, id.as_bytes(), run];
            connection.prepare_cached(sql)?.execute(params).map(drop)
        })
    }

    /// Has a suspension be found by its names no more.
    pub(crate) fn forget(
        &self,
        connection: &Connection,
        tenant: &str,
        id: SuspensionId,
    ) -> rusqlite::Result<()> {
        let sql = "DELETE FROM suspension_names WHERE tenant = ?1 AND kind = ?2 AND name = ?3 AND id = ?4";
        self.each(id, |kind, name| {
            connection
                .prepare_cached(sql)?
                .execute(params![tenant, kind.code(), name, id.as_bytes()])
                .map(drop)
        })
    }

    /// Names that cannot be read are none: what is wrong with them is told where the suspension is listed.
    fn each(
        &self,
        id: SuspensionId,
        mut visit: impl FnMut(NameKind, &str) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        for (kind, names) in [(NameKind::Label, &self.labels), (NameKind::Assignee, &self.assignees)] {
            let names = decode_names(id, "names", names.as_deref()).unwrap_or_default();
            names.iter().try_for_each(|name| visit(kind, name))?;
        }
        Ok(())
    }
}

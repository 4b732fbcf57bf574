//! What hosts claim is found by index, however much there is of tenants that have their shares.

use std::sync::Arc;

use reentry_core::id::{OwnerId, TenantId};
use reentry_core::time::Timestamp;
use rusqlite::Connection;
use rusqlite::StatementStatus::VmStep;

use crate::claims::Except;
use crate::sqlite::claims::Claimer;
use crate::sqlite::open::Files;
use crate::sqlite::owners::Locks;
use crate::sqlite::rotation::Rotation;
use crate::sqlite::{held, messages};

/// A database with a few tenants that have so many runs each in which something is due, and as many messages that
/// wait to be delivered; after all of them come those of others, each with one.
fn database(folder: &tempfile::TempDir, runs: u32) -> Connection {
    let connection = Files::prepare(&folder.path().join("runs.db")).unwrap().open().unwrap().connection;
    connection
        .execute_batch(&format!(
            r#"
            CREATE TEMP TABLE numbers AS
                WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {runs} + 100)
                SELECT n, iif(n <= {runs}, 'flood-' || (n % 5), printf('small-%03d', n - {runs})) AS tenant FROM n;
            INSERT INTO runs (seq, id, tenant, workflow, workflow_id, status, version, created_at, updated_at, head)
                SELECT n, unhex(printf('%032x', n)), tenant, zeroblob(32), 'w', 2, 1, n, n, '{{}}' FROM numbers;
            INSERT INTO steps (run, path, active, due_at, record) SELECT n, 'a', 1, n, '{{}}' FROM numbers;
            INSERT INTO suspensions (run, id, tenant, path, takes_answer, since, due_at, event)
                SELECT n, unhex(printf('%032x', n)), tenant, 'a', 0, 1, n, 'paid' FROM numbers;
            INSERT INTO messages (id, tenant, name, sent_at, payload)
                SELECT unhex(printf('%032x', n)), tenant, 'paid', n, '1' FROM numbers;
            DROP TABLE numbers;
            "#
        ))
        .unwrap();
    connection
}

fn claimer(folder: &tempfile::TempDir) -> Claimer {
    let locks = Arc::new(Locks::new(folder.path().to_owned()));
    Claimer::new(OwnerId::from_bytes([1; 16]), Timestamp(u64::MAX >> 2), locks)
}

/// The tenants of what is found in three looks, each with how often.
fn tenants(found: impl Iterator<Item = TenantId>) -> String {
    let mut names: Vec<String> = found.map(|tenant| tenant.to_string()).collect();
    names.sort();
    let floods = names.iter().filter(|name| name.starts_with("flood")).count();
    names.retain(|name| !name.starts_with("flood"));
    names.dedup();
    match names.as_slice() {
        [first, .., last] => format!("{floods} of floods, {} small ones: {first} to {last}", names.len()),
        few => format!("{floods} of floods, {few:?}"),
    }
}

#[test]
fn those_who_have_little_are_found_behind_those_who_have_much() {
    let folder = tempfile::tempdir().unwrap();
    let (connection, claimer) = (database(&folder, 20_000), claimer(&folder));
    let (rotation, mut told) = (Rotation::default(), Vec::new());
    for _ in 0..3 {
        let due = held::due(&connection, &claimer, &Except::default(), &rotation, 40).unwrap();
        told.push(tenants(due.into_iter().map(|candidate| candidate.what.0)));
    }
    let rotation = Rotation::default();
    for _ in 0..3 {
        let except = Except::default();
        let mail = messages::deliverable(&connection, &claimer, &except, &rotation, 40).unwrap();
        told.push(tenants(mail.into_iter().map(|candidate| candidate.what.0)));
    }
    let expected = [
        "30 of floods, 10 small ones: small-001 to small-010",
        "30 of floods, 10 small ones: small-011 to small-020",
        "30 of floods, 10 small ones: small-021 to small-030",
    ];
    assert_eq!(told, [expected, expected].concat());
}

/// How a question is answered, without the parts that are asked of every row.
fn plan(connection: &Connection, sql: &str) -> String {
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let values = vec!["x"; explained.parameter_count()];
    let lines =
        explained.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
    lines.map(Result::unwrap).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_tenants_whose_turn_it_is_are_found_by_index() {
    let folder = tempfile::tempdir().unwrap();
    let connection = database(&folder, 4_000);
    for (sql, index) in [
        (held::FOLLOWING, "SEARCH suspensions USING INDEX suspensions_due (tenant>?)"),
        (messages::FOLLOWING, "SEARCH messages USING INDEX messages_by_name (tenant>?)"),
    ] {
        assert_eq!(plan(&connection, sql), index);
        let mut statement = connection.prepare(sql).unwrap();
        let mut rows = statement.query(["flood-1"]).unwrap();
        assert_eq!(rows.next().unwrap().unwrap().get::<_, String>(0).unwrap(), "flood-2");
        drop(rows);
        assert!(statement.get_status(VmStep) < 30, "it goes through no rows");
    }
    let of_one = held::due_of_sql();
    assert!(
        plan(&connection, &of_one)
            .contains("INDEX suspensions_due (tenant=? AND takes_answer=? AND due_at<?)")
    );
}

//! Lists are read by index, whatever they are filtered by: no question scans a table or sorts, and none costs more
//! where there is more.

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{RunId, SuspensionId, TenantId};
use reentry_core::path::StepPath;
use reentry_core::run::RunStatus;
use reentry_core::time::Timestamp;
use rusqlite::StatementStatus::VmStep;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::filter::{LOOKED_MAX, WaitPlace};
use crate::sqlite::keys::Keys;
use crate::sqlite::open::Files;
use crate::sqlite::spots::SPOTS_MAX;
use crate::sqlite::{run_lists, suspensions};
use crate::{Page, RunFilter, RunSummary, SuspensionFilter};

/// A database with so many runs. Each but one in fifty waits for one answer, one in fifty waits elsewhere, and what
/// is `seldom` has one in fifty, too.
fn database(folder: &tempfile::TempDir, runs: u32) -> Connection {
    let connection = Files::prepare(&folder.path().join("runs.db")).unwrap().open().unwrap().connection;
    connection
        .execute_batch(&format!(
            r#"
            CREATE TEMP TABLE numbers AS
                WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {runs}) SELECT n FROM n;
            INSERT INTO spots (seq, tenant, workflow_id, step) VALUES
                (1, 't', 'often', 'approve'), (2, 't', 'seldom', 'approve'), (3, 't', 'often', 'each.check');
            INSERT INTO runs (seq, id, tenant, workflow, workflow_id, resource_id, status, version, created_at,
                    updated_at, head)
                SELECT n, unhex(printf('%032x', n)), 't', zeroblob(32), iif(n % 50, 'often', 'seldom'),
                    iif(n <= 20, 'few', 'many'), iif(n % 50 = 1, 5, 3), 1, n, n, '{{}}'
                FROM numbers;
            INSERT INTO suspensions (run, id, tenant, path, labels, takes_answer, since, due_at, spot, assignees, actor,
                    ended, ended_at)
                SELECT n, unhex(printf('%012x70008000000000000000', n)), 't', iif(n % 50 = 2, 'each[3].check', 'approve'),
                    iif(n % 50, '["often"]', '["often","seldom"]'), 1, n, 1000000 + n % 100, iif(n % 50, 1, 2),
                    '["ann"]', iif(n % 50 = 3, 'bob', NULL), iif(n % 50 = 3, 1, NULL), iif(n % 50 = 3, n, NULL)
                FROM numbers;
            UPDATE suspensions SET spot = 3 WHERE path = 'each[3].check';
            INSERT INTO suspension_names (tenant, kind, name, id, run)
                SELECT tenant, 0, value, s.id, run FROM suspensions AS s, json_each(labels) WHERE ended IS NULL
                UNION ALL
                SELECT tenant, 1, value, s.id, run FROM suspensions AS s, json_each(assignees) WHERE ended IS NULL;
            DROP TABLE numbers;
            "#
        ))
        .unwrap();
    connection
}

fn tenant() -> TenantId {
    TenantId::new("t").unwrap()
}

/// Which filters there are, by the words of the tables below.
fn suspension_filter(words: &str) -> SuspensionFilter {
    let mut filter = SuspensionFilter::default();
    for word in words.split(' ') {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        match name {
            "open" => {}
            "timers" => filter.with_timers = true,
            "latest" => filter.latest_first = true,
            "run" => filter.run = Some(RunId::from_bytes(7_u128.to_be_bytes())),
            "ended" => filter.with_ended = true,
            "label" => filter.label = Some(value.to_owned()),
            "assignee" => filter.assignee = Some(value.to_owned()),
            "actor" => filter.actor = Some(value.to_owned()),
            "workflow" => filter.workflow_id = Some(value.to_owned()),
            "step" => filter.step = Some(value.parse::<StepPath>().unwrap()),
            "resource" => filter.resource_id = Some(value.to_owned()),
            "older" => filter.opened_before = Some(Timestamp(1_000)),
            "newer" => filter.opened_from = Some(Timestamp(10)),
            "due" => filter.due_before = Some(Timestamp(1_000_050)),
            other => panic!("no filter is called {other}"),
        }
    }
    filter
}

fn run_filter(words: &str) -> RunFilter {
    let mut filter = RunFilter::default();
    for word in words.split(' ') {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        match name {
            "all" => {}
            "oldest" => filter.oldest_first = true,
            "suspended" => filter.status = Some(RunStatus::Suspended),
            "failed" => filter.status = Some(RunStatus::Failed),
            "workflow" => filter.workflow_id = Some(value.to_owned()),
            "resource" => filter.resource_id = Some(value.to_owned()),
            "older" => filter.created_before = Some(Timestamp(1_000)),
            "newer" => filter.created_from = Some(Timestamp(10)),
            other => panic!("no filter is called {other}"),
        }
    }
    filter
}

/// The indexes that answer a question, without a scan and without sorting, and the steps of SQLite's machine that the
/// first page takes.
fn plan(connection: &Connection, sql: &str, values: &[Value]) -> (String, i32) {
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let lines = explained.query_map(params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
    let mut indexes = Vec::new();
    for line in lines {
        let line = line.unwrap();
        assert!(!line.contains("SCAN") && !line.contains("TEMP B-TREE"), "{sql}\n{line}");
        if let Some(search) = line.strip_prefix("SEARCH ") {
            let (table, index) = search.split_once(" USING ").unwrap();
            let index = index.split(" (").next().unwrap();
            indexes.push(index.rsplit_once("INDEX ").map_or(table, |(_, index)| index).to_owned());
        }
    }
    let mut statement = connection.prepare(sql).unwrap();
    let mut rows = statement.query(params_from_iter(values)).unwrap();
    for _ in 0..20 {
        rows.next().unwrap();
    }
    drop(rows);
    (indexes.join(", "), statement.get_status(VmStep))
}

/// Checks which indexes answer the question for each filter, and that the first page costs the same where there is
/// twice as much.
fn check(filters: &[(&str, &str)], question: impl Fn(&Connection, &str) -> (String, Vec<Value>)) {
    let (few, many) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // Both have more than the few up to which the keys of an index are counted.
    let (few, many) = (database(&few, 4_000), database(&many, 8_000));
    for (filter, wanted) in filters {
        let ((sql, values), (sql_of_many, values_of_many)) =
            (question(&few, filter), question(&many, filter));
        let (indexes, steps) = plan(&few, &sql, &values);
        assert_eq!(indexes, *wanted, "{filter}");
        assert_eq!(plan(&many, &sql_of_many, &values_of_many), (indexes, steps), "{filter}");
    }
}

#[test]
fn suspensions_are_listed_by_index() {
    let filters = [
        ("open", "suspensions_open"),
        ("latest", "suspensions_open"),
        ("timers", "suspensions_open, suspensions_open"),
        ("older", "suspensions_open"),
        ("newer", "suspensions_open"),
        ("older newer latest", "suspensions_open"),
        ("run", "suspensions"),
        ("run ended", "suspensions"),
        ("label=often", "suspension_names"),
        ("label=seldom", "suspension_names"),
        ("label=often latest", "suspension_names"),
        ("label=often older", "suspension_names"),
        ("assignee=ann", "suspension_names"),
        ("actor=bob", "suspensions_by_actor"),
        ("workflow=often", "suspensions_by_spot, suspensions_by_spot"),
        ("workflow=seldom", "suspensions_by_spot"),
        ("step=approve", "suspensions_by_spot, suspensions_by_spot"),
        ("step=check", "suspensions_by_spot"),
        ("workflow=often step=approve", "suspensions_by_spot"),
        ("due", "suspensions_due"),
        ("due latest", "suspensions_due"),
        ("due timers", "suspensions_due, suspensions_due"),
        ("resource=few", "runs_by_resource, suspensions"),
        // That of which there is less is looked through for the other.
        ("resource=many", "suspensions_open"),
        ("label=often workflow=seldom", "suspensions_by_spot"),
        ("label=seldom workflow=often", "suspension_names"),
        ("label=often assignee=ann resource=few", "runs_by_resource, suspensions"),
        // Few are put in the order of their deadlines, many are not.
        ("due label=often", "suspensions_due"),
        ("due label=seldom", "suspension_names"),
        ("due resource=few", "runs_by_resource, suspensions"),
        ("due resource=many", "suspensions_due"),
    ];
    check(&filters, |connection, filter| {
        let filter = suspension_filter(filter);
        let keys = |place| Keys::choose(connection, &tenant(), &filter, place).unwrap().unwrap();
        let (first, place) =
            (keys(None), WaitPlace { due: 1_000_005, id: SuspensionId::new(Timestamp(500), [0; 10]) });
        assert_eq!(first.sql, keys(Some(place)).sql, "pages are read by one statement");
        (first.sql, first.values)
    });
}

#[test]
fn runs_are_listed_by_index() {
    let filters = [
        ("all", "runs_of_tenant"),
        ("oldest", "runs_of_tenant"),
        ("older", "runs_of_tenant"),
        ("newer oldest", "runs_of_tenant"),
        ("suspended", "runs_by_status"),
        ("failed", "runs_by_status"),
        ("workflow=often", "runs_by_workflow"),
        ("workflow=seldom oldest", "runs_by_workflow"),
        ("workflow=often older newer", "runs_by_workflow"),
        ("resource=many", "runs_by_resource"),
        ("resource=few", "runs_by_resource"),
        ("suspended workflow=seldom", "runs_by_workflow"),
        ("failed workflow=often", "runs_by_status"),
        ("suspended workflow=often resource=few", "runs_by_resource"),
        ("suspended workflow=often resource=many", "runs_by_resource"),
    ];
    check(&filters, |connection, filter| {
        run_lists::question(connection, &tenant(), &run_filter(filter)).unwrap()
    });
}

/// The runs of all pages of a list, and how many pages these are.
fn pages(connection: &Connection, mut filter: RunFilter) -> (Vec<RunSummary>, usize) {
    let (mut rows, mut pages) = (Vec::new(), 0);
    loop {
        let Page { rows: more, next } = run_lists::list(connection, &tenant(), &filter).unwrap();
        rows.extend(more);
        pages += 1;
        filter.after = next;
        if filter.after.is_none() {
            return (rows, pages);
        }
    }
}

#[test]
fn a_page_and_a_count_end_where_enough_was_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let connection = database(&folder, 25_000);
    // Nothing says which of the runs that wait at a step are of this version.
    let [all, none] = [0, 1].map(|byte| Some(WorkflowDigest::from_bytes([byte; 32])));
    let none_of_it = RunFilter { workflow: none, ..RunFilter::default() };
    for filter in [none_of_it.clone(), RunFilter { label: Some("often".to_owned()), ..none_of_it }] {
        let page = run_lists::list(&connection, &tenant(), &filter).unwrap();
        assert_eq!((page.rows.len(), page.next.is_some()), (0, true));
        assert_eq!(pages(&connection, filter.clone()), (Vec::new(), 3));
        let counts = run_lists::count(&connection, &tenant(), &filter, None).unwrap();
        assert_eq!((counts.number, counts.more), (0, true));
    }
    // A page may be full and begin the next one.
    let (found, full) = pages(&connection, RunFilter { workflow: all, ..RunFilter::default() });
    assert_eq!((found.len(), full), (25_000, 25));
    let counts = run_lists::count(&connection, &tenant(), &RunFilter::default(), None).unwrap();
    assert_eq!((counts.number, counts.more), (LOOKED_MAX as u64, true));

    let waits = SuspensionFilter { workflow: none, ..suspension_filter("due") };
    let page = suspensions::list(&connection, &tenant(), &waits).unwrap();
    let place = page.next.unwrap();
    assert!(page.rows.is_empty() && place.starts_with("1000040-sus_"), "{place}");
    let page = suspensions::list(&connection, &tenant(), &SuspensionFilter { after: Some(place), ..waits });
    assert_eq!(page.unwrap(), Page { rows: Vec::new(), next: None });
    let counts = suspensions::count(&connection, &tenant(), &suspension_filter("label=often"), None).unwrap();
    assert_eq!((counts.number, counts.more), (LOOKED_MAX as u64, true));
    let counts =
        suspensions::count(&connection, &tenant(), &suspension_filter("label=seldom"), None).unwrap();
    assert_eq!((counts.number, counts.more), (500, false));
}

#[test]
fn a_list_is_put_together_from_many_spots_and_not_from_too_many() {
    for (spots, wanted) in [(SPOTS_MAX, "suspensions_by_spot"), (SPOTS_MAX + 1, "suspensions_open")] {
        let folder = tempfile::tempdir().unwrap();
        let connection = database(&folder, 1_000);
        let sql = "WITH RECURSIVE n (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 9 + ?1)
            INSERT INTO spots (seq, tenant, workflow_id, step) SELECT n, 't', 'w' || n, 'common' FROM n";
        connection.execute(sql, [i64::try_from(spots).unwrap()]).unwrap();
        let sql = "UPDATE suspensions SET path = 'common', spot = 10 + run % ?1 WHERE ended IS NULL";
        connection.execute(sql, [i64::try_from(spots).unwrap()]).unwrap();
        let common = suspension_filter("step=common");
        let keys = Keys::choose(&connection, &tenant(), &common, None).unwrap().unwrap();
        let (indexes, _) = plan(&connection, &keys.sql, &keys.values);
        assert!(indexes.split(", ").all(|index| index == wanted), "{indexes}");
        let page = suspensions::list(&connection, &tenant(), &common).unwrap();
        assert_eq!((page.rows.len(), page.next), (980, None));
        assert!(page.rows.is_sorted_by(|one, next| one.id < next.id));
    }
}

#[test]
fn what_one_has_answered_is_found_by_index() {
    let folder = tempfile::tempdir().unwrap();
    let connection = database(&folder, 4_000);
    let bob = suspension_filter("actor=bob");
    let counts = suspensions::count(&connection, &tenant(), &bob, None).unwrap();
    assert_eq!((counts.number, counts.more), (80, false));
    let page = suspensions::list(&connection, &tenant(), &SuspensionFilter { limit: 1, ..bob }).unwrap();
    assert!(page.rows[0].state.ended.is_some() && page.next.is_some());
    let (runs, _) = pages(&connection, RunFilter { actor: Some("bob".to_owned()), ..run_filter("all") });
    assert_eq!(runs.len(), 80);
    let none = TenantId::new("other").unwrap();
    assert_eq!(
        suspensions::count(&connection, &none, &suspension_filter("actor=bob"), None).unwrap().number,
        0
    );
}

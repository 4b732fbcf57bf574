//! What becomes of a definition: scopes, nodes, and what follows what.

use super::*;

/// The scope in lines: number, id and kind of each node, what follows it, what holds it.
fn told(scope: &Scope, indent: usize) -> String {
    let mut text = String::new();
    for (n, node) in scope.nodes.iter().enumerate() {
        let next = node.next.map(|next| format!(" -> {next}")).unwrap_or_default();
        let within = node.within.map(|(block, arm)| format!(" in {block} {arm:?}")).unwrap_or_default();
        let kind = kind(&node.kind, indent + 2);
        writeln!(text, "{:indent$}{n} {}{next}{within}: {kind}", "", node.id).unwrap();
        assert_eq!(scope.index.get(&node.id), Some(&n));
    }
    assert!(scope.first().is_some());
    text.trim_end().to_owned()
}

fn kind(kind: &Kind, indent: usize) -> String {
    let decider = |decider: &ConditionNode| match decider {
        ConditionNode::Expression(expression) => format!("`{}`", expression.source()),
        ConditionNode::Step(at) => format!("?{at}"),
    };
    match kind {
        Kind::Step(step) => format!("step {}", step.contract.descriptor.id),
        Kind::Workflow(scope) => format!("workflow {}\n{}", scope.id, told(scope, indent)),
        Kind::Parallel(node) => {
            format!("parallel {:?}", node.arms.iter().map(|arm| (arm.first, arm.last)).collect::<Vec<_>>())
        }
        Kind::Branch(branch) => {
            let arms =
                branch.arms.iter().map(|(when, arm)| format!("{} {}-{}", decider(when), arm.first, arm.last));
            let otherwise = branch.otherwise.map(|arm| format!(" else {}-{}", arm.first, arm.last));
            let arms = arms.collect::<Vec<_>>().join(", ");
            format!("branch {:?} {arms}{}", branch.mode, otherwise.unwrap_or_default())
        }
        Kind::ForEach(each) => format!("foreach x{} {}", each.concurrency, body(&each.body, indent)),
        Kind::Loop(each) => {
            format!(
                "loop until {} is {} {}",
                decider(&each.condition),
                each.ends_on,
                body(&each.body, indent)
            )
        }
        Kind::Map(MapNode::Expression(expression)) => format!("map `{}`", expression.source()),
        Kind::Map(MapNode::Fields(fields)) => {
            format!("map {:?}", fields.iter().map(|(key, _)| key).collect::<Vec<_>>())
        }
        Kind::Sleep(_) => "sleep".to_owned(),
        Kind::Wait(_) => "wait".to_owned(),
        Kind::Try(node) => {
            let (body, catch) = (node.body, node.catch);
            format!("try {}-{} catch {}-{}", body.first, body.last, catch.first, catch.last)
        }
    }
}

fn body(body: &Body, indent: usize) -> String {
    match body {
        Body::One(node) => {
            let Node { id, kind: what, next, within } = node.as_ref();
            assert_eq!((*next, *within), (None, None));
            format!("of one {id}: {}", kind(what, indent))
        }
        Body::Many(scope) => format!("of scope {}\n{}", scope.id, told(scope, indent)),
    }
}

fn check(entries: &str) -> String {
    match steps(entries) {
        Ok(workflow) => told(workflow.top(), 0),
        Err(errors) => panic!("{errors:#?}"),
    }
}

#[test]
fn entries_follow_one_another() {
    insta::assert_snapshot!(check(
        r#"{"then": {@ask}}, {"map": {"to": "input"}}, {"sleep": {"for": "1d"}},
            {"sleepUntil": {"at": "2100-01-01T00:00:00Z"}}"#
    ), @"
    0 ask -> 1: step ask
    1 map-1 -> 2: map `input`
    2 sleep-1 -> 3: sleep
    3 sleepUntil-1: sleep
    ");
}

#[test]
fn blocks_that_do_not_repeat_are_transparent() {
    insta::assert_snapshot!(check(
        r#"{"parallel": {"arms": [{"then": {@ask}}, [{"map": {"to": {"b": "1", "a": "2"}}}, {"then": {@pay}}]]}},
        {"branch": {"mode": "every",
            "arms": [{"when": "true", "do": {"sleep": {"ms": 1}}}, {"when": {@check}, "do": [{"map": {"to": "1"}}, {"map": {"to": "2"}}]}],
            "otherwise": {"try": {"do": {"then": {"id": "try-pay", @pay}}, "catch": {"map": {"to": "input.error"}}}}}}"#
    ), @"
    0 parallel-1 -> 4: parallel [(1, 1), (2, 3)]
    1 ask in 0 Number(0): step ask
    2 map-1 -> 3 in 0 Number(1): map [\"a\", \"b\"]
    3 pay in 0 Number(1): step pay
    4 branch-1: branch Every `true` 5-5, ?6 7-8 else 9-9
    5 sleep-1 in 4 Number(0): sleep
    6 check in 4 Condition(1): step check
    7 map-2 -> 8 in 4 Number(1): map `1`
    8 map-3 in 4 Number(1): map `2`
    9 try-1 in 4 Otherwise: try 10-10 catch 11-11
    10 try-pay in 9 Body: step pay
    11 map-4 in 9 Catch: map `input.error`
    ");
}

#[test]
fn bodies_are_one_step_or_a_scope() {
    insta::assert_snapshot!(check(
        r#"{"foreach": {"concurrency": 4, "do": {"then": {@ask}}}},
        {"foreach": {"id": "each", "do": {"then": {"id": "inner", @ask}}}},
        {"doWhile": {"do": {"workflow": {"id": "sub", "steps": [{"then": {@ask}}]}}, "while": "output.more"}},
        {"doUntil": {"do": [{"then": {@pay}},
            {"doWhile": {"id": "deep", "do": {"map": {"to": "1"}}, "while": "false"}}], "until": {@check}}}"#
    ), @"
    0 ask -> 1: foreach x4 of one ask: step ask
    1 each -> 2: foreach x1 of scope each
      0 inner: step ask
    2 sub -> 3: loop until `output.more` is false of one sub: workflow sub
      0 ask: step ask
    3 doUntil-1: loop until ?4 is true of scope doUntil-1
      0 pay -> 1: step pay
      1 deep: loop until `false` is false of scope deep
        0 map-1: map `1`
    4 check in 3 Condition(0): step check
    ");
}

#[test]
fn the_digest_covers_components_and_survives_a_round_trip() {
    let text =
        r##"{"id": "w", "steps": [{"foreach": {"do": {"then": {"component": "#", "step": "ask"}}}}]}"##;
    let workflow = try_commit(text).unwrap();
    let again = try_commit(workflow.definition().text()).unwrap();
    assert_eq!(workflow.digest(), again.digest());
    let other = text.replace("\"ask\"", "\"pay\"");
    assert_ne!(workflow.digest(), try_commit(&other).unwrap().digest());
}

#[test]
fn retries_come_from_the_entry_the_step_or_the_workflow_around() {
    let workflow = try_commit(
        r##"{"id": "w", "retry": {"retries": 1}, "steps": [
            {"then": {"id": "a", "component": "#", "step": "ask"}},
            {"foreach": {"id": "b",
                "do": [{"then": {"id": "ask", "component": "#", "step": "ask", "retry": {"retries": 2}}}]}},
            {"workflow": {"id": "c", "retry": {"retries": 3},
                "steps": [{"then": {"component": "#", "step": "pay"}}]}}]}"##,
    )
    .unwrap();
    let program = Program::new(Arc::new(workflow));
    let retries = |path: &str| {
        let place = program.place(&Default::default(), &path.parse::<StepPath>().unwrap()).unwrap();
        place.step().unwrap().retry.retries
    };
    assert_eq!([retries("a"), retries("b[0].ask"), retries("c.pay")], [1, 2, 3]);
}

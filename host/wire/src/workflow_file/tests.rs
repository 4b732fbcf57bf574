//! What is said of workflow files: syntax, shape, and the places of problems.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use reentry::core::digest::ComponentDigest;
use reentry::core::step::Descriptor;
use reentry::core::workflow::{ComponentSteps, Contract, Definition, DefinitionError, Workflow};

use super::mistake::{FileProblem, Mistakes};
use super::source::Source;

mod guide;
mod schema;

/// Commits a file. All components have the steps `ask`, `check` and `pay`.
fn commit(file: &str, text: &str) -> Result<Workflow, Mistakes> {
    let source = Source::read(Path::new(file), text.as_bytes())?;
    definition_of(&source.definition)
        .map_err(|problems| source.blame(&problems, &[("c".to_owned(), ComponentDigest::of(b"c"))]))
}

fn definition_of(definition: &Definition<String>) -> Result<Workflow, Vec<DefinitionError>> {
    let digest = |name: String| Ok::<_, ()>(ComponentDigest::of(name.as_bytes()));
    let definition = definition.clone().try_map(&mut { digest }).unwrap();
    Workflow::commit(&definition, &|_| Ok(steps()))
}

fn steps() -> Arc<ComponentSteps> {
    let contract = |id: &str| {
        let descriptor = Descriptor { id: id.to_owned(), ..Descriptor::default() };
        (id.to_owned(), Arc::new(Contract::new(descriptor).unwrap()))
    };
    Arc::new(["ask", "check", "pay"].map(contract).into_iter().collect::<HashMap<_, _>>())
}

fn whole(files: &[Mistakes]) -> String {
    Mistakes::problem(files).message
}

fn said(file: &str, text: &str) -> String {
    match commit(file, text) {
        Ok(workflow) => format!("{} is fine", workflow.id()),
        Err(mistakes) => {
            let told = |problem: FileProblem| format!("{problem}\n{}", problem.excerpt);
            mistakes.problems().into_iter().map(told).collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn broken_json_is_shown_where_it_breaks() {
    insta::assert_snapshot!(said("w.json", "{\"id\": \"w\""), @r#"
    w.json:1:11: the text ends within an object
    {"id": "w"
              ^
    "#);
    insta::assert_snapshot!(said("w.json", "{\"id\": \"w\",\n \"steps\": [,]}\n"), @r#"
    w.json:2:12: expected value
     "steps": [,]}
               ^
    "#);
    insta::assert_snapshot!(said("w.json", "{\"é\": nul}"), @r#"
    w.json:1:10: expected `true`, `false` or `null`
    {"é": nul}
             ^
    "#);
    insta::assert_snapshot!(said("w.json", "{\"id\": \"w\", \"id\": \"v\",\n  \"steps\": [], \"steps\": 1}"), @r#"
    w.json:1:13: the key `id` is there twice
    {"id": "w", "id": "v",
                ^
    w.json:2:16: the key `steps` is there twice
      "steps": [], "steps": 1}
                   ^
    "#);
    insta::assert_snapshot!(said("w.json", ""), @"
    w.json:1:1: the file is empty

    ^
    ");
}

#[test]
fn broken_yaml_is_shown_where_it_breaks() {
    insta::assert_snapshot!(said("w.yaml", "id: w\nsteps: [\n"), @"
    w.yaml:3:1: not valid YAML: while parsing a node, did not find expected node content

    ^
    ");
    insta::assert_snapshot!(said("w.yaml", "id: w\n\tsteps: 1\n"), @"
    w.yaml:1:5: not valid YAML: while scanning a plain scalar, found a tab
    id: w
        ^
    ");
    insta::assert_snapshot!(said("w.yaml", "id: w\nretry: &r {retries: 1}\nsteps:\n- then: {component: c, step: ask, retry: *r}\nid: v\n"), @"
    w.yaml:4:42: aliases are not read: write out what stands at the anchor
    - then: {component: c, step: ask, retry: *r}
                                             ^
    w.yaml:5:1: the key `id` is there twice
    id: v
    ^
    ");
    insta::assert_snapshot!(said("w.yaml", "id: !!str w\n? [a]\n: b\n"), @"
    w.yaml:1:5: tags are not read: leave it out
    id: !!str w
        ^
    w.yaml:2:3: a key has to be a text
    ? [a]
      ^
    ");
    insta::assert_snapshot!(said("w.yaml", "id: w\nsteps:\n- map: {to: '1'}\n---\nid: v\n"), @"
    w.yaml:4:1: a second document begins: a file has one workflow
    ---
    ^
    ");
    insta::assert_snapshot!(said("w.yaml", "timeoutMs: .inf\n"), @"
    w.yaml:1:12: a number has to be finite
    timeoutMs: .inf
               ^
    ");
    insta::assert_snapshot!(said("w.yaml", &format!("{}1", "- ".repeat(200))), @"
    w.yaml:1:255: nested more than 127 levels deep
    …- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -
                                                       ^
    ");
    insta::assert_snapshot!(said("w.yaml", "# nothing\n"), @"
    w.yaml:1:1: the file is empty
    # nothing
    ^
    ");
}

#[test]
fn everything_wrong_with_the_shape_is_shown_at_once() {
    insta::assert_snapshot!(said("w.json", r#"{
  "id": "w!",
  "stepz": [],
  "timeoutMs": 0,
  "retry": {"retries": 2000, "jitter": "much", "delay": 5},
  "steps": [
    {"them": {"component": "c", "step": "ask"}},
    {"then": {"component": "c"}},
    {},
    {"then": {"component": "c", "step": "ask"}, "map": {"to": "1"}},
    {"branch": {"mode": "fist", "arms": [{"when": true, "do": []}]}},
    {"map": {"to": {"a": 1, "b": ["x"]}}},
    {"sleep": {"for": "1d", "ms": 5}},
    {"sleepUntil": {}},
    {"foreach": {"do": 5, "concurrency": 0}},
    "then"
  ]
}"#), @r#"
    w.json:2:9: `w!` cannot be an id: use 1 to 128 letters, digits, `-` and `_`, beginning with a letter or digit
      "id": "w!",
            ^
    w.json:3:3: unknown field `stepz`; did you mean `steps`?
      "stepz": [],
      ^
    w.json:4:16: it is 0, expected at least 1
      "timeoutMs": 0,
                   ^
    w.json:5:24: it is 2000, expected at most 1000
      "retry": {"retries": 2000, "jitter": "much", "delay": 5},
                           ^
    w.json:5:40: expected a number, found the text `much`
      "retry": {"retries": 2000, "jitter": "much", "delay": 5},
                                           ^
    w.json:5:48: unknown field `delay`; did you mean `delayMs`?
      "retry": {"retries": 2000, "jitter": "much", "delay": 5},
                                                   ^
    w.json:7:6: unknown verb `them`; did you mean `then`?
        {"them": {"component": "c", "step": "ask"}},
         ^
    w.json:8:6: the field `step` is missing
        {"then": {"component": "c"}},
         ^
    w.json:9:5: an entry needs a verb: one of `ask`, `branch`, `doUntil`, `doWhile`, `event`, `foreach`, `map`, `parallel`, `sleep`, `sleepUntil`, `then`, `try`, `workflow`
        {},
        ^
    w.json:10:5: an entry has one verb, this has `then`, `map`
        {"then": {"component": "c", "step": "ask"}, "map": {"to": "1"}},
        ^
    w.json:11:25: it is `fist`, expected one of `every`, `first`
        {"branch": {"mode": "fist", "arms": [{"when": true, "do": []}]}},
                            ^
    w.json:11:51: expected a step, which is an object, or an expression, which is a text, found `true`; put it in quotes to make it one
        {"branch": {"mode": "fist", "arms": [{"when": true, "do": []}]}},
                                                      ^
    w.json:11:63: it is empty: give at least one
    …": {"mode": "fist", "arms": [{"when": true, "do": []}]}},
                                                       ^
    w.json:12:26: expected an expression, which is a text, found `1`; put it in quotes to make it one
        {"map": {"to": {"a": 1, "b": ["x"]}}},
                             ^
    w.json:12:34: expected an expression, which is a text, found an array
        {"map": {"to": {"a": 1, "b": ["x"]}}},
                                     ^
    w.json:13:6: give exactly one of `ms`, `for`, `expr`
        {"sleep": {"for": "1d", "ms": 5}},
         ^
    w.json:14:6: give exactly one of `at`, `expr`
        {"sleepUntil": {}},
         ^
    w.json:15:24: expected an entry, which is an object with a verb, found `5`
        {"foreach": {"do": 5, "concurrency": 0}},
                           ^
    w.json:15:42: it is 0, expected at least 1
        {"foreach": {"do": 5, "concurrency": 0}},
                                             ^
    w.json:16:5: expected an entry, which is an object with a verb, found the text `then`
        "then"
        ^
    "#);
}

#[test]
fn problems_of_the_definition_are_shown_in_their_texts() {
    insta::assert_snapshot!(said("w.json", r#"{"id": "w", "steps": [
    {"then": {"component": "c", "step": "aks", "retry": {"backoff": 1}}},
    {"map": {"to": "steps.\u0061\u0073k.amount \u003e 1 && \"\ud83d\ude00\" == nope"}},
    {"map": {"id": "map-1", "to": {"sum": "1 +", "total": "steps.missing"}}},
    {"foreach": {"do": [{"branch": {"mode": "first", "arms": [
        {"when": "item.ok ==", "do": {"then": {"id": "x", "component": "c", "step": "pay"}}}]}}]}},
    {"sleep": {"for": "soon"}},
    {"try": {"do": [{"then": {"component": "c", "step": "ask"}}], "catch": {"map": {"to": "outputs"}}}}
]}"#), @r#"
    w.json:2:41: entry `aks`: component `c` has no step `aks`; it has: ask, check, pay
        {"then": {"component": "c", "step": "aks", "retry": {"backoff": 1}}},
                                            ^
    w.json:3:80: entry `map-2`: `nope` is not known here; there are: input, init, state, context, steps, run, now
    …061\u0073k.amount \u003e 1 && \"\ud83d\ude00\" == nope"}},
                                                       ^
    w.json:4:47: entry `map-1`: expected an expression, found the end
        {"map": {"id": "map-1", "to": {"sum": "1 +", "total": "steps.missing"}}},
                                                  ^
    w.json:4:66: entry `map-1`: there is no entry `missing` that is finished by then; those that are: map-2, aks
    …d": "map-1", "to": {"sum": "1 +", "total": "steps.missing"}}},
                                                       ^
    w.json:6:29: entry `foreach-1.branch-1`: expected an expression, found the end
            {"when": "item.ok ==", "do": {"then": {"id": "x", "component": "c", "step": "pay"}}}]}}]}},
                                ^
    w.json:7:23: entry `sleep-1`: `soon` is no length of time: expected one such as `30d`, `1h 30m` or `P1DT12H`, or milliseconds
        {"sleep": {"for": "soon"}},
                          ^
    w.json:8:92: entry `map-4`: `outputs` is not known here; there are: input, init, state, context, steps, run, now, error
    …: "c", "step": "ask"}}], "catch": {"map": {"to": "outputs"}}}}
                                                       ^
    "#);
    insta::assert_snapshot!(said("w.yaml", "\
id: w
steps:
  - map:
      to: input.a + inputt.b
  - map:
      to: 'input[''a''] + inputt.b'
  - map:
      to: \"input[\\\"é\\\"] + inputt.b\"
  - map:
      to: >
        input.a +
        inputt.b
  - map:
      to: |
        input.a
          + inputt.b
  - map:
      to: input.a
        + inputt.b
  - parallel:
      arms:
        - - then: {component: c, step: pya}
        - then: {component: c, step: ask, timeoutMs: 007}
"), @r#"
    w.yaml:4:21: entry `map-1`: `inputt` is not known here; there are: input, init, state, context, steps, run, now
          to: input.a + inputt.b
                        ^
    w.yaml:6:27: entry `map-2`: `inputt` is not known here; there are: input, init, state, context, steps, run, now
          to: 'input[''a''] + inputt.b'
                              ^
    w.yaml:8:27: entry `map-3`: `inputt` is not known here; there are: input, init, state, context, steps, run, now
          to: "input[\"é\"] + inputt.b"
                              ^
    w.yaml:12:9: entry `map-4`: `inputt` is not known here; there are: input, init, state, context, steps, run, now
            inputt.b
            ^
    w.yaml:16:13: entry `map-5`: `inputt` is not known here; there are: input, init, state, context, steps, run, now
              + inputt.b
                ^
    w.yaml:19:11: entry `map-6`: `inputt` is not known here; there are: input, init, state, context, steps, run, now
            + inputt.b
              ^
    w.yaml:22:40: entry `pya`: component `c` has no step `pya`; it has: ask, check, pay
            - - then: {component: c, step: pya}
                                           ^
    "#);
}

#[test]
fn yaml_says_the_same_as_json() {
    let json = r#"{"id": "w", "title": "5", "retry": {"retries": 8, "backoff": 1.50, "delayMs": 31}, "steps": [
        {"then": {"component": "c", "step": "ask"}},
        {"doWhile": {"do": {"map": {"to": {"on": "input.n + 1", "null": "null"}}}, "while": "output.on < 3"}}]}"#;
    let yaml = "%YAML 1.2\n---\nid: w\ntitle: '5'\nretry: {retries: 0o10, backoff: +01.50, delayMs: 0x1F}\nsteps:\n\
        - then:\n    component: c\n    step: ask\n\
        - doWhile:\n    do:\n      - map:\n          to:\n            on: input.n + 1\n            null: \"null\"\n    while: |-\n      output.on < 3\n";
    let commit = |file, text| commit(file, text).map_err(|mistakes| whole(&[mistakes])).unwrap();
    assert_eq!(commit("w.json", json).definition(), commit("w.yaml", yaml).definition());
    // Which of the two it is is seen from the ending, or else from the text.
    assert_eq!(said("w", json), "w is fine");
    assert_eq!(said("w.flow", yaml), "w is fine");
    assert_eq!(said("w.json", &format!("\u{feff}{json}")), "w is fine");
    assert_eq!(
        said(
            "w.yml",
            &yaml.replace('\n', "\r\n").replace("|-\r\n      output.on < 3\r\n", "output.on < 3\r\n")
        ),
        "w is fine"
    );
}

#[test]
fn places_are_right_behind_windows_line_ends() {
    insta::assert_snapshot!(said("w.yaml", "id: w\r\nsteps:\r\n  - map: {to: é + 1}\r\n  - map: {to: inputt}\r\n").replace('\r', "␍"), @"
    w.yaml:3:15: entry `map-1`: `é` means nothing here
      - map: {to: é + 1}
                  ^
    w.yaml:4:15: entry `map-2`: `inputt` is not known here; there are: input, init, state, context, steps, run, now
      - map: {to: inputt}
                  ^
    ");
}

#[test]
fn what_the_schema_lets_pass_is_still_shown_with_its_place() {
    insta::assert_snapshot!(said("w.json", "{\"id\": \"w\", \"steps\": [\n  {\"foreach\": {\"concurrency\": 2.0, \"do\": {\"map\": {\"to\": \"1\"}}}}]}"), @r#"
    w.json:2:31: invalid type: floating point `2.0`, expected a whole number of 32 bits
      {"foreach": {"concurrency": 2.0, "do": {"map": {"to": "1"}}}}]}
                                  ^
    "#);
    insta::assert_snapshot!(said("w.json", "{\"id\": \"w\", \"timeoutMs\": 99999999999999999999, \"steps\": [{\"map\": {\"to\": \"1\"}}]}"), @r#"
    w.json:1:26: invalid type: floating point `1e+20`, expected a whole number of 64 bits
    {"id": "w", "timeoutMs": 99999999999999999999, "steps": [{"map": {"to": "1"}}]}
                             ^
    "#);
}

#[test]
fn what_is_no_text_is_no_workflow() {
    let mistakes = Source::read(Path::new("w"), b"id: \xff").unwrap_err();
    assert_eq!(whole(&[mistakes]), "w:1:5: the file is neither WebAssembly nor text in UTF-8");
}

#[test]
fn several_mistakes_are_one_error() {
    let mistakes = commit("w.yaml", "id: 5\nsteps: 5\n").unwrap_err();
    assert_eq!(mistakes.count(), 2);
    let problem = Mistakes::problem(&[mistakes]);
    assert_eq!(problem.message, "w.yaml has 2 mistakes");
    insta::assert_snapshot!(serde_json::to_string(&problem.details).unwrap(), @r#"{"problems":[{"column":5,"file":"w.yaml","line":1,"problem":"expected a text, found `5`; put it in quotes to make it one"},{"column":8,"file":"w.yaml","line":2,"problem":"expected an array, found `5`"}]}"#);
    let one = commit("w.yaml", "id: w\nsteps: 5\n").unwrap_err();
    assert_eq!(whole(&[one]), "w.yaml:2:8: expected an array, found `5`");
}

#[test]
fn questions_without_a_schema_are_no_mistake_but_pointed_at() {
    let text = "\
id: w
steps:
  - ask: {id: typed, answer: {type: boolean}}
  - workflow:
      id: inner
      steps:
        - foreach:
            do:
              ask: {id: open}
";
    assert_eq!(said("w.yaml", text), "w is fine");
    let hints = Source::read(Path::new("w.yaml"), text.as_bytes()).unwrap().hints();
    insta::assert_snapshot!(
        whole(&[hints]),
        @"w.yaml:9:15: entry `open`: it takes any JSON as its answer; `answer`, a JSON Schema, has answers checked"
    );
}

//! Variables, steps and functions are known before an expression is evaluated.

use super::*;

const ALLOWED: [&str; 3] = ["input", "steps", "now"];

fn compiled(source: &str) -> String {
    match Expression::compile_with(source, &ALLOWED) {
        Ok(expression) => {
            let list = |names: Vec<&str>| names.join(" ");
            let variables = list(expression.variables().iter().map(String::as_str).collect());
            format!("{variables} / {}", list(expression.step_references().collect()))
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn variables_and_steps_are_listed() {
    let rows = [
        ("1 + 2", " / "),
        ("input.a && now > timestamp(input.b)", "input now / "),
        ("steps.check.ok && has(steps.pay.id) && steps[\"ship-it\"] != null", "steps / check pay ship-it"),
        ("has(steps.check)", "steps / check"),
        ("steps.b + steps.a + steps.b", "steps / a b"),
        // Variables of macros are not of the scope, whatever they are called.
        ("input.all(i, i > 0)", "input / "),
        ("[1].map(steps, steps.x)", " / "),
        ("[1].map(other, [other].map(input, input))", " / "),
        ("[1].map(x, x) + [input.x]", "input / "),
        ("[1].exists(x, [x].exists(y, y == input.x))", "input / "),
        // Types are not variables.
        ("type(input.a) == int", "input / "),
    ];
    for (source, expected) in rows {
        assert_eq!(compiled(source), expected, "{source}");
    }
}

#[test]
fn a_name_that_is_not_known_is_named_with_those_that_are() {
    let rows = [
        ("inputs.a", "`inputs.a`: `inputs` is not known here; there are: input, steps, now at 1:1"),
        (
            "input.a.map(x, y)",
            "`input.a.map(x, y)`: `y` is not known here; there are: input, steps, now at 1:16",
        ),
        (
            "[1].map(x, x) == x",
            "`[1].map(x, x) == x`: `x` is not known here; there are: input, steps, now at 1:18",
        ),
        ("x.map(x, x)", "`x.map(x, x)`: `x` is not known here; there are: input, steps, now at 1:1"),
        ("steps", "`steps`: name the step: steps.NAME, or steps[\"NAME\"] at 1:1"),
        ("steps[input.name]", "`steps[input.name]`: name the step: steps.NAME, or steps[\"NAME\"] at 1:1"),
        ("steps['a' + 'b']", "`steps['a' + 'b']`: name the step: steps.NAME, or steps[\"NAME\"] at 1:1"),
        ("steps.size()", "`steps.size()`: name the step: steps.NAME, or steps[\"NAME\"] at 1:1"),
        ("'a' in steps", "`'a' in steps`: name the step: steps.NAME, or steps[\"NAME\"] at 1:8"),
        ("size(steps)", "`size(steps)`: name the step: steps.NAME, or steps[\"NAME\"] at 1:6"),
    ];
    for (source, expected) in rows {
        assert_eq!(compiled(source), expected, "{source}");
    }
    let error = Expression::compile_with("a", &[]).unwrap_err().to_string();
    assert_eq!(error, "`a`: `a` is not known here: there are no variables at 1:1");
}

#[test]
fn a_function_that_is_not_known_is_named_with_those_that_are() {
    insta::assert_snapshot!(compiled("sized(input)"), @"`sized(input)`: there is no function `sized`; there are: has, bool, bytes, double, duration, dyn, int, matches, size, string, timestamp, type, uint at 1:1");
    insta::assert_snapshot!(compiled("input.upper()"), @"`input.upper()`: there is no function `upper`; a value has: all, exists, exists_one, filter, map, contains, endsWith, getDate, getDayOfMonth, getDayOfWeek, getDayOfYear, getFullYear, getHours, getMilliseconds, getMinutes, getMonth, getSeconds, join, lowerAscii, matches, replace, size, split, startsWith, substring, trim, upperAscii at 1:7");
    let rows = [
        (
            "startsWith('a', 'b')",
            "`startsWith('a', 'b')`: `startsWith` is called as `value.startsWith(…)` at 1:1",
        ),
        ("input.int()", "`input.int()`: `int` is called as `int(value)` at 1:7"),
        (
            "all(input, x, x)",
            "`all(input, x, x)`: `x` is not known here; there are: input, steps, now at 1:12",
        ),
        ("map(input)", "`map(input)`: `map` is called as `value.map(…)` at 1:1"),
        ("'a'.contains()", "`'a'.contains()`: `contains` takes 1 arguments, found 0 at 1:5"),
        ("'a'.split()", "`'a'.split()`: `split` takes 1 to 2 arguments, found 0 at 1:5"),
        ("size()", "`size()`: `size` takes 1 arguments, found 0 at 1:1"),
        ("input.has(a)", "`input.has(a)`: `a` is not known here; there are: input, steps, now at 1:11"),
        (
            "has(input)",
            "`has(input)`: `has` takes one argument with a dot in it, as in `has(input.name)` at 1:1",
        ),
        (
            "has(input.a, input.b)",
            "`has(input.a, input.b)`: `has` takes one argument with a dot in it, as in `has(input.name)` at 1:1",
        ),
        (
            "has(input['a'])",
            "`has(input['a'])`: `has` takes one argument with a dot in it, as in `has(input.name)` at 1:1",
        ),
        ("input.a.matches('(')", "`input.a.matches('(')`: not a usable pattern: unclosed group at 1:17"),
        (
            "input.a.matches('(?=a)')",
            "`input.a.matches('(?=a)')`: not a usable pattern: look-around, including look-ahead and look-behind, is not supported at 1:17",
        ),
        (
            "input.a.matches('(a{1000}){1000}')",
            "`input.a.matches('(a{1000}){1000}')`: not a usable pattern: it stands for too many states at 1:17",
        ),
    ];
    for (source, expected) in rows {
        assert_eq!(compiled(source), expected, "{source}");
    }
}

#[test]
fn a_scope_may_lack_what_an_expression_may_read() {
    let expression = Expression::compile_with("false && now > now || 1 == 1", &ALLOWED).unwrap();
    assert!(expression.evaluate_bool(&Scope::new()).unwrap());
}

#[test]
fn the_later_of_two_variables_of_one_name_counts() {
    let (one, two) = (Json::parse("1").unwrap(), serde_json::json!([2]));
    assert_eq!(given("a", &Scope::new().json("a", &one).value("a", &two)), "[2]");
    assert_eq!(given("int", &Scope::new().int("int", 1)), "`int`: the type int has no form in JSON at 1:1");
    let allowed = Expression::compile_with("int + 1", &["int"]).unwrap();
    assert_eq!(allowed.evaluate_json(&Scope::new().int("int", 1)).unwrap().text(), "2");
}

#[test]
fn an_expression_is_its_source() {
    let expression = Expression::compile("input.a  > 1").unwrap();
    assert_eq!(serde_json::to_string(&expression).unwrap(), r#""input.a  > 1""#);
    assert_eq!(serde_json::from_str::<Expression>(r#""input.a  > 1""#).unwrap(), expression);
    assert_ne!(Expression::compile("input.a > 1").unwrap(), expression);
    assert_eq!(format!("{expression:?} {expression}"), r#"Expression("input.a  > 1") input.a  > 1"#);
    let error = serde_json::from_str::<Expression>(r#""input.""#).unwrap_err().to_string();
    assert_eq!(error, "`input.`: expected a name, found the end at 1:7");
}

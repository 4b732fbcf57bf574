//! Expressions that have no value, and what is said about them: the sub-expression, the reason, the place.

use super::*;

#[test]
fn names_keys_and_elements() {
    check(&[
        (
            "input.nothing",
            r#"`input.nothing`: no such key: "nothing"; ask with has(…) first when it may be missing at 1:1"#,
        ),
        (
            "input.amount > 1 &&\n  input.address.street == 'x'",
            r#"`input.address.street`: no such key: "street"; ask with has(…) first when it may be missing at 2:3"#,
        ),
        ("1 + output", "`output`: `output` is not known here at 1:5"),
        (
            "steps.other",
            r#"`steps.other`: no such key: "other"; ask with has(…) first when it may be missing at 1:1"#,
        ),
        ("input.tags[2]", "`input.tags[2]`: no element 2 in a list of 2 at 1:1"),
        ("input.tags[-1]", "`input.tags[-1]`: no element -1 in a list of 2 at 1:1"),
        (
            "{'a': 1}['b']",
            r#"`{'a': 1}['b']`: no such key: "b"; ask with has(…) first when it may be missing at 1:1"#,
        ),
        ("{1: 1}[2]", "`{1: 1}[2]`: no such key: 2; ask with has(…) first when it may be missing at 1:1"),
        ("input[null]", "`null`: expected bool, int, uint or string as key, found null_type at 1:7"),
        ("{'a': 1, 'a': 2}", r#"`'a'`: the key "a" is there twice at 1:10"#),
        ("{1: 1, 1u: 2}", "`1u`: the key 1 is there twice at 1:8"),
    ]);
}

#[test]
fn wrong_types() {
    check(&[
        ("input.amount.size", "`input.amount`: expected map, found int at 1:1"),
        ("input.none.x", "`input.none`: expected map, found null_type at 1:1"),
        ("has(input.id.x)", "`input.id`: expected map, found string at 1:5"),
        ("input.tags['a']", "`'a'`: expected int as index, found string at 1:12"),
        ("input.tags[0.5]", "`0.5`: expected int as index, found double at 1:12"),
        ("input.amount[0]", "`input.amount`: expected list or map, found int at 1:1"),
        ("!input.amount", "`input.amount`: expected bool, found int at 1:2"),
        ("!!1", "`1`: expected bool, found int at 1:3"),
        ("-'a'", "`-'a'`: expected int or double, found string at 1:1"),
        ("-1u", "`-1u`: expected int or double, found uint at 1:1"),
        ("input.name && true", "`input.name`: expected bool, found string at 1:1"),
        ("false || 'x'", "`'x'`: expected bool, found string at 1:10"),
        ("1 ? 2 : 3", "`1`: expected bool, found int at 1:1"),
        (
            "input.amount * input.price",
            "`input.amount * input.price`: expected two numbers of one type for `*` (convert with double(…) or int(…)), \
             found int and double at 1:1",
        ),
        (
            "1 + 1u",
            "`1 + 1u`: expected two numbers of one type for `+` (convert with double(…) or int(…)), found int and uint at 1:1",
        ),
        ("5.0 % 2.0", "`5.0 % 2.0`: expected two int or two uint for `%`, found double and double at 1:1"),
        ("(1 + 'a')", "`(1 + 'a')`: expected two values that `+` can take, found int and string at 1:1"),
        ("{} - {}", "`{} - {}`: expected two values that `-` can take, found map and map at 1:1"),
        ("1 < 'a'", "`1 < 'a'`: expected two values that `<` can compare, found int and string at 1:1"),
        (
            "1 < double('NaN')",
            "`1 < double('NaN')`: expected two values that `<` can compare, found int and NaN at 1:1",
        ),
        ("[1] >= [0]", "`[1] >= [0]`: expected two values that `>=` can compare, found list and list at 1:1"),
        ("null < 1", "`null < 1`: expected two values that `<` can compare, found null_type and int at 1:1"),
        ("'a' in 'abc'", "`'abc'`: expected list or map, found string at 1:8"),
        ("input.amount.map(x, x)", "`input.amount`: expected list or map, found int at 1:1"),
        ("input.tags.filter(t, t)", "`t`: expected bool, found string at 1:22"),
        ("[1, 0].all(x, x)", "`x`: expected bool, found int at 1:15"),
        ("[0, 1].exists_one(x, 1 / x == 1)", "`1 / x`: divided by zero at 1:22"),
        ("[] in {}", "`[]`: expected bool, int, uint or string as key, found list at 1:1"),
        ("{1.0: 2}", "`1.0`: expected bool, int, uint or string as key, found double at 1:2"),
        ("size(1)", "`1`: expected string, bytes, list or map, found int at 1:6"),
        ("input.amount.startsWith('2')", "`input.amount`: expected string, found int at 1:1"),
        ("'a'.contains(1)", "`1`: expected string, found int at 1:14"),
        ("'a'.matches(1)", "`1`: expected string, found int at 1:13"),
        ("'a'.split(',', 'x')", "`'x'`: expected int, found string at 1:16"),
        ("[1].join(',')", "`[1]`: expected a list of string, found int at 1:1"),
        ("'a'.join()", "`'a'`: expected list, found string at 1:1"),
        (
            "string(input.tags)",
            "`string(input.tags)`: expected a value that is not a list, map or null, found list at 1:1",
        ),
        ("int(true)", "`int(true)`: expected int, uint, double, string or timestamp, found bool at 1:1"),
        ("input.at.getHours()", "`input.at`: expected timestamp or duration, found string at 1:1"),
        ("duration('1h').getFullYear()", "`duration('1h')`: expected timestamp, found duration at 1:1"),
        (
            "now + now",
            "`now + now`: expected two values that `+` can take, found timestamp and timestamp at 1:1",
        ),
    ]);
}

#[test]
fn ranges_and_conversions() {
    check(&[
        ("input.amount / 0", "`input.amount / 0`: divided by zero at 1:1"),
        ("1u % 0u", "`1u % 0u`: divided by zero at 1:1"),
        ("1.0 / 0.0", "`1.0 / 0.0`: inf has no form in JSON at 1:1"),
        ("9223372036854775807 + 1", "`9223372036854775807 + 1`: out of the range of int at 1:1"),
        ("-9223372036854775808 / -1", "`-9223372036854775808 / -1`: out of the range of int at 1:1"),
        ("-9223372036854775808 % -1", "`-9223372036854775808 % -1`: out of the range of int at 1:1"),
        ("-(-9223372036854775808)", "`-(-9223372036854775808)`: out of the range of int at 1:1"),
        ("0u - 1u", "`0u - 1u`: out of the range of uint at 1:1"),
        ("input.big * 2u", "`input.big * 2u`: out of the range of uint at 1:1"),
        ("int(input.big)", "`int(input.big)`: out of the range of int at 1:1"),
        ("int(1e19)", "`int(1e19)`: out of the range of int at 1:1"),
        ("int(double('NaN'))", "`int(double('NaN'))`: out of the range of int at 1:1"),
        ("uint(-0.25)", "`uint(-0.25)`: out of the range of uint at 1:1"),
        ("uint(-1)", "`uint(-1)`: out of the range of uint at 1:1"),
        ("int('1.5')", r#"`int('1.5')`: cannot read "1.5" as int at 1:1"#),
        ("uint('-1')", r#"`uint('-1')`: cannot read "-1" as uint at 1:1"#),
        ("double('x')", r#"`double('x')`: cannot read "x" as double at 1:1"#),
        ("bool('yes')", r#"`bool('yes')`: cannot read "yes" as bool at 1:1"#),
        (r"string(b'\xff')", r"`string(b'\xff')`: cannot read bytes that are not UTF-8 as string at 1:1"),
        (
            "timestamp('31.1.2026')",
            r#"`timestamp('31.1.2026')`: cannot read "31.1.2026" as timestamp (as in 2026-01-31T12:00:00Z) at 1:1"#,
        ),
        (
            "timestamp('2026-01-31T12:00Z')",
            r#"`timestamp('2026-01-31T12:00Z')`: cannot read "2026-01-31T12:00Z" as timestamp (as in 2026-01-31T12:00:00Z) at 1:1"#,
        ),
        ("timestamp(300000000000)", "`timestamp(300000000000)`: out of the range of timestamp at 1:1"),
        (
            "now + duration('80000000h')",
            "`now + duration('80000000h')`: out of the range of timestamp at 1:1",
        ),
        (
            "duration('3 days')",
            r#"`duration('3 days')`: cannot read "3 days" as duration (as in 30m or 1h30m) at 1:1"#,
        ),
        ("duration('')", r#"`duration('')`: cannot read "" as duration (as in 30m or 1h30m) at 1:1"#),
        (
            "duration('99999999h')",
            r#"`duration('99999999h')`: cannot read "99999999h" as duration (as in 30m or 1h30m) at 1:1"#,
        ),
        (
            "now.getHours('Mars/Base')",
            r#"`'Mars/Base'`: cannot read "Mars/Base" as time zone (as in UTC, Europe/Berlin or +02:00) at 1:14"#,
        ),
        (
            "now.getHours('+25:00')",
            r#"`'+25:00'`: cannot read "+25:00" as time zone (as in UTC, Europe/Berlin or +02:00) at 1:14"#,
        ),
        ("'abc'.substring(4)", "`4`: out of the range of the text at 1:17"),
        ("'abc'.substring(2, 1)", "`1`: out of the range of the text at 1:20"),
        ("'abc'.substring(-1)", "`-1`: out of the range of the text at 1:17"),
        ("'a'.matches('(' + input.id)", "`'(' + input.id`: not a usable pattern: unclosed group at 1:13"),
        ("double('Infinity')", "`double('Infinity')`: inf has no form in JSON at 1:1"),
        ("[type(1)]", "`[type(1)]`: the type int has no form in JSON at 1:1"),
        (
            "{'1': 'a', 1: 'b'}",
            r#"`{'1': 'a', 1: 'b'}`: the keys 1 and "1" of a map are the same in JSON, whose keys are text at 1:1"#,
        ),
        (
            "[{'a': {1u: 0, '0': 0, '1': 0}}]",
            r#"`[{'a': {1u: 0, '0': 0, '1': 0}}]`: the keys 1 and "1" of a map are the same in JSON, whose keys are text at 1:1"#,
        ),
        (
            "{true: 1, 'true': 2}",
            r#"`{true: 1, 'true': 2}`: the keys true and "true" of a map are the same in JSON, whose keys are text at 1:1"#,
        ),
    ]);
}

#[test]
fn a_condition_that_is_no_bool_says_what_it_is() {
    let input = Json::parse(DOCUMENT).unwrap();
    let error = Expression::compile("input.name")
        .unwrap()
        .evaluate_bool(&Scope::new().json("input", &input))
        .unwrap_err();
    assert_eq!(error.to_string(), "`input.name`: expected bool, found string at 1:1");
    let kind = EvaluationErrorKind::Type { expected: "bool".to_owned(), found: "string".to_owned() };
    assert_eq!((error.kind, error.span), (kind, 0..10));
}

#[test]
fn what_json_lets_in_and_no_value_can_hold_is_said() {
    let input = Json::stored(r#"{"far": 1e999, "half": "\ud800"}"#).unwrap();
    let scope = Scope::new().json("input", &input);
    assert_eq!(given("input.far + 1.0", &scope), "`input.far`: cannot read 1e999 as a value at 1:1");
    assert_eq!(given("size(input.half)", &scope), r#"`input.half`: cannot read "\ud800" as a value at 1:6"#);
    assert_eq!(given("[input.far, input.half]", &scope), r#"[1e999,"\ud800"]"#, "passed on");
}

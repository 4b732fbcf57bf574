//! Texts that are no expressions, and where they stop being one.

use super::*;

#[track_caller]
fn check(rows: &[(&str, &str)]) {
    for (source, expected) in rows {
        let found =
            Expression::compile(source).map_or_else(|error| error.to_string(), |_| "compiled".to_owned());
        assert_eq!(found, *expected, "{source}");
    }
}

#[test]
fn what_is_missing_is_named() {
    check(&[
        ("", "``: expected an expression, found the end at 1:1"),
        ("  // nothing", "`// nothing`: expected an expression, found the end at 1:13"),
        ("a +", "`a +`: expected an expression, found the end at 1:4"),
        ("a + * b", "`a + * b`: expected an expression, found `*` at 1:5"),
        ("(a", "`(a`: expected `)`, found the end at 1:3"),
        ("a)", "`a)`: expected an operator or the end, found `)` at 1:2"),
        ("[1, 2", "`[1, 2`: expected `]`, found the end at 1:6"),
        ("[,]", "`[,]`: expected an expression, found `,` at 1:2"),
        ("f(1,)", "`f(1,)`: expected an expression, found `)` at 1:5"),
        ("{'a' 1}", "`{'a' 1}`: expected `:`, found `1` at 1:6"),
        ("{'a': 1 'b': 2}", "`{'a': 1 'b': 2}`: expected `}`, found `'b'` at 1:9"),
        ("a b", "`a b`: expected an operator or the end, found `b` at 1:3"),
        ("a ? b", "`a ? b`: expected `:`, found the end at 1:6"),
        ("a.", "`a.`: expected a name, found the end at 1:3"),
        ("a.1", "`a.1`: expected an operator or the end, found `.1` at 1:2"),
        ("a.in", "`a.in`: expected a name, found `in` at 1:3"),
        (
            "a.map(1, x)",
            "`a.map(1, x)`: a macro takes a name, a comma and an expression, as in `list.filter(x, x > 1)` at 1:7",
        ),
        (
            "a.map(x)",
            "`a.map(x)`: a macro takes a name, a comma and an expression, as in `list.filter(x, x > 1)` at 1:8",
        ),
        ("a.filter(x, x, x)", "`a.filter(x, x, x)`: expected `)`, found `,` at 1:14"),
        ("a.map(x, x, x, x)", "`a.map(x, x, x, x)`: expected `)`, found `,` at 1:14"),
        ("1 +\n\n  ]", "`1 + ]`: expected an expression, found `]` at 3:3"),
        ("'é' + ]", "`'é' + ]`: expected an expression, found `]` at 1:7"),
    ]);
}

#[test]
fn words_that_are_none() {
    check(&[
        ("a = b", "`a = b`: `=` means nothing here: two values are compared with `==` at 1:3"),
        ("a & b", "`a & b`: `&` means nothing here: and is written `&&` at 1:3"),
        ("a | b", "`a | b`: `|` means nothing here: or is written `||` at 1:3"),
        ("a § b", "`a § b`: `§` means nothing here at 1:3"),
        ("@a", "`@a`: `@` means nothing here at 1:1"),
        ("a.`b`", "`a.`b``: ``` means nothing here at 1:3"),
        ("if", "`if`: `if` is a reserved word and cannot name a variable at 1:1"),
        ("a.if", "compiled"),
        ("'abc", "`'abc`: this text has no end: expected ' at 1:1"),
        ("'a\nb'", "`'a b'`: this text has no end: expected ' at 1:1"),
        ("'''a'", "`'''a'`: this text has no end: expected ''' at 1:1"),
        (r"'a\qb'", r"`'a\qb'`: `\q` is not an escape; a backslash is written `\\` at 1:3"),
        (r"'\u12'", r"`'\u12'`: `\u` is not an escape; a backslash is written `\\` at 1:2"),
        (r"'\ud800'", r"`'\ud800'`: `\u` is not an escape; a backslash is written `\\` at 1:2"),
        (r"b'\u0041'", r"`b'\u0041'`: `\u` is not an escape; a backslash is written `\\` at 1:3"),
        (r"'\400'", r"`'\400'`: `\4` is not an escape; a backslash is written `\\` at 1:2"),
        (
            "9223372036854775808",
            "`9223372036854775808`: this number is out of the range of int; a uint is written with a `u` behind it at 1:1",
        ),
        (
            "-9223372036854775809",
            "`-9223372036854775809`: this number is out of the range of int; a uint is written with a `u` behind it at 1:1",
        ),
        ("99999999999999999999", "`99999999999999999999`: this number is out of the range of int at 1:1"),
        ("1e999", "`1e999`: this number is out of the range of double at 1:1"),
        (
            "Point{x: 1}",
            "`Point{x: 1}`: `Point{…}` would be a message: write a map, as in {'key': value} at 1:1",
        ),
        ("a.?b", "`a.?b`: expected a name, found `?` at 1:3"),
    ]);
}

#[test]
fn an_error_says_which_bytes() {
    let error = Expression::compile("'é' +\n wrong(1)").unwrap_err();
    assert_eq!((error.span.clone(), error.place), (8..13, Place { line: 2, column: 2 }));
}

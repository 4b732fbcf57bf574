//! Every operator, macro and function, with values.

use super::check;

#[test]
fn literals() {
    check(&[
        ("null", "null"),
        ("true", "true"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("0x1F", "31"),
        ("-0x10", "-16"),
        ("18446744073709551615u", "18446744073709551615"),
        ("1.0", "1.0"),
        (".5", "0.5"),
        ("1e3", "1000.0"),
        ("-2.5e-1", "-0.25"),
        ("'a\"b'", r#""a\"b""#),
        (r#""a\tb\u00e9\U0001F600\x41\101""#, "\"a\\tbé😀AA\""),
        (r"r'a\d'", r#""a\\d""#),
        ("'''a\nb'c'''", r#""a\nb'c""#),
        (r"b'\xff\000a'", r#""/wBh""#),
        ("b'é'", r#""w6k=""#),
        ("Br'\\n'", r#""XG4=""#),
        ("[1, 'two', [3.0], ]", r#"[1,"two",[3.0]]"#),
        ("{'b': 1, 'a': {1: 2, true: 3u}, }", r#"{"a":{"true":3,"1":2},"b":1}"#),
        ("[]", "[]"),
        ("{}", "{}"),
        ("1 // one\n + 2", "3"),
    ]);
}

#[test]
fn documents_are_read_and_passed_on() {
    check(&[
        ("input.amount", "250"),
        ("input['amount']", "250"),
        ("input.address.geo.lat", "46.948"),
        ("input.address['zip code']", r#""3000""#),
        ("input.tags[1]", r#""green""#),
        ("input.tags[1u]", r#""green""#),
        ("input.tags[1.0]", r#""green""#),
        ("input.items[0].sku", r#""a""#),
        // What is only passed on keeps its text.
        ("input.price", "1.50"),
        ("{'n': input.huge, 'p': input.price}", r#"{"n":123456789012345678901234567890,"p":1.50}"#),
        ("input.raw", r#"[ 1.50,  {"x":1e2} ]"#),
        ("input.raw.map(x, x)", r#"[1.50,{"x":1e2}]"#),
        ("[input.raw[1]] + input.raw", r#"[{"x":1e2},1.50,{"x":1e2}]"#),
        ("true ? input.price : 0.0", "1.50"),
        ("dyn(input.price)", "1.50"),
        // What is computed does not.
        ("input.price + 0.0", "1.5"),
        ("input.name", r#""Zoë \"Z\" K.""#),
        ("input.none", "null"),
        ("state.list", r#"[1,"two"]"#),
        ("state.count + 1", "4"),
        ("steps.check.approved", "true"),
        ("steps['ship-it']", r#""sent""#),
        ("iteration + 1", "3"),
    ]);
}

#[test]
fn arithmetic() {
    check(&[
        ("1 + 2 * 3 - 4", "3"),
        ("(1 + 2) * 3", "9"),
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("7 % 3", "1"),
        ("-7 % 3", "-1"),
        ("7u / 2u", "3"),
        ("7u % 4u", "3"),
        ("2u * 3u - 1u + 4u", "9"),
        ("7.0 / 2.0", "3.5"),
        ("1.5 + 1.5 - 1.0 * 2.0", "1.0"),
        ("-input.amount", "-250"),
        ("-(input.price)", "-1.5"),
        ("--1", "1"),
        ("1 - -1", "2"),
        ("'a' + 'b'", r#""ab""#),
        ("b'a' + b'b'", r#""YWI=""#),
        ("[1] + [2, 3]", "[1,2,3]"),
        ("double(input.amount) * input.price", "375.0"),
        ("input.big - 1u", "18446744073709551614"),
    ]);
}

#[test]
fn comparisons() {
    check(&[
        ("1 == 1u && 1u == 1.0 && 1 == 1.0", "true"),
        ("1 != 1.5", "true"),
        ("1 < 1.5 && 1.5 < 2u && -1 < 0u", "true"),
        ("9007199254740993 == 9007199254740992.0", "false"),
        ("9007199254740993 > 9007199254740992.0", "true"),
        ("18446744073709551615u > 9223372036854775807", "true"),
        ("1e100 > 18446744073709551615u && -1e100 < -9223372036854775808", "true"),
        ("double('NaN') == double('NaN')", "false"),
        ("double('NaN') != double('NaN')", "true"),
        ("1.5 in {1: 2}", "false"),
        ("double('Infinity') > 1", "true"),
        ("'a' < 'b' && 'a' <= 'a' && 'B' < 'a'", "true"),
        ("false < true", "true"),
        ("b'a' < b'b'", "true"),
        ("'1' == 1", "false"),
        ("null == 0", "false"),
        ("input.none == null", "true"),
        ("[1, 2] == [1.0, 2u]", "true"),
        ("[1, 2] == [2, 1]", "false"),
        ("[1] == [1, 2]", "false"),
        ("{'a': 1, 'b': [2]} == {'b': [2.0], 'a': 1u}", "true"),
        ("{'a': 1} == {'b': 1}", "false"),
        ("{1: 'a'} == {1u: 'a'}", "true"),
        (
            "input.address == {'city': 'Bern', 'zip code': '3000', 'geo': {'lon': 7.447, 'lat': 46.948}}",
            "true",
        ),
        ("input.numbers == [1, 2, 3]", "true"),
        ("input.amount >= 250 && input.amount <= 250", "true"),
        ("'green' in input.tags", "true"),
        ("2 in input.numbers", "true"),
        ("4 in [1, 2, 3]", "false"),
        ("'city' in input.address", "true"),
        ("1 in input.address", "false"),
        ("1.0 in {1: 'a'}", "true"),
        ("1 < 2 == true", "true"),
    ]);
}

#[test]
fn logic_forgives_errors_in_either_order() {
    check(&[
        ("!input.ok", "false"),
        ("!!input.ok", "true"),
        ("input.ok ? 'yes' : 'no'", r#""yes""#),
        ("false ? 1 : true ? 2 : 3", "2"),
        ("true || input.nothing", "true"),
        ("input.nothing || true", "true"),
        ("false && 1 / 0 == 1", "false"),
        ("1 / 0 == 1 && false", "false"),
        ("1 || true", "true"),
        ("true ? 1 : 1 / 0", "1"),
        ("true || false && false", "true"),
        ("input.tags.exists(t, t == 1 / 0) || true", "true"),
    ]);
}

#[test]
fn macros() {
    check(&[
        ("has(input.amount)", "true"),
        ("has(input.nothing)", "false"),
        ("has(input.none)", "true"),
        ("has(input.address.geo.lat)", "true"),
        ("has({'a': 1}.a)", "true"),
        ("has(steps.check)", "true"),
        ("has(steps.other)", "false"),
        ("has(steps.check.approved) && steps.check.approved", "true"),
        ("has(input.nothing) ? input.nothing : 'x'", r#""x""#),
        ("input.items.all(i, i.qty >= 0)", "true"),
        ("[].all(i, false)", "true"),
        ("input.items.exists(i, i.qty == 0)", "true"),
        ("[].exists(i, true)", "false"),
        ("input.items.exists_one(i, i.qty > 2)", "true"),
        ("input.items.existsOne(i, i.qty > 0)", "false"),
        ("input.items.filter(i, i.qty > 0).map(i, i.sku)", r#"["a","c"]"#),
        ("input.items.map(i, has(i.net), i.net)", "[10.25,1e2]"),
        ("input.items.map(i, {'sku': i.sku})", r#"[{"sku":"a"},{"sku":"b"},{"sku":"c"}]"#),
        ("[1, 2].map(x, [3, 4].map(y, x * y))", "[[3,4],[6,8]]"),
        ("[[1], [2, 3]].map(x, x.map(x, x + 1))", "[[2],[3,4]]"),
        ("input.address.map(k, k)", r#"["city","geo","zip code"]"#),
        ("input.address.exists(k, k == 'geo')", "true"),
        ("{2: 'b', 1: 'a'}.filter(k, k > 1)", "[2]"),
        // An element that decides makes up for an error in another.
        ("[0, 1].exists(x, 1 / x == 1)", "true"),
        ("[0, 2].all(x, 1 / x > 1)", "false"),
        ("[1].map(input, input + 1)", "[2]"),
        ("input.map(k, k)[0]", r#""address""#),
    ]);
}

#[test]
fn texts() {
    check(&[
        ("size('Zoë') + 'Zoë'.size()", "6"),
        ("size(b'Zoë')", "4"),
        ("size(input.tags) == 2 && input.address.size() == 3", "true"),
        ("input.name.contains('\"Z\"')", "true"),
        ("'abc'.startsWith('ab') && 'abc'.endsWith('bc') && !'abc'.startsWith('b')", "true"),
        ("'abc'.contains('')", "true"),
        ("input.id.matches('^o-[0-9]+$')", "true"),
        ("matches('foobar', 'o+b')", "true"),
        ("'foobar'.matches('^o')", "false"),
        ("input.tags.exists(t, 'green'.matches(t))", "true"),
        ("'AbÉ'.lowerAscii() + 'abé'.upperAscii()", r#""abÉABé""#),
        ("'  a b\\n'.trim()", r#""a b""#),
        ("'a,b,,c'.split(',')", r#"["a","b","","c"]"#),
        ("'a,b,c'.split(',', 2)", r#"["a","b,c"]"#),
        ("'a,b,c'.split(',', 0)", "[]"),
        ("'a,b,c'.split(',', -1)", r#"["a","b","c"]"#),
        ("'aéb'.split('')", r#"["a","é","b"]"#),
        ("'aéb'.split('', 2)", r#"["a","éb"]"#),
        ("''.split('')", "[]"),
        ("input.tags.join() + input.tags.join(', ')", r#""redgreenred, green""#),
        ("[].join(',')", r#""""#),
        ("'hello'.replace('l', 'L')", r#""heLLo""#),
        ("'hello'.replace('l', 'L', 1)", r#""heLlo""#),
        ("'hello'.replace('l', '', -1)", r#""heo""#),
        ("'tacocat'.substring(4)", r#""cat""#),
        ("'zoë!'.substring(1, 3)", r#""oë""#),
        ("'abc'.substring(3)", r#""""#),
    ]);
}

#[test]
fn conversions() {
    check(&[
        ("int('-42') + int(4u) + int(2.9) + int(-2.9)", "-38"),
        ("int(timestamp('1970-01-01T00:01:00Z'))", "60"),
        ("uint('42') + uint(4) + uint(2.9)", "48"),
        ("double('1.5') + double(1) + double(2u)", "4.5"),
        (
            "string(1) + string(2u) + string(1.5) + string(true) + string('x') + string(b'y')",
            r#""121.5truexy""#,
        ),
        ("string(input.price)", r#""1.5""#),
        ("string(timestamp('2026-01-31T12:00:00+01:00'))", r#""2026-01-31T11:00:00Z""#),
        ("string(duration('1h30m'))", r#""5400s""#),
        ("bool('true') && bool('1') && !bool('False')", "true"),
        ("bytes('é')", r#""w6k=""#),
        ("type(1) == int && type(1u) == uint && type(1.0) == double && type('a') == string", "true"),
        ("type(null) == null_type && type([]) == list && type({}) == map && type(true) == bool", "true"),
        ("type(b'') == bytes && type(int) == type && type(now) == timestamp", "true"),
        ("type(input.price) == double && type(input.amount) == int && type(input.big) == uint", "true"),
        ("type(input.huge) == double", "true"),
        ("type(now - now) == duration && type(1) != string", "true"),
    ]);
}

#[test]
fn timestamps_and_durations() {
    check(&[
        ("timestamp(input.at)", r#""2026-01-31T12:30:15.25Z""#),
        ("now", r#""2026-01-01T00:00:00Z""#),
        ("timestamp(60)", r#""1970-01-01T00:01:00Z""#),
        ("now + duration('36h')", r#""2026-01-02T12:00:00Z""#),
        ("duration('1m') + now - duration('1m') == now", "true"),
        ("timestamp(input.at) - now", r#""2637015.25s""#),
        ("now < timestamp(input.at) && timestamp(input.at) > now", "true"),
        ("timestamp('2026-01-01T01:00:00+01:00') == now", "true"),
        ("duration('90s') == duration('1.5m')", "true"),
        ("duration('1h') - duration('1h1m')", r#""-60s""#),
        ("duration('1h') > duration('59m')", "true"),
        (
            "[duration('-1.5s'), duration('0'), duration('1ms'), duration('1us'), duration('1ns')]",
            r#"["-1.5s","0s","0.001s","0.000001s","0.000000001s"]"#,
        ),
        ("duration('1h30m').getMinutes()", "90"),
        (
            "[duration('90.25s').getHours(), duration('90.25s').getSeconds(), duration('90.25s').getMilliseconds()]",
            "[0,90,250]",
        ),
        (
            "[timestamp(input.at).getFullYear(), timestamp(input.at).getMonth(), timestamp(input.at).getDate()]",
            "[2026,0,31]",
        ),
        (
            "[timestamp(input.at).getDayOfMonth(), timestamp(input.at).getDayOfWeek(), timestamp(input.at).getDayOfYear()]",
            "[30,6,30]",
        ),
        (
            "[timestamp(input.at).getHours(), timestamp(input.at).getMinutes(), timestamp(input.at).getSeconds()]",
            "[12,30,15]",
        ),
        ("timestamp(input.at).getMilliseconds()", "250"),
        ("timestamp(input.at).getHours('+02:00')", "14"),
        ("timestamp(input.at).getDate('+11:30')", "1"),
        ("timestamp(input.at).getMinutes('-02:15')", "15"),
        ("timestamp(input.at).getHours('UTC')", "12"),
        ("timestamp(input.at).getHours('Europe/Berlin')", "13"),
        ("timestamp('2026-07-01T12:00:00Z').getHours('Europe/Berlin')", "14"),
    ]);
}

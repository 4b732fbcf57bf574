//! Expressions and documents that are made to do harm.

use super::*;
use crate::cel::syntax;

/// What an expression says about a document when it has half of the stack that a thread of tokio has, and code that
/// is not optimized.
fn in_a_small_stack(source: String) -> String {
    let run = move || outcome(&source);
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(run).unwrap().join().unwrap()
}

#[test]
fn a_source_has_a_length() {
    let long = format!("'{}'", "a".repeat(SOURCE_BYTES_MAX - 2));
    assert!(Expression::compile(&long).is_ok());
    let error = Expression::compile(&format!("{long} ")).unwrap_err().to_string();
    assert!(error.ends_with("…`: 4097 bytes long, at most 4096 are allowed at 1:1"), "{error}");
}

#[test]
fn no_source_is_nested_without_end() {
    let deep = |open: &str, inside: &str, close: &str, levels: usize| {
        format!("{}{inside}{}", open.repeat(levels), close.repeat(levels))
    };
    let sources = [
        deep("(", "1", ")", 2000),
        deep("[", "", "]", 2000),
        deep("(", "", "", 4000),
        deep("{1:", "", "", 1300),
        deep("!", "true", "", 4000),
        deep("-", "1", "", 4000),
        deep("!(", "true", ")", 1300),
        deep("size(", "1", ")", 600),
        deep("false?1:", "1", "", 500),
        deep("[1].map(x,", "1", ")", 300),
        format!("1{}", "+1".repeat(2000)),
        format!("1{}", "<1".repeat(2000)),
        format!("input{}", ".a".repeat(2000)),
        format!("input{}", "[0]".repeat(1300)),
        format!("''{}", ".trim()".repeat(500)),
    ];
    for source in sources {
        let start: String = source.chars().take(20).collect();
        let found = in_a_small_stack(source);
        let tells =
            |levels: usize| found.contains(&format!("nested, or chained, more than {levels} levels deep"));
        assert!(tells(syntax::NESTING_MAX) || tells(syntax::DEPTH_MAX), "{start}: {found}");
    }
    // Just below the limits everything has room, and what is flat is not nested.
    assert_eq!(in_a_small_stack(deep("(", "1", ")", 31)), "1");
    assert_eq!(in_a_small_stack(format!("1{}", "+1".repeat(127))), "128");
    assert_eq!(in_a_small_stack(format!("true{}", "&&true".repeat(600))), "true");
    assert_eq!(in_a_small_stack(format!("{}1", "false?0:".repeat(127))), "1");
    assert_eq!(in_a_small_stack(deep("[1].map(x,", "1", ")", 31)), deep("[", "1", "]", 31));
}

/// The steps that an expression takes: the smallest budget that is enough.
fn steps(source: &str, scope: &Scope<'_>) -> u64 {
    let expression = Expression::compile(source).unwrap();
    let enough = |steps| {
        let limits = EvaluationLimits { steps, ..EvaluationLimits::default() };
        expression.evaluate_json(&scope.clone().limits(limits)).is_ok()
    };
    (0..STEPS_MAX).collect::<Vec<_>>().partition_point(|steps| !enough(*steps)) as u64
}

#[test]
fn work_is_counted() {
    let long = Json::of(&"x".repeat(3200)).unwrap();
    let many = Json::of(&vec![0; 400]).unwrap();
    let scope = Scope::new().json("text", &long).json("many", &many);
    let rows = [
        ("1", 1),
        ("1 + 2", 3),
        ("true || text == many", 2),
        ("text", 1),
        // 6400 bytes are copied, 32 for a step, and 3 KiB are read twice.
        ("text + text", 3 + 200 + 6),
        ("text == text", 3 + 1 + 100 + 6),
        ("text.contains('y')", 3 + 100 + 3),
        ("text.matches('y')", 3 + 800 + 3),
        ("text.matches('y' + '')", 5 + 800 + 1000 + 3),
        // 400 elements are found, 4 for a step.
        ("many.size()", 2 + 100),
        ("many + many", 3 + 100 + 800),
        ("1 in many", 3 + 100 + 800),
        ("many == many", 3 + 100 + 401),
        ("many.map(x, 1)", 2 + 100 + 400),
    ];
    for (source, expected) in rows {
        assert_eq!(steps(source, &scope), expected, "{source}");
    }
}

#[test]
fn an_evaluation_that_does_too_much_ends() {
    let twenty = format!("{:?}", (0..20).collect::<Vec<_>>());
    let bomb =
        format!("[{twenty}].map(l, l.map(a, l.map(b, l.map(c, l.map(d, l.map(e, a + b + c + d + e))))))");
    let doubling = format!("['xxxxxxxxxxxxxxxx']{}.map(x, size(x))", ".map(x, x + x)".repeat(60));
    let growing = format!("[[0]]{}", ".map(x, x + x)".repeat(60));
    let replacing = format!("['ab']{}", ".map(x, x.replace('', x))".repeat(20));
    let states = format!("{twenty}.map(a, '{}'.matches('[ab]*a[ab]{{1000}}c'))", "ab".repeat(1900));
    let patterns = format!("{twenty}.map(a, {twenty}.map(b, 'x'.matches('a' + string(a * b))))");
    let bytes = format!("{twenty}.map(a, {twenty}.map(b, {twenty}.map(c, b'{}')))", "x".repeat(3500));
    for source in [bomb, doubling, growing, replacing, states, patterns, bytes] {
        let found = outcome(&source);
        let expected = ": more than 100000 steps of work: make it smaller, or do this in a step at 1:";
        assert!(found.contains(expected), "{}: {found}", source.chars().take(40).collect::<String>());
    }
}

#[test]
fn a_used_up_budget_is_not_forgiven() {
    let limits = EvaluationLimits { steps: 10, ..EvaluationLimits::default() };
    let sources = [
        "[1, 2, 3, 4, 5, 6, 7, 8, 9].exists(x, x == 1) || true",
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].all(x, x > 1) && false",
        "[1, 2].exists(x, [1, 2, 3, 4, 5, 6, 7].size() > 0 || true)",
    ];
    for source in sources {
        assert!(
            given(source, &Scope::new().limits(limits)).contains("more than 10 steps of work"),
            "{source}"
        );
    }
}

#[test]
fn a_result_has_a_size() {
    let document = Json::of(&"é".repeat(50)).unwrap();
    let limits = EvaluationLimits { result_bytes: 102, ..EvaluationLimits::default() };
    let scope = Scope::new().json("text", &document).limits(limits);
    assert_eq!(given("text", &scope).len(), 102);
    for source in ["[text]", "text + '.'", "{'a': text}", "bytes(text)", "[text, text]", "['', text]"] {
        let expected = format!(
            "`{source}`: the result is larger than 102 bytes: return less, or do this in a step at 1:1"
        );
        assert_eq!(given(source, &scope), expected);
    }
    // One small value that is there very often.
    let shared = format!("[['{}']]{}", "x".repeat(60), ".map(x, [x, x, x, x, x, x, x, x])".repeat(8));
    assert!(outcome(&shared).contains("the result is larger than 1048576 bytes"));
}

#[test]
fn a_result_has_a_depth() {
    let deep = Json::within("[".repeat(120) + &"]".repeat(120)).unwrap();
    let scope = Scope::new().json("deep", &deep);
    assert!(given("[[[[[[[deep]]]]]]]", &scope).starts_with("[[["));
    let error = given("[[[[[[[[deep]]]]]]]]", &scope);
    assert_eq!(error, "`[[[[[[[[deep]]]]]]]]`: the result is nested more than 127 levels deep at 1:1");
    assert_eq!(given("deep == deep", &scope), "true");
}

#[test]
fn a_large_document_costs_what_is_read_of_it() {
    let numbers = Json::of(&vec![0; 500_000]).unwrap();
    let text = format!(r#"{{"small": 1, "large": {}}}"#, numbers.text());
    let input = Json::parse(text).unwrap();
    let scope = Scope::new().json("input", &input);
    assert_eq!(given("input.small", &scope), "1");
    assert!(given("input.large[0]", &scope).starts_with("`input.large`: more than 100000 steps of work"));
    let generous = scope.limits(EvaluationLimits { steps: 1_000_000, ..EvaluationLimits::default() });
    assert_eq!(given("input.large[499999] + input.large.size()", &generous), "500000");
}

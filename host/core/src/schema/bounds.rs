//! Bounds: schemas and data whose check would take too long, or would exhaust the stack, are refused before it begins.
//!
//! The validator follows references and combinations wherever a schema leads it: a few hundred bytes can ask for 2^40
//! steps, or for ten thousand nested calls. It cannot be interrupted, so what it would do is counted beforehand. The
//! count is an upper bound: it takes every branch, also those that the validator would leave out.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

/// Longest chain of schemas that apply, one because of the other, to the same place in the data. Stops circles of
/// references.
pub const CHAIN_MAX: usize = 64;

/// Most schemas that apply to the same place in the data. Stops references that double what they refer to, over and
/// over.
pub const PLACE_MAX: usize = 10_000;

/// How a keyword's schemas apply.
pub(super) enum Applies<'s> {
    /// To the very place where the keyword stands.
    Here(Vec<&'s Value>),
    /// To something inside of it, or not at all.
    Elsewhere(Vec<&'s Value>),
}

/// The schemas that a keyword holds, beside a reference.
pub(super) fn held<'s>(keyword: &str, value: &'s Value) -> Applies<'s> {
    let list = || value.as_array().into_iter().flatten().collect();
    let map = || value.as_object().into_iter().flat_map(Map::values).collect();
    match keyword {
        "allOf" | "anyOf" | "oneOf" => Applies::Here(list()),
        "not" | "if" | "then" | "else" => Applies::Here(vec![value]),
        "dependentSchemas" | "dependencies" => Applies::Here(map()),
        "properties" | "patternProperties" => Applies::Elsewhere(map()),
        "prefixItems" => Applies::Elsewhere(list()),
        "items" if value.is_array() => Applies::Elsewhere(list()),
        "items"
        | "additionalItems"
        | "unevaluatedItems"
        | "contains"
        | "additionalProperties"
        | "unevaluatedProperties"
        | "propertyNames"
        | "contentSchema" => Applies::Elsewhere(vec![value]),
        _ => Applies::Elsewhere(Vec::new()),
    }
}

/// The schema that a reference within the document leads to.
pub(super) fn local<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    let pointer = reference.strip_prefix('#')?;
    if !pointer.contains('%') {
        return root.pointer(pointer);
    }
    let mut bytes = Vec::with_capacity(pointer.len());
    let mut rest = pointer.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push(if byte == b'%' { u8::try_from(digit()? * 16 + digit()?).ok()? } else { byte });
    }
    root.pointer(&String::from_utf8(bytes).ok()?)
}

/// Checks that a schema can be bounded: whatever it refers to is in it, and no place in the data is subject to too
/// many schemas.
///
/// # Errors
/// A sentence that says what is wrong.
pub(super) fn check_schema(root: &Value) -> Result<(), String> {
    let mut places = Places { root, known: HashMap::new() };
    let (mut to_do, mut seen) = (vec![root], HashSet::new());
    while let Some(schema) = to_do.pop() {
        let (Some(keywords), true) = (schema.as_object(), seen.insert(std::ptr::from_ref(schema))) else {
            continue;
        };
        places.measure(schema, 1)?;
        for (keyword, value) in keywords {
            match (keyword.as_str(), value) {
                ("$dynamicRef" | "$recursiveRef", _) => {
                    return Err(format!("`{keyword}` is not supported; use `$ref`"));
                }
                ("$id" | "id", Value::String(id)) if !std::ptr::eq(schema, root) => {
                    return Err(format!(
                        "the inner schema with the `{keyword}` `{id}` is not supported; use `$defs`"
                    ));
                }
                ("$ref", Value::String(reference)) => to_do.push(places.target(reference)?),
                _ => match held(keyword, value) {
                    Applies::Here(schemas) | Applies::Elsewhere(schemas) => to_do.extend(schemas),
                },
            }
        }
    }
    Ok(())
}

/// Counts the schemas that apply to one place, remembering what it has counted.
struct Places<'s> {
    root: &'s Value,
    known: HashMap<*const Value, Place>,
}

#[derive(Clone, Copy)]
struct Place {
    /// Schemas that apply there.
    count: usize,
    /// The longest chain of them.
    chain: usize,
}

impl<'s> Places<'s> {
    fn target(&self, reference: &str) -> Result<&'s Value, String> {
        local(self.root, reference).ok_or_else(|| {
            format!("`{reference}` leads to nothing in this schema; references look like `#/$defs/name`")
        })
    }

    /// What applies where `schema` does. A circle of references ends at the longest chain allowed, and so does this
    /// recursion.
    fn measure(&mut self, schema: &'s Value, depth: usize) -> Result<Place, String> {
        if depth > CHAIN_MAX {
            return Err(format!(
                "at one place in the data its schemas refer to one another in a circle, or in a chain of more than {CHAIN_MAX}"
            ));
        }
        if let Some(place) = self.known.get(&std::ptr::from_ref(schema)) {
            return Ok(*place);
        }
        let (mut count, mut chain) = (1usize, 1usize);
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            let here = match (keyword.as_str(), value) {
                ("$ref", Value::String(reference)) => vec![self.target(reference)?],
                _ => match held(keyword, value) {
                    Applies::Here(schemas) => schemas,
                    Applies::Elsewhere(_) => continue,
                },
            };
            for schema in here {
                let inner = self.measure(schema, depth + 1)?;
                count = count.saturating_add(inner.count);
                chain = chain.max(inner.chain + 1);
            }
        }
        if count > PLACE_MAX {
            return Err(format!("more than {PLACE_MAX} schemas apply to one place in the data"));
        }
        if chain > CHAIN_MAX {
            return Err(format!(
                "at one place in the data its schemas refer to one another in a chain of more than {CHAIN_MAX}"
            ));
        }
        let place = Place { count, chain };
        self.known.insert(std::ptr::from_ref(schema), place);
        Ok(place)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Schema;
    use crate::json::Json;

    /// What becomes of a schema and of data checked against it: `fits`, or why not.
    fn check(schema: Value, data: &str) -> String {
        match Schema::compile(&Json::from(schema)) {
            Err(error) => error.to_string(),
            Ok(schema) => match schema.check(&Json::stored(data).unwrap()) {
                Ok(_) => "fits".to_owned(),
                Err(violations) => violations.to_string().trim().to_owned(),
            },
        }
    }

    /// Objects in objects: `{"n":{"n":{}}}` is two levels around the innermost.
    fn nested(levels: usize) -> String {
        r#"{"n":"#.repeat(levels) + "{}" + &"}".repeat(levels)
    }

    /// Definitions of which each is made of a reference to the next; `last` is the end of the chain.
    fn chain(length: usize, link: impl Fn(Value) -> Value, last: Value) -> Value {
        let next = |at: usize| link(json!({ "$ref": format!("#/$defs/d{}", at + 1) }));
        let mut defs: serde_json::Map<_, _> = (0..length).map(|at| (format!("d{at}"), next(at))).collect();
        defs.insert(format!("d{length}"), last);
        json!({"$ref": "#/$defs/d0", "$defs": defs})
    }

    #[test]
    fn references_in_a_circle_are_refused() {
        let circle = "not a usable JSON Schema: at one place in the data its schemas refer to one another in a circle, or in a chain of more than 64";
        assert_eq!(check(json!({"$ref": "#"}), "1"), circle);
        assert_eq!(check(json!({"not": {"$ref": "#"}}), "1"), circle);
        assert_eq!(check(json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}), "1"), circle);
        let mutual = json!({"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}});
        assert_eq!(check(json!({"$ref": "#/$defs/a", "$defs": mutual}), "1"), circle);
        assert_eq!(check(json!({"items": {"$ref": "#/items"}}), "1"), circle);
    }

    #[test]
    fn references_that_double_what_they_refer_to_are_refused() {
        let doubled = |length| check(chain(length, |next| json!({"allOf": [next, next]}), json!(true)), "1");
        assert_eq!(doubled(5), "fits");
        assert_eq!(
            doubled(20),
            "not a usable JSON Schema: more than 10000 schemas apply to one place in the data"
        );
    }

    #[test]
    fn a_chain_of_references_has_an_end() {
        let chained = |length| check(chain(length, |next| next, json!(true)), "1");
        assert_eq!(chained(60), "fits");
        assert!(chained(70).ends_with("in a chain of more than 64"));
        assert!(chained(6_000).ends_with("in a chain of more than 64"));
    }

    #[test]
    fn references_out_of_the_schema_are_refused() {
        for reference in
            ["https://json-schema.org/draft/2020-12/schema", "other.json", "#name", "#/$defs/none", "#/%"]
        {
            let said = check(json!({"items": {"$ref": reference}}), "1");
            let expected = "leads to nothing in this schema; references look like `#/$defs/name`";
            assert_eq!(said, format!("not a usable JSON Schema: `{reference}` {expected}"));
        }
        assert!(check(json!({"$dynamicRef": "#x"}), "1").contains("`$dynamicRef` is not supported"));
        assert!(
            check(json!({"items": {"$id": "urn:x"}}), "1")
                .contains("with the `$id` `urn:x` is not supported")
        );
        let property_named_id = json!({"$id": "urn:x", "properties": {"$id": {"type": "string"}}});
        assert_eq!(check(property_named_id, "{}"), "fits");
        let escaped = json!({"items": {"$ref": "#/$defs/a%20b"}, "$defs": {"a b": {"type": "null"}}});
        assert_eq!(check(escaped, "[1]"), "- /0: 1 is not of type \"null\"");
    }

    #[test]
    fn a_recursive_schema_that_branches_at_each_level_is_stopped() {
        let branch = |name: &str| json!({"properties": {"n": {"$ref": "#"}}, "required": [name]});
        let schema = json!({"anyOf": [branch("a"), branch("b")]});
        let said = check(schema.clone(), &nested(5));
        assert!(said.contains("is not valid under any of the schemas"), "{said}");
        let too_long =
            "- (top): checking it takes more than 1000000 steps; simplify the schema or send less data";
        assert_eq!(check(schema, &nested(40)), too_long);
        let unevaluated =
            json!({"allOf": [{"properties": {"n": {"$ref": "#"}}}], "unevaluatedProperties": false});
        assert_eq!(check(unevaluated.clone(), &nested(3)), "fits");
        assert_eq!(check(unevaluated, &nested(40)), too_long);
    }

    #[test]
    fn much_data_and_many_alternatives_do_not_multiply() {
        let any: Vec<Value> = (0..5_000).map(|at| json!({ "const": at })).collect();
        let items = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
        let schema = json!({"items": {"anyOf": any}});
        assert_eq!(check(schema.clone(), &items(10)), "fits");
        assert!(check(schema, &items(100_000)).contains("more than 1000000 steps"));
        assert_eq!(check(json!({"items": {"type": "integer"}}), &items(300_000)), "fits");
    }

    #[test]
    fn what_does_not_fit_is_explained_where_that_takes_little() {
        let any: Vec<Value> = (0..5_000).map(|at| json!({ "const": at })).collect();
        let schema = json!({"items": {"anyOf": any}, "maxItems": 100});
        let texts = |count: usize| json!(vec!["x".repeat(27); count]).to_string();
        insta::assert_snapshot!(check(schema.clone(), &texts(1)), @r#"- /0: "xxxxxxxxxxxxxxxxxxxxxxxxxxx" is not valid under any of the schemas listed in the 'anyOf' keyword"#);
        insta::assert_snapshot!(
            check(schema.clone(), &texts(80)),
            @"- (top): it does not fit; saying where would take too much memory, as schema and data are large"
        );
        insta::assert_snapshot!(
            check(schema, &texts(1_000)),
            @"- (top): checking it takes more than 1000000 steps; simplify the schema or send less data"
        );
        let each = json!({"items": {"type": "integer"}});
        let told = |count| check(each.clone(), &texts(count)).lines().count();
        assert_eq!((told(2), told(10_000), told(100_000)), (2, 20, 1));
    }

    #[test]
    fn a_pattern_that_stands_for_millions_of_states_is_refused() {
        assert!(check(json!({"pattern": "((a{100}){100}){100}"}), "\"a\"").contains("is not a \"regex\""));
        // Patterns on which backtracking matchers take exponential time.
        let hard = format!("\"{}!\"", "a".repeat(100_000));
        assert!(check(json!({"pattern": "^(a+)+$"}), &hard).contains("does not match"));
        assert!(check(json!({"pattern": "^(a|aa)+$"}), &hard).contains("does not match"));
    }

    /// The deepest check that is let in takes less than half of the stack that threads have by default.
    #[test]
    fn the_deepest_check_let_in_leaves_stack_to_spare() {
        let again = json!({"properties": {"n": {"$ref": "#/$defs/d0"}}, "required": ["q"]});
        let link = |next| json!({"anyOf": [next, {"type": "null"}]});
        let (long, short) = (chain(20, link, again.clone()), chain(2, link, again));
        let thread = std::thread::Builder::new().stack_size(1024 * 1024);
        let both =
            move || (check(long.clone(), &nested(11)), check(short, &nested(80)), check(long, &nested(100)));
        let (long, short, beyond) = thread.spawn(both).unwrap().join().unwrap();
        assert!(long.contains("is not valid under any of the schemas"), "{long}");
        assert!(short.contains("is not valid under any of the schemas"), "{short}");
        assert!(beyond.contains("more than 512 levels deep"), "{beyond}");
    }

    #[test]
    fn a_recursive_sum_type_as_generators_write_it_is_served() {
        let binary = |op: &str| {
            let expression = json!({"$ref": "#/$defs/expression"});
            json!({"type": "object", "required": ["op", "l", "r"],
                "properties": {"op": {"const": op}, "l": expression, "r": expression}})
        };
        let alternatives = json!([{"type": "number"}, binary("add"), binary("sub"), binary("mul")]);
        let schema = json!({"$ref": "#/$defs/expression", "$defs": {"expression": {"oneOf": alternatives}}});
        let deeper = |inner: String| format!(r#"{{"op":"mul","l":{inner},"r":1}}"#);
        let data = (0..6).fold("1".to_owned(), |inner, _| deeper(inner));
        assert_eq!(check(schema, &data), "fits");
    }
}

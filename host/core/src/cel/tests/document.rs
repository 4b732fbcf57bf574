//! Documents read like those of serde_json, only later.

use proptest::prelude::*;
use serde_json::Value;

use crate::cel::document::*;

/// Reads all of a document.
fn whole(document: &Document<'_>) -> Value {
    match document.shape(usize::MAX).ok().unwrap() {
        Shape::Null => Value::Null,
        Shape::Bool(value) => value.into(),
        Shape::Int(value) => value.into(),
        Shape::Uint(value) => value.into(),
        Shape::Double(value) => value.into(),
        Shape::Text(value) => value.into_owned().into(),
        Shape::List(elements) => elements.iter().map(whole).collect(),
        Shape::Map(entries) => entries.iter().map(|(k, v)| (k.to_string(), whole(v))).collect(),
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 8.0)),
        "[\\PC\"\\\\\n{}\\[\\],:]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-c\"\\\\é ]{0,3}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_document_reads_like_serde_json(value in json()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(&whole(&Document::of_text(&text)), &value);
        }
        prop_assert_eq!(&whole(&Document::of_value(&value)), &value);
    }
}

#[test]
fn of_two_entries_with_one_key_the_later_counts() {
    let text = r#" {"b":1,"a":2,"b":{"b":3}} "#;
    assert_eq!(whole(&Document::of_text(text)).to_string(), r#"{"a":2,"b":{"b":3}}"#);
}

#[test]
fn what_stands_for_no_value_is_unreadable() {
    for text in ["1e400", r#""\ud800""#, r#"{"\ud800":1}"#] {
        assert!(serde_json::from_str::<Box<serde_json::value::RawValue>>(text).is_ok());
        assert_eq!(Document::of_text(text).shape(9).err(), Some(Unreadable::NoValue), "{text}");
    }
}

#[test]
fn more_elements_than_wanted_are_not_made() {
    let value: Value = serde_json::from_str("[[1,2,3],[4]]").unwrap();
    for document in [Document::of_text("[[1,2,3],[4]]"), Document::of_value(&value)] {
        assert_eq!(document.shape(1).err(), Some(Unreadable::TooMany));
        assert!(document.shape(2).is_ok());
        assert!(document.shape(0).is_ok(), "was read before");
    }
}

//! A host in the memory of a test.

use std::cell::RefCell;

use serde_json::{Map, Value};

use super::Options;
use crate::bindings::reentry::step::host::Level;
use crate::bindings::reentry::step::types::{Facts, Failure};

/// An instant in November 2023.
const BEGINNING: u64 = 1_700_000_000_000;

struct Fake {
    options: Options,
    now: u64,
    lines: Vec<String>,
    drawn: u8,
}

thread_local! {
    static FAKE: RefCell<Fake> = RefCell::new(Fake::new(Options::default()));
}

impl Fake {
    fn new(options: Options) -> Self {
        Self { options, now: BEGINNING, lines: Vec::new(), drawn: 0 }
    }
}

/// A host for another step.
pub(crate) fn begin(options: Options) {
    FAKE.set(Fake::new(options));
}

/// The facts of a first call.
pub(crate) fn facts(step: &str, attempt: u32) -> Facts {
    Facts {
        step: step.to_owned(),
        run_id: "run_test".to_owned(),
        workflow_id: "test".to_owned(),
        path: step.to_owned(),
        attempt,
        resource_id: None,
        idempotency_key: "test".to_owned(),
        now_ms: BEGINNING,
        entropy: vec![0; 32],
        trace: None,
    }
}

pub(crate) fn set_time(at: u64) {
    FAKE.with_borrow_mut(|fake| fake.now = fake.now.max(at));
}

pub(crate) fn lines() -> Vec<String> {
    FAKE.with_borrow(|fake| fake.lines.clone())
}

pub(crate) fn log(level: Level, message: &str, fields: Option<&str>) {
    let level = format!("{level:?}").replace("Level::", "").to_lowercase();
    let fields = fields.map(|fields| format!(" {fields}")).unwrap_or_default();
    FAKE.with_borrow_mut(|fake| fake.lines.push(format!("{level}: {message}{fields}")));
}

pub(crate) fn now() -> u64 {
    FAKE.with_borrow(|fake| fake.now)
}

/// Bytes that look random, and are the same in each test.
pub(crate) fn random(len: u32) -> Vec<u8> {
    FAKE.with_borrow_mut(|fake| {
        let byte = |_| {
            fake.drawn = fake.drawn.wrapping_mul(37).wrapping_add(101);
            fake.drawn
        };
        (0..len).map(byte).collect()
    })
}

pub(crate) fn cancelled() -> bool {
    false
}

pub(crate) fn emit(chunk: &str) {
    FAKE.with_borrow_mut(|fake| fake.lines.push(format!("emit: {chunk}")));
}

pub(crate) fn state() -> String {
    FAKE.with_borrow(|fake| object(&fake.options.state))
}

pub(crate) fn set_state(key: &str, value: &str) -> Result<(), Failure> {
    FAKE.with_borrow_mut(|fake| set(&mut fake.options.state, key, value));
    Ok(())
}

pub(crate) fn request_context() -> String {
    FAKE.with_borrow(|fake| object(&fake.options.request_context))
}

pub(crate) fn set_request_context(key: &str, value: &str) -> Result<(), Failure> {
    FAKE.with_borrow_mut(|fake| set(&mut fake.options.request_context, key, value));
    Ok(())
}

pub(crate) fn step_result(path: &str) -> Option<String> {
    FAKE.with_borrow(|fake| fake.options.results.get(path).map(ToString::to_string))
}

pub(crate) fn init_data() -> String {
    FAKE.with_borrow(|fake| fake.options.init_data.to_string())
}

fn object(value: &Value) -> String {
    if value.is_object() { value.to_string() } else { "{}".to_owned() }
}

fn set(object: &mut Value, key: &str, value: &str) {
    let value = serde_json::from_str(value).unwrap_or(Value::Null);
    match object {
        Value::Object(members) => {
            members.insert(key.to_owned(), value);
        }
        other => *other = Value::Object(Map::from_iter([(key.to_owned(), value)])),
    }
}

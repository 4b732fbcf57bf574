//! What expressions cost: nanoseconds for each evaluation, over a document of about 600 bytes.
//!
//! `cargo run -p reentry-core --example cel_cost`, with `--release` for the figures of a release build.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures, and prints what it measured"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use reentry_core::cel::{Expression, Scope};
use reentry_core::json::Json;

const DOCUMENT: &str = r#"{
  "orderId": "o-2026-000017", "customer": {"id": "c-81", "name": "Ada Example", "tier": "gold", "country": "CH"},
  "items": [
    {"sku": "a-1", "qty": 2, "price": 19.95}, {"sku": "a-2", "qty": 1, "price": 5.00}, {"sku": "b-7", "qty": 9, "price": 1.25},
    {"sku": "b-8", "qty": 4, "price": 0.99}, {"sku": "c-1", "qty": 1, "price": 349.00}, {"sku": "c-2", "qty": 3, "price": 12.50}
  ],
  "address": {"street": "Example Lane 12", "zip": "3000", "city": "Bern", "country": "CH", "lines": ["c/o Example"]},
  "amount": 472.61, "currency": "CHF", "express": true, "notes": null, "tags": ["web", "returning"]
}"#;

const EXPRESSIONS: [(&str, &str); 6] = [
    ("constant", "true"),
    ("condition", "input.amount > 100.0 && steps.check.approved && input.customer.tier == 'gold'"),
    ("presence", "has(input.notes) && 'web' in input.tags"),
    ("mapping", "{'id': input.orderId, 'to': input.customer, 'express': input.express}"),
    (
        "filter and map",
        "input.items.filter(i, i.qty > 1).map(i, {'sku': i.sku, 'total': double(i.qty) * i.price})",
    ),
    ("text", "input.customer.name.lowerAscii() + '/' + input.tags.join(',')"),
];

/// How long to repeat each measurement.
const LONG_ENOUGH: Duration = Duration::from_millis(200);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let input = Json::parse(DOCUMENT)?;
    let check = Json::parse(r#"{"approved": true, "by": "rules"}"#)?;
    let scope = Scope::new().json("input", &input).entries("steps", [("check", &check)]);
    println!(
        "document of {} bytes, {} build",
        DOCUMENT.len(),
        if cfg!(debug_assertions) { "debug" } else { "release" }
    );
    println!("{:<16} {:>12} {:>12}", "ns", "compile", "evaluate");
    for (name, source) in EXPRESSIONS {
        let expression = Expression::compile(source)?;
        expression.evaluate_json(&scope)?;
        let compile = nanoseconds(|| drop(black_box(Expression::compile(black_box(source)))));
        let evaluate = nanoseconds(|| drop(black_box(expression.evaluate_json(black_box(&scope)))));
        println!("{name:<16} {compile:>12} {evaluate:>12}");
    }
    Ok(())
}

/// Nanoseconds for one call, the mean of many.
fn nanoseconds(mut call: impl FnMut()) -> u128 {
    let (start, mut calls) = (Instant::now(), 0u128);
    while start.elapsed() < LONG_ENOUGH {
        for _ in 0..100 {
            call();
        }
        calls += 100;
    }
    start.elapsed().as_nanos() / calls
}

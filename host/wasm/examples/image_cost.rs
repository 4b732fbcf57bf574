//! What a suspension and a resume cost, by the number of pages that the guest dirtied.
//!
//! `cargo run --release -p reentry-wasm --example image_cost`. Prints medians and minima in microseconds.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures, and prints what it measured"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use reentry_core::json::Json;
use reentry_core::snapshot::{Identity, ImageCodec, LayoutDigest, MemoryState, Run, SealKey};
use reentry_core::step::{Facts, Invocation, Resolution, Resolved, Resumption};
use reentry_core::time::Timestamp;
use reentry_wasm::{
    CallOptions, CallResult, ComponentizeOptions, Grants, LoadedComponent, NoRun, Runtime, RuntimeConfig,
    componentize,
};

type Error = Box<dyn std::error::Error>;

const KEY: [u8; 32] = [1; 32];

#[tokio::main]
async fn main() -> Result<(), Error> {
    println!(
        "{:34} {:>17} {:>17} {:>17} {:>17} {:>9}",
        "", "start, suspend", "instantiate", "capture", "restore, resume", "image"
    );
    for (resident, label) in [(8 << 20, "resident"), (0, "not resident")] {
        let mut config = RuntimeConfig::new(KEY);
        config.resident_bytes = resident;
        let runtime = Runtime::new(config)?;
        for (pages, stride) in [(0, 1), (1, 1), (16, 1), (64, 1), (256, 1), (64, 8), (2048, 1)] {
            let name = format!("{pages} pages, every {stride}., {label}");
            measure(&name, &runtime, pages, stride).await?;
        }
    }
    codec_alone()
}

async fn measure(name: &str, runtime: &Runtime, pages: u32, stride: u32) -> Result<(), Error> {
    let component = componentize(&guest(pages, stride)?, ComponentizeOptions::default())?;
    let component = runtime.prepare(&component, Grants::none(), &|_| {}).await?.component;
    let repeats = if pages > 1000 { 60 } else { 600 };
    let (mut starts, mut fresh, mut captures, mut resumes) = (vec![], vec![], vec![], vec![]);
    let mut image = Vec::new();
    for _ in 0..repeats {
        let begun = Instant::now();
        let result = start(&component).await?;
        starts.push(begun.elapsed());
        fresh.push(result.stats.instantiate);
        captures.push(result.stats.capture);
        image = result.image.ok_or("no image")?;
    }
    for _ in 0..repeats {
        let begun = Instant::now();
        resume(&component, &image).await?;
        resumes.push(begun.elapsed());
    }
    let columns: Vec<String> = [starts, fresh, captures, resumes].into_iter().map(show).collect();
    println!("{name:34} {} {:>7} B", columns.join(" "), image.len());
    Ok(())
}

/// Encoding and decoding 20 pages of a heap, without a guest.
fn codec_alone() -> Result<(), Error> {
    let base = reentry_core::snapshot::BaseImage::new(&[&vec![0; 1 << 20]], &[])?;
    let mut memory = vec![0u8; 1 << 20];
    // As a heap looks: pointers into a small range, small numbers, many zeros.
    let mut random = 1u64;
    for (k, word) in memory.chunks_exact_mut(16).take(20 * 256).enumerate() {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let value = match k % 8 {
            0 => 0x10_0018 + (random >> 52),
            1..=3 => 0,
            4 => random >> 40,
            _ => k as u64,
        };
        if let Some(half) = word.first_chunk_mut() {
            *half = value.to_le_bytes();
        }
    }
    let identity = Identity {
        component: reentry_core::digest::ComponentDigest::of(b"none"),
        base: base.digest(),
        layout: LayoutDigest([0; 32]),
    };
    let seal = SealKey::derive(&KEY, "tenant", "run");
    let runs = [Run { first: 0, count: 20 }];
    let mut codec = ImageCodec::new()?;
    let (mut encodes, mut decodes) = (vec![], vec![]);
    let mut size = 0;
    for _ in 0..2000 {
        let begun = Instant::now();
        let image =
            codec.encode(&identity, &[MemoryState { bytes: &memory, runs: &runs }], &[], &base, &seal)?;
        encodes.push(begun.elapsed());
        let begun = Instant::now();
        codec.decode(&image, &identity, &base, 1 << 30, &seal)?;
        decodes.push(begun.elapsed());
        size = image.len();
    }
    println!("codec alone, 20 pages: encode {} decode {} image {size} B", show(encodes), show(decodes));
    Ok(())
}

/// Median and minimum.
fn show(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let us = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e6);
    format!("{:>8.1} {:>8.1}", us(times.get(times.len() / 2)), us(times.first()))
}

/// A step that writes `pages` pages, `stride` apart, as a heap of small objects would be, and suspends.
fn guest(pages: u32, stride: u32) -> Result<Vec<u8>, Error> {
    let memory = (pages * stride).div_ceil(16) + 17;
    Ok(wat::parse_str(format!(
        r#"(module
      (memory (export "memory") {memory})
      (data (i32.const 16) "\40\00\00\00\01\00\00\00") (data (i32.const 32) "it")
      (data (i32.const 64) "\20\00\00\00\02\00\00\00")
      (data (i32.const 1024) "1")
      (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 32768))
      (func (export "reentry:step/guest@0.1.0#describe") (result i32) (i32.const 16))
      (func (export "reentry:step/guest@0.1.0#start") (param i32) (result i32)
        (local $page i32) (local $at i32)
        (if (i32.const {pages}) (then (loop $pages
          (local.set $at (i32.const 0))
          (loop $words
            (i64.store offset=65536
              (i32.add (local.get $at) (i32.mul (local.get $page) (i32.const {step})))
              (select (i64.extend_i32_u (i32.add (i32.shl (local.get $page) (i32.const 12)) (i32.mul (local.get $at) (i32.const 3))))
                      (i64.extend_i32_u (i32.rem_u (local.get $at) (i32.const 11)))
                      (i32.rem_u (local.get $at) (i32.const 3))))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $words (i32.lt_u (local.get $at) (i32.const 4096))))
          (local.set $page (i32.add (local.get $page) (i32.const 1)))
          (br_if $pages (i32.lt_u (local.get $page) (i32.const {pages}))))))
        (i32.store (i32.const 2576) (i32.const 1024)) (i32.store (i32.const 2580) (i32.const 1))
        (i32.store8 (i32.const 2056) (i32.const 2))
        (i32.store (i32.const 2060) (i32.const 2560)) (i32.store (i32.const 2064) (i32.const 1))
        (i32.const 2048))
      (func (export "reentry:step/guest@0.1.0#resume") (param i32) (result i32)
        (i32.store8 (i32.const 2056) (i32.const 0))
        (i32.store (i32.const 2060) (i32.const 1024)) (i32.store (i32.const 2064) (i32.const 1))
        (i32.const 2048)))"#,
        step = stride * 4096,
    ))?)
}

async fn start(component: &LoadedComponent) -> Result<CallResult, Error> {
    let call = Invocation { facts: facts(), input: Json::null() };
    Ok(component.start(call, Arc::new(NoRun(0)), options()).await?)
}

async fn resume(component: &LoadedComponent, image: &[u8]) -> Result<CallResult, Error> {
    let resolved = vec![Resolved { wait: 0, resolution: Resolution::Answered(Json::null()) }];
    let call = Resumption { facts: facts(), resolved, input: Json::null(), suspend_payload: None };
    Ok(component.resume(call, Some(image), Arc::new(NoRun(0)), options()).await?)
}

fn options() -> CallOptions {
    CallOptions::new(SealKey::derive(&KEY, "tenant", "run"))
}

fn facts() -> Facts {
    Facts {
        step: "it".to_owned(),
        run_id: "run".to_owned(),
        workflow_id: "flow".to_owned(),
        path: "it".to_owned(),
        attempt: 0,
        resource_id: None,
        idempotency_key: "key".to_owned(),
        now: Timestamp(0),
        entropy: [0; 32],
        trace: None,
    }
}

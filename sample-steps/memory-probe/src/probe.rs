//! A step with much memory: does every byte come back?

use reentry_step::{Context, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
pub struct Input {
    /// Bytes of heap to fill.
    #[serde(default)]
    touch_bytes: usize,
    /// Loop turns to do before the first suspension.
    #[serde(default)]
    work: u64,
    /// How often to suspend.
    #[serde(default)]
    suspends: u32,
}

/// What the step knows of its own memory.
#[derive(Serialize, JsonSchema, Clone, PartialEq)]
pub struct Checksums {
    /// Of the whole buffer, in hexadecimal.
    buffer: String,
    /// Of the other locals, in hexadecimal.
    locals: String,
}

#[derive(Serialize, JsonSchema)]
pub struct Form {
    /// Which suspension this is, from 0.
    turn: u32,
    checksums: Checksums,
}

#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Before each suspension.
    before: Vec<Checksums>,
    /// After each suspension, of the same data.
    after: Vec<Checksums>,
    /// What `work` came to.
    work: String,
    /// The answers, as they came.
    answers: Vec<serde_json::Value>,
}

/// What is alive over each suspension besides the buffer.
struct Locals {
    work: u64,
    /// A generator in mid-sequence.
    random: Random,
    words: Vec<String>,
}

pub async fn probe(ctx: Context<Form, serde_json::Value>, input: Input) -> Result<Output> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let buffer = random.fill(input.touch_bytes);
    let work = (0..input.work).fold(Fnv::START, |sum, turn| Fnv(sum.0 ^ turn).times_prime());
    let words = (0..10).map(|n| format!("word {n}")).collect();
    let mut locals = Locals { work: work.0, random, words };
    let mut output = Output { before: vec![], after: vec![], work: format!("{:x}", work.0), answers: vec![] };
    for turn in 0..input.suspends {
        let before = checksums(&buffer, &locals);
        output.before.push(before.clone());
        let answer = ctx.suspend(Form { turn, checksums: before }).await?;
        // By these lines tests count how often the code after a suspension ran.
        ctx.debug(format!("turn {turn} goes on"));
        output.answers.push(answer);
        output.after.push(checksums(&buffer, &locals));
        locals.words.push(format!("{:x}", locals.random.next()));
    }
    Ok(output)
}

fn checksums(buffer: &[u8], locals: &Locals) -> Checksums {
    let mut rest = Fnv::START.over(&locals.work.to_le_bytes()).over(&locals.random.0.to_le_bytes());
    for word in &locals.words {
        rest = rest.over(word.as_bytes());
    }
    Checksums { buffer: format!("{:x}", Fnv::START.over(buffer).0), locals: format!("{:x}", rest.0) }
}

/// FNV-1a, 64 bits.
#[derive(Clone, Copy)]
struct Fnv(u64);

impl Fnv {
    const START: Self = Self(0xcbf2_9ce4_8422_2325);

    fn times_prime(self) -> Self {
        Self(self.0.wrapping_mul(0x0100_0000_01b3))
    }

    fn over(self, bytes: &[u8]) -> Self {
        bytes.iter().fold(self, |sum, &byte| Self(sum.0 ^ u64::from(byte)).times_prime())
    }
}

/// Marsaglia's xorshift64, so that no compressor finds anything.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn fill(&mut self, len: usize) -> Vec<u8> {
        let mut buffer = vec![0; len];
        for word in buffer.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            word.copy_from_slice(&bytes[..word.len()]);
        }
        buffer
    }
}

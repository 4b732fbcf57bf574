//! Guests in text, of which an attack changes some parts.

use reentry::wasm::{ComponentizeOptions, Encoding, componentize};
use wit_component::{StringEncoding, embed_component_metadata};

/// Parts of a guest with one step `it`, which asks with its input and completes with the answer. What is empty does
/// nothing.
#[derive(Clone, Copy)]
pub(crate) struct Guest {
    /// Imports of the core module.
    pub(crate) imports: &'static str,
    /// What else the module has: functions, tables, data.
    pub(crate) more: &'static str,
    /// Pages of its memory, and how many it may have.
    pub(crate) pages: &'static str,
    /// What it does before it gives memory for what the host lays down: `$old`, `$had`, `$align`, `$bytes`.
    pub(crate) realloc: &'static str,
    /// What it does before it describes itself. The descriptor is at 64.
    pub(crate) describe: &'static str,
    /// What it does before it asks. Its argument is at `$call`, its result at 1024, and the wait at 1152.
    pub(crate) start: &'static str,
    /// What it does before it completes. Its result is at 1536.
    pub(crate) resume: &'static str,
    /// How texts are laid down.
    pub(crate) encoding: Encoding,
    /// Whether it imports WASI.
    pub(crate) wasi: bool,
}

pub(crate) const ASKS: Guest = Guest {
    imports: "",
    more: "",
    pages: "1",
    realloc: "",
    describe: "",
    start: "",
    resume: "",
    encoding: Encoding::Utf8,
    wasi: false,
};

/// Completes with the input, when a guest starts with this.
pub(crate) const COMPLETES: &str = "(i32.store8 (i32.const 1032) (i32.const 0))
  (i32.store (i32.const 1036) (i32.load offset=96 (local.get $call)))
  (i32.store (i32.const 1040) (i32.load offset=100 (local.get $call)))
  (return (i32.const 1024))";

/// A step that says so is re-entered: nothing is kept of it.
pub(crate) const RE_ENTERED: &str = "(i32.store8 (i32.const 232) (i32.const 1))";

impl Guest {
    fn text(&self) -> String {
        let Self { imports, more, pages, realloc, describe, start, resume, .. } = self;
        format!(
            r#"(module
  {imports}
  (memory (export "memory") {pages})
  {more}
  (global $heap (mut i32) (i32.const 32768))
  (func (export "cabi_realloc") (param $old i32) (param $had i32) (param $align i32) (param $bytes i32) (result i32)
    {realloc}
    (global.set $heap (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (local.get $bytes))))
  (data (i32.const 16) "\40\00\00\00\01\00\00\00")
  (data (i32.const 32) "{id}")
  (data (i32.const 64) "\20\00\00\00\02\00\00\00")
  (func (export "reentry:step/guest@0.1.0#describe") (result i32)
    (local $n i32)
    {describe}
    (i32.const 16))
  (func (export "reentry:step/guest@0.1.0#start") (param $call i32) (result i32)
    (local $n i32)
    {start}
    (i32.store (i32.const 1168) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1172) (i32.load offset=100 (local.get $call)))
    (i32.store8 (i32.const 1032) (i32.const 2))
    (i32.store (i32.const 1036) (i32.const 1152))
    (i32.store (i32.const 1040) (i32.const 1))
    (i32.const 1024))
  (func (export "reentry:step/guest@0.1.0#resume") (param $call i32) (result i32)
    (local $n i32)
    {resume}
    (local.set $n (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1548) (i32.load offset=16 (local.get $n)))
    (i32.store (i32.const 1552) (i32.load offset=20 (local.get $n)))
    (i32.const 1536)))"#,
            id = match self.encoding {
                Encoding::Utf16 => r"i\00t\00",
                _ => "it",
            },
        )
    }

    /// The bytes of the component.
    pub(crate) fn component(&self) -> Vec<u8> {
        let text = self.text();
        let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        if self.wasi {
            with_wasi(&mut module);
        }
        componentize(&module, ComponentizeOptions::default().encoding(self.encoding)).unwrap()
    }
}

/// Says that a module imports parts of WASI.
fn with_wasi(module: &mut Vec<u8>) {
    const WIT: &str = "
        package test:it;
        world it {
            include reentry:step/step@0.1.0;
            import wasi:io/poll@0.2.0;
            import wasi:clocks/monotonic-clock@0.2.0;
            import wasi:random/random@0.2.0;
        }
        package wasi:io@0.2.0 { interface poll { resource pollable { block: func(); } } }
        package wasi:random@0.2.0 { interface random { get-random-bytes: func(len: u64) -> list<u8>; } }
        package wasi:clocks@0.2.0 {
            interface monotonic-clock {
                use wasi:io/poll@0.2.0.{pollable};
                subscribe-duration: func(when: u64) -> pollable;
            }
        }
    ";
    let mut resolve = wit_parser::Resolve::default();
    resolve.push_str("step.wit", include_str!("../../wit/step.wit")).unwrap();
    let package = resolve.push_str("it.wit", WIT).unwrap();
    let world = resolve.select_world(&[package], Some("it")).unwrap();
    embed_component_metadata(module, &resolve, world, StringEncoding::UTF8).unwrap();
}

//! Guests in WAT: what is special to a test is a few lines; the rest of the contract is here.

use reentry_wasm::{ComponentizeOptions, componentize};

/// A step `it` whose `start` suspends with what `$start` returns, and whose `resume` completes with what `$resume`
/// returns, or suspends with it if it is negative. `body` defines the two, `(func $start (result i32))` and `(func
/// $resume (result i32))`, and all they need; its own data is at 4096 and above. A memory of one page is there unless
/// `body` defines a memory called `$memory` itself.
pub(crate) fn component(body: &str) -> Vec<u8> {
    componentize(&core(body, 0), ComponentizeOptions::default()).unwrap()
}

/// The same step, in the mode in which nothing is kept.
pub(crate) fn re_entered(body: &str) -> Vec<u8> {
    componentize(&core(body, 1), ComponentizeOptions::default()).unwrap()
}

/// A component that has another one inside and exports its step, as tools that compose components leave it.
pub(crate) fn composed(inner: &[u8]) -> Vec<u8> {
    let mut outer = wasm_encoder::Component::new();
    let mut imports: Vec<String> = Vec::new();
    // Imports, and the types that they need, come before the first module of what componentizing makes.
    for payload in wasmparser::Parser::new(0).parse_all(inner) {
        let payload = payload.unwrap();
        match &payload {
            wasmparser::Payload::ModuleSection { .. } | wasmparser::Payload::ComponentSection { .. } => break,
            wasmparser::Payload::ComponentImportSection(section) => {
                imports
                    .extend(section.clone().into_iter().map(|import| import.unwrap().name.name.to_owned()));
            }
            _ => {}
        }
        if let Some((id, range)) = payload.as_section() {
            outer.section(&wasm_encoder::RawSection { id, data: &inner[range] });
        }
    }
    let id = wasm_encoder::ComponentSectionId::Component.into();
    outer.section(&wasm_encoder::RawSection { id, data: inner });
    let mut instances = wasm_encoder::ComponentInstanceSection::new();
    let kind = wasm_encoder::ComponentExportKind::Instance;
    let arguments: Vec<_> = (0u32..).zip(&imports).map(|(k, name)| (name.as_str(), kind, k)).collect();
    instances.instantiate(0, arguments);
    outer.section(&instances);
    let mut aliases = wasm_encoder::ComponentAliasSection::new();
    let instance = u32::try_from(imports.len()).unwrap();
    aliases.alias(wasm_encoder::Alias::InstanceExport { instance, kind, name: "reentry:step/guest@0.1.0" });
    outer.section(&aliases);
    let mut exports = wasm_encoder::ComponentExportSection::new();
    exports.export("reentry:step/guest@0.1.0", kind, instance + 1, None);
    outer.section(&exports);
    outer.finish()
}

/// The same step, which can move to another version. `body` defines beside the two what is exported, `(func $export
/// (result i32))`, and what is done with it, `(func $import (param i32) (result i32))`, which gives the payload to
/// wait with.
pub(crate) fn migratable(body: &str) -> Vec<u8> {
    let options = ComponentizeOptions::default().world("migratable-step");
    componentize(&core(&format!("{body}{MIGRATION}"), 0), options).unwrap()
}

/// The state that crosses is a number.
const MIGRATION: &str = r#"
  (func (export "reentry:step/migration@0.1.0#export-state") (result i32)
    (local $text i32)
    (local.set $text (call $print (call $export)))
    (memory.fill (i32.const 2048) (i32.const 0) (i32.const 64))
    (i32.store (i32.const 2056) (local.get $text))
    (i32.store (i32.const 2060) (i32.sub (i32.const 1040) (local.get $text)))
    (i32.const 2048))
  ;; The argument: the invocation of 104 bytes, then the text. The result, at 2048: ok, one wait at 2560, wake any.
  (func (export "reentry:step/migration@0.1.0#import-state") (param $call i32) (result i32)
    (drop (call $suspended (call $import
      (call $parse (i32.load offset=104 (local.get $call)) (i32.load offset=108 (local.get $call))))))
    (i32.store (i32.const 2056) (i32.const 2560))
    (i32.store (i32.const 2060) (i32.const 1))
    (i32.store (i32.const 2064) (i32.const 0))
    (i32.const 2048))
  (func $parse (param $at i32) (param $length i32) (result i32)
    (local $number i32)
    (loop $digit
      (local.set $number (i32.add (i32.mul (local.get $number) (i32.const 10))
        (i32.sub (i32.load8_u (local.get $at)) (i32.const 48))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $digit (local.tee $length (i32.sub (local.get $length) (i32.const 1)))))
    (local.get $number))"#;

pub(crate) fn core(body: &str, resume_mode: u32) -> Vec<u8> {
    wat::parse_str(text(body, resume_mode)).unwrap_or_else(|error| panic!("{error}"))
}

fn text(body: &str, resume_mode: u32) -> String {
    // Imports must come first; bodies bring them in lines of their own.
    let (imports, rest): (Vec<&str>, Vec<&str>) =
        body.lines().partition(|line| line.trim_start().starts_with("(import"));
    let memory = if defines_memory(body) { "" } else { "(memory $memory 1)" };
    format!(
        r#"(module
  {imports}
  {memory}
  (export "memory" (memory $memory))
  {rest}
  ;; Arguments are laid down from 32 KiB on, by a pointer that only moves up.
  (global $heap (mut i32) (i32.const 32768))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.set $heap (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (local.get 3))))

  ;; At 16: list of one descriptor, which is at 64; its id is at 32.
  (data (memory $memory) (i32.const 16) "\40\00\00\00\01\00\00\00")
  (data (memory $memory) (i32.const 32) "it")
  (data (memory $memory) (i32.const 64) "\20\00\00\00\02\00\00\00")
  (func (export "reentry:step/guest@0.1.0#describe") (result i32)
    (i32.store8 (i32.const 232) (i32.const {resume_mode}))
    (i32.const 16))

  ;; Writes a number as text that ends at 1040; returns where it begins.
  (func $print (param $n i32) (result i32)
    (local $at i32)
    (local.set $at (i32.const 1040))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
      (local.set $n (i32.div_u (local.get $n) (i32.const 10)))
      (br_if $digit (local.get $n)))
    (local.get $at))

  ;; At 2048 the result: ok, suspended, one wait at 2560, wake any. The wait: id 0, an answer with this payload.
  (func $suspended (param $n i32) (result i32)
    (local $text i32)
    (memory.fill (i32.const 2048) (i32.const 0) (i32.const 1024))
    (local.set $text (call $print (local.get $n)))
    (i32.store (i32.const 2576) (local.get $text))
    (i32.store (i32.const 2580) (i32.sub (i32.const 1040) (local.get $text)))
    (i32.store8 (i32.const 2056) (i32.const 2))
    (i32.store (i32.const 2060) (i32.const 2560))
    (i32.store (i32.const 2064) (i32.const 1))
    (i32.const 2048))

  ;; At 2048 the result: ok, completed, this text.
  (func $completed (param $n i32) (result i32)
    (local $text i32)
    (memory.fill (i32.const 2048) (i32.const 0) (i32.const 64))
    (local.set $text (call $print (local.get $n)))
    (i32.store (i32.const 2060) (local.get $text))
    (i32.store (i32.const 2064) (i32.sub (i32.const 1040) (local.get $text)))
    (i32.const 2048))

  (func (export "reentry:step/guest@0.1.0#start") (param i32) (result i32)
    (call $suspended (call $start)))
  (func (export "reentry:step/guest@0.1.0#resume") (param i32) (result i32)
    (local $n i32)
    (if (result i32) (i32.lt_s (local.tee $n (call $resume)) (i32.const 0))
      (then (call $suspended (i32.sub (i32.const 0) (local.get $n))))
      (else (call $completed (local.get $n))))))
"#,
        imports = imports.join("\n  "),
        rest = rest.join("\n  "),
    )
}

/// Whether a body has `(memory $memory` followed by a size: a definition, and not a data segment's place.
fn defines_memory(body: &str) -> bool {
    body.split("(memory $memory ").skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

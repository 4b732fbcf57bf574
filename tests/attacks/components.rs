//! Components that are hostile before anything of them runs, and while they are added. Bombs that take time and memory
//! to look at are tried in a process that has little of both: `host/wasm/tests/admit/confined.rs`.

use reentry::wasm::Encoding;
use reentry_tests::guests::root;

use crate::guest::{ASKS, Guest, RE_ENTERED};
use crate::guests::leaked;
use crate::stage::{COMPONENT_BYTES, Stage, answer, input, open, times, wanted};

/// A name, what is added, and what it is told: part of the message of `component-refused`, or nothing if it is let in.
type Attack = (&'static str, fn() -> Vec<u8>, &'static str);

const ATTACKS: &[Attack] = &[
    ("a_001_nothing", Vec::new, "it does not begin like a WebAssembly component"),
    ("a_001_one_byte", || vec![0], "it does not begin like a WebAssembly component"),
    ("a_001_a_header_alone", || wat("(component)"), "does not fit the world"),
    ("a_005_a_program", || b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec(), "it does not begin like"),
    ("a_005_an_archive", || b"!<arch>\n".to_vec(), "it does not begin like"),
    ("a_006_text", || b"(component)".to_vec(), "it does not begin like"),
    ("a_007_a_contract_to_come", || renamed("guest@0.1.0", "guest@0.9.0"), "does not fit the world"),
    ("a_007_a_host_to_come", || importing("reentry:step/host@0.2.0"), "`reentry:step/host@0.2.0` (no grant"),
    ("a_008_other_types", || exporting("(param \"x\" u32)", "(param i32)"), "the guest broke the contract"),
    ("a_009_an_unknown_interface", || importing("evil:thing/all@1.0.0"), "`evil:thing/all@1.0.0` (no grant"),
    ("a_010_a_network", || importing("wasi:http/types@0.2.0"), "`wasi:http/types@0.2.0` (no grant"),
    ("a_011_another_case", || importing("Wasi:cli/stdin@0.2.0"), "not a valid component"),
    ("a_011_a_look_alike", || importing("w\u{430}si:cli/stdin@0.2.0"), "not a valid component"),
    ("a_011_a_longer_package", || importing("wasi:cli-x/stdin@0.2.0"), "`wasi:cli-x/stdin@0.2.0` (no grant"),
    (
        "a_011_a_longer_name",
        || importing("reentry:step/host-x@0.1.0"),
        "`reentry:step/host-x@0.1.0` (no grant",
    ),
    ("a_011_no_version", || importing("reentry:step/host"), "`reentry:step/host` (no grant"),
    ("a_011_a_function_as_an_interface", || wat(r#"(component (import "wasi:cli/x" (func)))"#), "not"),
    (
        "a_011_an_unknown_part_of_what_is_granted",
        || with_function("wasi:cli/every-file@0.2.0", "open"),
        "does not fit the world",
    ),
    (
        "a_011_the_same_name_twice",
        || wat(r#"(component (import "a:b/c" (instance)) (import "a:b/c" (instance)))"#),
        "not a valid component",
    ),
    (
        "a_012_a_version_before",
        || with_function("reentry:step/host@0.1.0-rc", "now"),
        "does not fit the world",
    ),
    ("a_012_a_laxer_version", || with_function("reentry:step/host@0.1.99", "exec"), "does not fit the world"),
    ("a_012_no_number", || importing("reentry:step/host@0.1.x"), "not a valid component"),
    ("a_018_types_that_double", doubling_types, "not a valid component"),
    ("a_017_many_flags", many_flags, "not a valid component"),
    ("a_019_too_many_bytes", || vec![0; COMPONENT_BYTES + 1], "has 8388609 bytes, at most 8388608"),
    ("a_023_a_start_that_does_not_end", || starting("(loop $on (br $on))"), "took longer than 500ms"),
    ("a_023_a_start_that_traps", || starting("unreachable"), "the component could not be instantiated"),
    (
        "a_023_a_start_that_fills_memory",
        || {
            starting(
                "(drop (memory.grow (i32.const 200))) (memory.fill (i32.const 65536) (i32.const 1)
                (i32.const 13000000))",
            )
        },
        "a fresh instance has",
    ),
    ("a_025_describe_does_not_end", || describing("(loop $on (br $on))"), "took longer than 500ms"),
    ("a_025_describe_recurses", recursive_describe, "the call stack overflowed"),
    (
        "a_025_describe_says_much",
        || {
            describing(
                "(drop (memory.grow (i32.const 200))) (i32.store8 (i32.const 72) (i32.const 1))
             (i32.store (i32.const 76) (i32.const 65536)) (i32.store (i32.const 80) (i32.const 10000000))
                 (memory.copy (i32.const 84) (i32.const 72) (i32.const 12))",
            )
        },
        "fuel",
    ),
    ("a_025_describe_names_a_path", || named("../../x", 7), "cannot be the id of a step"),
    ("a_025_describe_names_a_zero", || named("a\\00b", 3), "cannot be the id of a step"),
    ("a_025_describe_names_a_direction", || named(r"\e2\80\aex", 4), "cannot be the id of a step"),
    ("a_027_a_memory_of_four_gigabytes", || Guest { pages: "65536", ..ASKS }.component(), "memory"),
    ("a_027_a_many_memories", many_memories, "memor"),
    (
        "a_027_a_table_of_ten_million",
        || Guest { more: "(table 10000000 funcref)", ..ASKS }.component(),
        "table",
    ),
    (
        "a_028_an_instance_of_itself",
        || wat("(component (component $c) (instance (instantiate 1)))"),
        "the bound `instances`",
    ),
    (
        "a_028_an_instance_of_what_comes_later",
        || wat("(component (alias export 0 \"a\" (func)))"),
        "not a valid",
    ),
    (
        "a_028_an_alias_of_far_outside",
        || wat("(component (component (alias outer 9 0 (type))))"),
        "not a valid",
    ),
    ("a_028_an_alias_of_itself", || wat("(component (alias outer 0 0 (type)))"), "not a valid"),
    (
        "a_033_a_name_kept_for_the_host",
        || Guest { more: "(global (export \"__reentry_x\") i32 (i32.const 1))", ..ASKS }.component(),
        "`__reentry_x`, a name kept for the host",
    ),
    (
        "a_033_a_function_of_a_name_that_is_kept",
        || Guest { more: "(func (export \"__reentry_read\"))", ..ASKS }.component(),
        "`__reentry_read`, a name kept for the host",
    ),
    ("a_050_a_descriptor_in_utf_16", || Guest { encoding: Encoding::Utf16, ..ASKS }.component(), ""),
    (
        "a_066_memory_of_64_bits",
        || Guest { more: "(memory i64 1)", ..ASKS }.component(),
        "not a valid component",
    ),
    ("a_066_threads", || Guest { more: "(memory 1 1 shared)", ..ASKS }.component(), "not a valid component"),
    (
        "a_066_other_page_sizes",
        || Guest { more: "(memory 1 (pagesize 1))", ..ASKS }.component(),
        "not a valid component",
    ),
    ("a_088_no_resume", || exporting("", ""), "does not fit the world"),
];

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn importing(name: &str) -> Vec<u8> {
    wat(&format!(r#"(component (import "{name}" (instance)))"#))
}

fn with_function(interface: &str, name: &str) -> Vec<u8> {
    wat(&format!(r#"(component (import "{interface}" (instance (export "{name}" (func)))))"#))
}

/// The smallest step, in whose bytes one name stands for another of its length.
fn renamed(there: &str, instead: &str) -> Vec<u8> {
    let (mut bytes, there) = (ASKS.component(), there.as_bytes());
    let mut found = 0;
    for at in 0..bytes.len() - there.len() {
        if bytes[at..].starts_with(there) {
            bytes[at..at + there.len()].copy_from_slice(instead.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "the name is nowhere");
    bytes
}

/// The functions of a step but for `resume`, of another type each.
fn exporting(params: &str, core: &str) -> Vec<u8> {
    let resume = if params.is_empty() { "" } else { r#"(export "resume" (func $f))"# };
    wat(&format!(
        r#"(component
  (core module $m (func (export "f") {core}))
  (core instance $i (instantiate $m))
  (func $f {params} (canon lift (core func $i "f")))
  (instance $g (export "describe" (func $f)) (export "start" (func $f)) {resume})
  (export "reentry:step/guest@0.1.0" (instance $g)))"#
    ))
}

fn starting(does: &'static str) -> Vec<u8> {
    let more = leaked(format!("(func $begin {does}) (start $begin)"));
    Guest { more, ..ASKS }.component()
}

fn describing(describe: &'static str) -> Vec<u8> {
    Guest { describe, ..ASKS }.component()
}

fn recursive_describe() -> Vec<u8> {
    let more = "(func $deep (param i64 i64) (result i64)
      (i64.add (call $deep (local.get 1) (local.get 0)) (local.get 0)))";
    Guest { more, describe: "(drop (call $deep (i64.const 1) (i64.const 2)))", ..ASKS }.component()
}

/// The step has this id, which is so many bytes.
fn named(id: &str, length: usize) -> Vec<u8> {
    let more = leaked(format!(r#"(data (i32.const 40) "{id}")"#));
    let stores = "(i32.store (i32.const 64) (i32.const 40)) (i32.store (i32.const 68)";
    let describe = leaked(format!("{stores} (i32.const {length}))"));
    Guest { more, describe, ..ASKS }.component()
}

fn many_memories() -> Vec<u8> {
    let more = "(memory 1) ".repeat(90) + "(memory 200)";
    Guest { more: leaked(more), ..ASKS }.component()
}

fn doubling_types() -> Vec<u8> {
    let levels: String = (1..40).map(|n| format!("(type $t{n} (tuple $t{m} $t{m}))", m = n - 1)).collect();
    wat(&format!("(component (type $t0 (tuple u8 u8)) {levels} (import \"f\" (func (param \"x\" $t39))))"))
}

fn many_flags() -> Vec<u8> {
    let flags: String = (0..65).map(|n| format!("\"f{n}\" ")).collect();
    wat(&format!("(component (type (flags {flags})))"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_components_are_refused_and_nobody_else_notices() {
    let stage = Stage::new().await;
    let mut wrong = Vec::new();
    for (name, make, says) in ATTACKS.iter().filter(|(name, ..)| wanted(name)) {
        let told = match stage.attacker.add_component("hostile", &make()).await {
            Ok(_) => String::new(),
            Err(error) => {
                assert_eq!(error.code(), "component-refused", "{name}: {error}");
                error.to_string()
            }
        };
        stage.tells_nothing(name, &told);
        if !told.contains(says) || told.is_empty() != says.is_empty() {
            wrong.push(format!("{name}: {:?} instead of {says:?}", told));
        }
        stage.bystander_is_served(name).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    stage.ends_unharmed().await;
}

/// Cut anywhere, or with any byte changed, a component is refused, or what is left of it is a whole one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_002_a_component_that_is_cut_or_damaged_anywhere() {
    if !wanted("a_002") {
        return;
    }
    let stage = Stage::new().await;
    let whole = ASKS.component();
    let step = times(41, 1);
    for at in (0..whole.len()).step_by(step) {
        let error = stage.attacker.add_component("cut", &whole[..at]).await.unwrap_err();
        assert_eq!(error.code(), "component-refused", "cut at {at}: {error}");
    }
    for at in (8..whole.len()).step_by(step) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        if let Err(error) = stage.hurried.add_component("damaged", &damaged).await {
            assert_eq!(error.code(), "component-refused", "damaged at {at}: {error}");
        }
    }
    stage.ends_unharmed().await;
}

/// Native code that the host itself made is no component, whoever brings it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_005_compiled_code_of_this_very_host() {
    let stage = Stage::new().await;
    let mut tried = 0;
    for file in std::fs::read_dir(stage.folder.path().join("cache")).unwrap() {
        let code = std::fs::read(file.unwrap().path()).unwrap();
        // With and without what the cache puts before it.
        let elf = code.windows(4).position(|bytes| bytes == b"\x7fELF").unwrap();
        for bytes in [&code[..], &code[elf..]] {
            let error = stage.attacker.add_component("native", bytes).await.unwrap_err();
            assert_eq!(error.code(), "component-refused", "{error}");
            tried += 1;
        }
    }
    assert!(tried > 0, "nothing was compiled");
    stage.ends_unharmed().await;
}

/// A component that says another thing each time it is asked is taken by its first word, in every process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_024_a_component_that_describes_itself_anew_each_time() {
    let stage = Stage::new().await;
    // The id of the step is `i` or `it`, by chance.
    let fickle = Guest {
        imports: r#"(import "reentry:step/host@0.1.0" "random" (func $random (param i32 i32)))"#,
        describe: "(call $random (i32.const 1) (i32.const 1600))
          (i32.store (i32.const 68) (i32.add (i32.const 1)
            (i32.and (i32.const 1) (i32.load8_u (i32.load (i32.const 1600))))))",
        ..ASKS
    };
    let component = stage.attacker.add_component("fickle", &fickle.component()).await.unwrap();
    let said = component.steps()[0].id.clone();
    for _ in 0..8 {
        let again = open(stage.folder.path()).await.tenant(stage.attacker.id().clone());
        let opened = again.component(component.digest()).await.unwrap();
        assert_eq!(opened.steps()[0].id, said);
    }
    let run = stage.workflow_of(&stage.attacker, &component).await.unwrap().new_run().start(input()).await;
    let result = answer(&run.unwrap().run).await.unwrap();
    assert_eq!(result.result.unwrap().text(), "7");
    stage.ends_unharmed().await;
}

/// Tenants add the same bytes at once, and some of them give up in the middle: they are kept once, and work for all
/// whose addition was confirmed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_029_the_same_bytes_at_once_by_several_some_of_whom_give_up() {
    let stage = Stage::new().await;
    let bytes = Guest { describe: RE_ENTERED, ..ASKS }.component();
    let adding: Vec<_> = (0..12)
        .map(|number| {
            let tenant = if number % 2 == 0 { &stage.attacker } else { &stage.hurried }.clone();
            let bytes = bytes.clone();
            (number, tokio::spawn(async move { tenant.add_component("same", &bytes).await }))
        })
        .collect();
    let mut digests = Vec::new();
    for (number, task) in adding {
        if number % 3 == 2 {
            task.abort();
        }
        if let Ok(added) = task.await {
            digests.push(added.unwrap().digest());
        }
    }
    assert!(digests.len() >= 8 && digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
    let database = rusqlite::Connection::open(stage.folder.path().join("reentry.db")).unwrap();
    let kept: u32 = database.query_row("SELECT count(*) FROM components", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 2, "that of the bystander, and this");
    for tenant in [&stage.attacker, &stage.hurried] {
        let component = tenant.component(digests[0]).await.unwrap();
        let run =
            stage.workflow_of(tenant, &component).await.unwrap().new_run().start(input()).await.unwrap().run;
        answer(&run).await.unwrap();
    }
    drop(database);
    stage.ends_unharmed().await;
}

/// What real compilers make is let in by a host that refuses all of the above.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn components_of_real_compilers_are_let_in() {
    let stage = Stage::new().await;
    let file = root().join("target/guests/counter.wasm");
    let Ok(bytes) = std::fs::read(&file) else {
        println!("{} is not built here", file.display());
        return;
    };
    stage.attacker.add_component("counter", &bytes).await.unwrap();
    stage.ends_unharmed().await;
}

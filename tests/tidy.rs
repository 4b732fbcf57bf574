//! Checks on the sources themselves.

use anyhow::Result;
use reentry_tests::guests::root;

#[test]
fn the_sdk_carries_the_contract_word_for_word() -> Result<()> {
    let read = |path: &str| std::fs::read_to_string(root().join(path));
    assert_eq!(read("wit/step.wit")?, read("guest-sdk/rust/wit/step.wit")?, "copy wit/step.wit into the SDK");
    Ok(())
}

#[test]
fn every_file_of_tests_is_part_of_the_binary() -> Result<()> {
    let listed = std::fs::read_to_string(root().join("tests/main.rs"))?;
    for entry in std::fs::read_dir(root().join("tests"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") {
            assert!(listed.contains(&format!("mod {module};")), "tests/main.rs does not list {name}");
        }
    }
    Ok(())
}

#[test]
fn the_example_of_each_sdk_is_the_one_on_its_page() -> Result<()> {
    let examples = [
        ("c", "c", "buy.c"),
        ("cpp", "cpp", "buy.cpp"),
        ("zig", "zig", "step.zig"),
        ("assemblyscript", "ts", "step.ts"),
        ("go", "go", "step.go"),
    ];
    for (sdk, fence, file) in examples {
        let sdk = root().join("guest-sdk").join(sdk);
        let page = std::fs::read_to_string(sdk.join("README.md"))?;
        let example = std::fs::read_to_string(sdk.join("example").join(file))?;
        assert!(
            page.contains(&format!("```{fence}\n{example}```")),
            "{}: README.md does not show example/{file}",
            sdk.display()
        );
    }
    Ok(())
}

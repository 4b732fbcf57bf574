//! Components of real compilers, and how much of each bound they use.

use std::path::Path;

use reentry_wasm::admit;

/// Components that tests are built with; the largest of their kinds.
const REAL: [&str; 7] = [
    "delivery-dates",
    "conformance-python",
    "conformance-starlingmonkey",
    "plain-javascript",
    "conformance-go",
    "invoice-check",
    "conformance-javascript",
];

#[test]
fn what_real_compilers_make_uses_at_most_half_of_each_bound() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/guests");
    let (mut seen, mut tight) = (0, Vec::new());
    for name in REAL {
        let Ok(bytes) = std::fs::read(folder.join(format!("{name}.wasm"))) else {
            println!("{name}: not built here");
            continue;
        };
        seen += 1;
        let admission = admit(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        println!("{name}: {} bytes, {} looked at", bytes.len(), admission.looked_at);
        for (bound, used) in admission.used() {
            let row = bound.row();
            println!("  {:16} {used:>10} of {:>10} ({} %)", row.name, row.at_most, used * 100 / row.at_most);
            if used * 2 > row.at_most {
                tight.push(format!("{name} uses {used} of {} {}", row.at_most, row.what));
            }
        }
    }
    assert!(tight.is_empty(), "{}", tight.join("\n"));
    assert!(seen > 0 || std::env::var_os("CI").is_none(), "no guest is built");
}

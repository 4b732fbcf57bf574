//! Rust types and calls generated from wit/step.wit. Nothing outside this crate sees them: see `convert`.

#![allow(missing_docs, reason = "generated; wit/step.wit says what everything is")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "migratable-step",
    imports: {
        "reentry:step/host.step-result": async | trappable,
        "reentry:step/host.cancelled": async | trappable,
        default: trappable,
    },
    exports: { default: async },
});

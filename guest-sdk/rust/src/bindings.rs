//! The contract in `wit/step.wit` as Rust types and calls, generated. Nothing here is written by hand,
//! and nothing outside this file is unsafe.
#![allow(missing_docs, unreachable_pub, unsafe_code)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

wit_bindgen::generate!({
    path: "wit",
    world: "migratable-step",
    pub_export_macro: true,
    export_macro_name: "__export_guest",
    default_bindings_module: "reentry_step::__private::bindings",
    additional_derives: [PartialEq],
});

//! Generates the Kotlin and Swift bindings from the built `fieldpost-ffi` library.
//!
//! A crate of its own, so that the generator and what it needs never reach the library that apps ship. Its version is
//! the scaffolding's by the workspace's exact pin; another version's output would not load. `cargo xtask test` runs it:
//!
//! ```text
//! uniffi-bindgen generate libfieldpost_ffi.so --language kotlin --no-format --out-dir bindings/kotlin/generated
//! ```

fn main() {
    uniffi::uniffi_bindgen_main()
}

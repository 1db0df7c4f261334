//! What Kotlin and Swift see of fieldpost: UniFFI scaffolding by proc macros.
//!
//! Owns the shape of the door as other languages meet it. Never holds logic, state or a decision of its own: everything
//! is handed to the core, which knows nothing of UniFFI. Files cross as paths, never as bytes. Calls are synchronous:
//! moving what takes time off the main thread is for `bindings/kotlin` and `bindings/swift`, in their languages' ways.
//!
//! The generator is a crate of its own, `bindings/uniffi-bindgen`; what it names things in each language stands in
//! `uniffi.toml` beside this crate. Doc comments here become the doc comments there.

uniffi::setup_scaffolding!();

/// The version of the native library.
///
/// For support: bindings that were generated from another interface refuse to load by themselves.
#[uniffi::export]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

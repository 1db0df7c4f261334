//! What Kotlin and Swift see of fieldpost: UniFFI scaffolding by proc macros.
//!
//! Owns the shape of the door as other languages meet it. Never holds logic, state or a decision of its own: everything
//! is handed to the core, which knows nothing of UniFFI. Files cross as paths, never as bytes. Calls are synchronous:
//! moving what takes time off the main thread is for `bindings/kotlin` and `bindings/swift`, in their languages' ways.
//!
//! * `values` ids, times, sizes, paths: plain values that each language shows in a type of its own.
//! * `item`, `account`, `check` what the core tells, `capture` what it is given.
//! * `error` what an app can act on.
//! * `keeping` how long files stay, `export` what is rescued.
//! * `outbox` the one object, `deliver` its delivery, `events` what it tells, `person` what people answer.
//! * `remote` what a system holds, asked at once; `tokens` how both ask for tokens.
//!
//! A core type whose fields cross as they are is described again (`#[uniffi::remote]`), so that it needs no conversion
//! and a forgotten field does not compile; where one has to change on the way there is a mirror with a `From`. Counts are
//! signed, as both languages want them.
//!
//! The generator is a crate of its own, `bindings/uniffi-bindgen`; what it names things in each language stands in
//! `uniffi.toml` beside this crate. Doc comments here become the doc comments there.

mod account;
mod capture;
mod check;
#[cfg(feature = "reqwest")]
mod deliver;
mod error;
mod events;
mod export;
mod item;
mod keeping;
mod outbox;
mod person;
#[cfg(feature = "reqwest")]
mod remote;
#[cfg(feature = "reqwest")]
mod tokens;
mod values;
#[cfg(test)]
#[cfg(feature = "reqwest")]
mod world;

pub use account::{Account, AccountInfo, Capabilities};
pub use capture::{Cap, Capture, Source};
pub use check::CheckReport;
#[cfg(feature = "reqwest")]
pub use deliver::{Deliver, Http, StopSignal, Summary};
pub use error::NativeError;
pub use events::{Event, Listener, ListenerError, Listening};
pub use export::{Export, Exported, export_undelivered};
pub use item::{Item, Sent, Status};
pub use keeping::Keep;
pub use outbox::NativeOutbox;
pub use person::{Repair, Settlement};
#[cfg(feature = "reqwest")]
pub use remote::{Download, RemoteEntry, RemoteList};
#[cfg(feature = "reqwest")]
pub use tokens::TokenListener;
pub use values::Span;

uniffi::setup_scaffolding!();

/// The version of the native library.
///
/// For support: bindings that were generated from another interface refuse to load by themselves.
#[uniffi::export]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

//! Photos under a byte cap: any picture in, an upright one out that fits, and never a byte over.
//!
//! One seam, [`fit`], file to file, under a [`Policy`] (what the output must be) and a [`Control`] (what it may cost, and
//! how to stop it). What a file is, [`sniff`] tells from its first bytes.
//!
//! ```text
//! source --sniff--> JPEG --good enough?--yes--> the same bytes
//!                    |           | no
//!                    |           v
//!                    |   jpeg (rows of planes, scaled) --> resample --> planes, upright --> encode (search by counting, write)
//!                    |                                                    ^
//!                    other kinds --> decoded whole, within the budget ----+--> PNG, where that is better
//! ```
//!
//! The crate knows nothing of outboxes, accounts or the network, reads no clock, never alters a source, never syncs a
//! file and never logs. JPEG, PNG, WebP, GIF (the first frame), BMP and TIFF are decoded; HEIC and AVIF are recognised.
//!
//! With the feature `synthetic` the module `synthetic` makes photographs to try it on.

mod colour;
mod control;
mod decode;
mod encode;
mod error;
mod fit;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod jpeg;
mod metadata;
mod other;
mod photo;
mod pixels;
mod planes;
mod png;
mod policy;
mod resample;
mod sniff;
#[cfg(feature = "synthetic")]
pub mod synthetic;
mod transcode;
mod under;

pub use control::{Control, DEFAULT_MEMORY};
pub use error::FitError;
pub use fit::{Fitted, Format, Source, fit, fit_stream};
pub use policy::{ExifPolicy, Policy, ProfilePolicy, QualityRange};
pub use sniff::{ContentType, SNIFF_LEN, sniff};

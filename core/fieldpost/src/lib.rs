//! Offline-first outbox for field technicians' photos, signatures and documents.

mod capture;
mod disk;
mod model;
mod prepare;
mod providers;
mod store;
mod transport;

pub use capture::{Capture, Document, Photo, Signature, SourceError, Text};
pub use disk::{Disk, Held, Lock, Reader, Writer};
pub use model::*;
pub use transport::{BodyFile, Secret, Transfer, TransferId};

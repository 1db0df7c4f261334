//! How a sandbox is started, and what it says once it listens.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::dialect::Dialect;
use crate::provider::Provider;

/// How a sandbox is started. The default: free ports on 127.0.0.1, a folder of its own that goes with it, real time, no TLS.
#[derive(Clone, Debug)]
pub struct Options {
    /// The systems' port; 0 for a free one.
    pub port: u16,
    /// The control's own port, which stays reachable while the network is gone; 0 for a free one.
    pub control_port: u16,
    /// Where accepted files and `ledger.jsonl` are kept; `None` for a temporary folder, removed at the end.
    pub dir: Option<PathBuf>,
    /// The sandbox's time.
    pub clock: Clock,
    /// Serve the systems over TLS (the control never is).
    pub tls: Option<Tls>,
    /// CorrigoPro's "20 MB", in bytes. The page does not say which MB; the default is the larger, 20 x 1,048,576.
    pub corrigo_max_bytes: u64,
    /// Field Nation's "typically 10 MB", in bytes; the default is the larger reading, 10 x 1,048,576.
    pub field_nation_max_bytes: u64,
    /// The answers whose shape the documents leave open.
    pub dialect: Dialect,
    /// What the control API is asked, in this order, before anybody else can ask anything.
    pub posts: Vec<Post>,
}

/// A POST to the control API.
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    /// Below the control's address, such as `/faults`.
    pub path: String,
    /// The body.
    pub body: serde_json::Value,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            control_port: 0,
            dir: None,
            clock: Clock::real(),
            tls: None,
            corrigo_max_bytes: 20 * 1024 * 1024,
            field_nation_max_bytes: 10 * 1024 * 1024,
            dialect: Dialect::default(),
            posts: vec![],
        }
    }
}

/// A certificate chain, end entity first, and its private key (PKCS #8, PKCS #1 or SEC1), all DER.
#[derive(Clone)]
pub struct Tls {
    /// Certificates as DER.
    pub cert_chain: Vec<Vec<u8>>,
    /// The private key as DER.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("certificates", &self.cert_chain.len()).finish_non_exhaustive()
    }
}

/// The first line of `fieldpost sandbox`: where everything is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listening {
    /// Always `listening`.
    pub event: ListeningEvent,
    /// The systems' origin; the page is at `/`.
    pub url: String,
    /// Base of the control API.
    pub control: String,
    /// One account for each system.
    pub accounts: Vec<ListeningAccount>,
}

/// The one value of [`Listening::event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListeningEvent {
    /// The sockets are open.
    Listening,
}

/// What an app needs for an account with a simulated system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListeningAccount {
    /// Which system.
    pub provider: Provider,
    /// The account's base URL.
    pub url: String,
    /// A token that is accepted now.
    pub token: String,
    /// Work orders that take attachments.
    pub work_orders: Vec<String>,
    /// Settings of the account beside the URL, as `account add --set` names them.
    pub settings: BTreeMap<String, String>,
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder, a file in it or a socket.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line of the ledger, not the last, is not the sandbox's own.
    #[error("{path}, line {line}: not a ledger entry ({detail})", path = path.display())]
    Ledger {
        /// The ledger.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Why.
        detail: String,
    },
    /// The control does not take one of [`Options::posts`].
    #[error("{path}: {detail}")]
    Post {
        /// Its path.
        path: String,
        /// What the control says to it.
        detail: String,
    },
    /// The certificate or key.
    #[error("TLS: {0}")]
    Tls(String),
}

impl StartError {
    /// Wraps an I/O error with what was being done.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

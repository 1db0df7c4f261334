//! From the HTTP stack's errors to [`Failure`]: the one place that looks into them. Their texts are never kept, they hold addresses.
//!
//! | where | what it was | failure |
//! |---|---|---|
//! | before the request | the name could not be resolved | `Dns` |
//! | | took too long | `TimedOut` |
//! | | a TLS error; broken while shaking hands | `Tls` |
//! | | refused | `Refused` |
//! | | all else: no route, firewall, proxy | `Unreachable` |
//! | after | the peer's TLS alert (TLS 1.3 refuses a client only then) | `Tls` |
//! | | the kernel gave up waiting for acknowledgements | `TimedOut` |
//! | | all else: reset, ended early, no HTTP | `Broken` |

use std::error::Error;
use std::io::{self, ErrorKind};

use crate::model::Failure;

/// A failure, and whether the request may have left when it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) failure: Failure,
    pub(super) requested: bool,
}

impl Trouble {
    /// `failure`, at a time when nobody can tell whether the request had left.
    pub(super) fn after_request(failure: Failure) -> Self {
        Trouble { failure, requested: true }
    }
}

/// Why a request has no answer.
pub(super) fn of_request(error: &reqwest::Error) -> Trouble {
    if error.is_connect() {
        Trouble { failure: while_connecting(error), requested: false }
    } else if error.is_builder() {
        Trouble { failure: Failure::Broken, requested: false }
    } else {
        of_answer(error)
    }
}

/// Why an answer did not arrive whole.
pub(super) fn of_answer(error: &reqwest::Error) -> Trouble {
    let alert = causes(error).any(|cause| matches!(tls(cause), Some(rustls::Error::AlertReceived(_))));
    Trouble::after_request(if alert {
        Failure::Tls
    } else if error.is_timeout() {
        Failure::TimedOut
    } else {
        Failure::Broken
    })
}

fn while_connecting(error: &reqwest::Error) -> Failure {
    if error.is_dns() {
        Failure::Dns
    } else if causes(error).any(|cause| tls(cause).is_some()) {
        Failure::Tls
    } else if error.is_timeout() {
        Failure::TimedOut
    } else {
        // The innermost: those around it are wrappers of the kind `Other`.
        let innermost = causes(error).filter_map(|cause| cause.downcast_ref()).last();
        innermost.map_or(Failure::Unreachable, of_io)
    }
}

fn of_io(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::ConnectionRefused => Failure::Refused,
        ErrorKind::TimedOut => Failure::TimedOut,
        // Before a request, only a connected socket breaks like this: in the handshake.
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Failure::Tls,
        _ => Failure::Unreachable,
    }
}

fn tls<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    cause.downcast_ref()
}

/// `error` and all that caused it. An `io::Error` hides what it wraps from `source`, which skips to that one's own source.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map_or_else(|| error.source(), |wrapped| Some(wrapped as &(dyn Error + 'static)))
    })
}

//! Field Nation's errors, in the shapes that its pages show.

use std::io;

use crate::answer::{Reply, array, object, value};
use crate::dialect::{Dialect, ErrorShape, TokenRefusal};

const VALID_TOKEN: &str = "You must provide a valid OAuth token to make a request";
/// What `agent.backoffMs` says where nothing else does.
const BACKOFF_MS: u64 = 1000;

/// Why a request is not done.
#[derive(Debug)]
pub(super) enum Stop {
    /// It is refused.
    Refused(Refusal),
    /// The sandbox could not.
    Disk(io::Error),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for Stop {
    fn from(e: io::Error) -> Self {
        Self::Disk(e)
    }
}

/// A refusal, whatever its shape.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn of(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::of(400, "VALIDATION_FAILED", message)
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self::of(403, "FORBIDDEN", message)
    }

    pub(super) fn missing(message: &str) -> Self {
        Self::of(404, "NOT_FOUND", message)
    }

    pub(super) fn too_large() -> Self {
        Self::of(413, "FILE_SIZE_EXCEEDED", "The file is larger than files may be")
    }

    /// In the dialect's shape; a file's size is a problem in any.
    pub(super) fn reply(&self, dialect: &Dialect) -> Reply {
        let (status, message) = (value(&self.status), value(&self.message));
        match dialect.field_nation.errors {
            _ if self.status == 413 => self.problem(None),
            ErrorShape::Problem => self.problem(None),
            ErrorShape::Status => Reply::json(self.status, object(&[("status", status), ("message", message)], 1)),
            ErrorShape::StatusCode => {
                Reply::json(self.status, object(&[("status_code", status), ("message", message)], 1))
            }
            ErrorShape::Successful => {
                Reply::json(self.status, r#"{"status": 500, "message": "Operation successful."}"#.to_owned())
            }
        }
    }

    fn problem(&self, backoff_ms: Option<u64>) -> Reply {
        let action = match self.status {
            400 | 401 if self.message == VALID_TOKEN => "reauthenticate",
            429 => "retry",
            _ => "fix_request",
        };
        let mut agent = vec![("action", value(action)), ("maxAttempts", value(&5))];
        if let Some(wait) = backoff_ms {
            agent.push(("backoffMs", value(&wait)));
        }
        let body = object(
            &[
                ("type", value("about:blank")),
                ("title", value(self.code)),
                ("status", value(&self.status)),
                ("detail", value(&self.message)),
                ("code", value(self.code)),
                ("retryable", value(&(self.status == 429))),
                ("correlationId", value("48b3ada9376a1e95")),
                ("agent", object(&agent, 1)),
                ("errors", array(&[])),
            ],
            1,
        );
        Reply::new(self.status, "application/problem+json", body)
    }
}

/// A token that is missing, unknown or expired: told in words in every shape.
pub(super) fn of_token(dialect: &Dialect) -> Reply {
    let status = match dialect.field_nation.token_refusal {
        TokenRefusal::BadRequest => 400,
        TokenRefusal::Unauthorized => 401,
    };
    let refusal = Refusal::of(status, "INVALID_TOKEN", VALID_TOKEN);
    match dialect.field_nation.errors {
        ErrorShape::Successful => {
            Reply::json(status, object(&[("status", value(&status)), ("message", value(VALID_TOKEN))], 1))
        }
        _ => refusal.reply(dialect),
    }
}

/// 429; `wait` in seconds.
pub(super) fn too_many(wait: Option<u32>) -> Reply {
    let backoff = wait.map_or(BACKOFF_MS, |seconds| u64::from(seconds) * 1000);
    Refusal::of(429, "RATE_LIMIT_EXCEEDED", "Too many requests").problem(Some(backoff))
}

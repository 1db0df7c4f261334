//! The columns of the table: the faults of the sandbox, and what the office does there.

use std::time::Duration;

use fieldpost_sandbox::{Fault, Moment, RetryAfter};

/// Something that goes wrong.
pub(crate) struct Trouble {
    /// Its column's head.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) what: What,
    /// The panel of the table that shows it.
    pub(crate) panel: Panel,
}

/// What goes wrong.
pub(crate) enum What {
    /// A request meets a fault.
    Fault(fn() -> Fault),
    /// The same, while a file is sent that no socket takes in whole.
    WhileLarge(fn() -> Fault),
    /// The office renames the file: before it is looked for, or before it is changed.
    OfficeRenames,
    /// The office deletes it.
    OfficeDeletes,
    /// The work order is not there (any more).
    NoWorkOrder,
    /// The work order takes nothing any more.
    Closed,
}

/// A part of the table that fits a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Panel {
    /// What the network does.
    Network,
    /// What becomes of answers.
    Answers,
    /// What is refused.
    Refusals,
    /// What becomes of the file.
    Files,
}

const fn trouble(panel: Panel, name: &'static str, what: What) -> Trouble {
    Trouble { name, what, panel }
}

const LATE: Duration = Duration::from_secs(15);

fn after(status: u16) -> Fault {
    Fault::status_after(status)
}

/// A 2xx in a shape that no document knows.
fn odd() -> Fault {
    let headers = vec![("content-type".into(), "application/json".into())];
    Fault::Status { status: 200, when: Moment::After, headers, body: r#"{"Result":"fine","Number":7}"#.into() }
}

/// All of them.
pub(crate) const TROUBLES: &[Trouble] = {
    use Panel::{Answers, Files, Network, Refusals};
    use What::{Closed, Fault as Meets, NoWorkOrder, OfficeDeletes, OfficeRenames, WhileLarge};
    &[
        trouble(Network, "unreachable", WhileLarge(|| Fault::Unreachable)),
        trouble(Network, "drop before", WhileLarge(|| Fault::DropBeforeBody)),
        trouble(Network, "drop within", WhileLarge(|| Fault::DropInBody { after_bytes: None })),
        trouble(Network, "drop after", Meets(|| Fault::DropAfterBody)),
        trouble(Network, "portal", Meets(|| Fault::CaptivePortal { redirect: false })),
        trouble(Network, "redirect", Meets(|| Fault::CaptivePortal { redirect: true })),
        trouble(Network, "slow", Meets(|| Fault::Slow { bytes_per_second: 100_000 })),
        trouble(Answers, "lost", Meets(|| Fault::LoseAnswer)),
        trouble(Answers, "cut", Meets(|| Fault::TruncateAnswer { keep_bytes: None })),
        trouble(Answers, "half", Meets(|| Fault::HalfAnswer)),
        trouble(Answers, "silence", Meets(|| Fault::Silence)),
        trouble(Answers, "late, 504", Meets(|| Fault::AcceptLate { after: LATE, status: Some(504) })),
        trouble(Answers, "late, lost", Meets(|| Fault::AcceptLate { after: LATE, status: None })),
        trouble(Answers, "500 after", Meets(|| after(500))),
        trouble(Answers, "204 after", Meets(|| after(204))),
        trouble(Answers, "odd 200", Meets(odd)),
        trouble(Refusals, "400", Meets(|| Fault::status_before(400))),
        trouble(Refusals, "401", Meets(|| Fault::Unauthorized { until_token_changes: false })),
        trouble(Refusals, "403", Meets(|| Fault::status_before(403))),
        trouble(Refusals, "404", Meets(|| Fault::status_before(404))),
        trouble(Refusals, "409", Meets(|| Fault::status_before(409))),
        trouble(Refusals, "413", Meets(|| Fault::status_before(413))),
        trouble(Refusals, "429", Meets(|| Fault::TooManyRequests { retry_after: RetryAfter::Seconds(90) })),
        trouble(Refusals, "500", Meets(|| Fault::status_before(500))),
        trouble(Refusals, "503", Meets(|| Fault::status_before(503))),
        trouble(Refusals, "no order", NoWorkOrder),
        trouble(Refusals, "closed", Closed),
        trouble(Files, "wrong hash", Meets(|| Fault::WrongHash)),
        trouble(Files, "wrong size", Meets(|| Fault::WrongSize)),
        trouble(Files, "corrupted", Meets(|| Fault::Corrupted)),
        trouble(Files, "renamed", Meets(|| Fault::Renamed { to: None })),
        trouble(Files, "twice", Meets(|| Fault::AcceptTwice)),
        trouble(Files, "listed twice", Meets(|| Fault::DuplicateListing)),
        trouble(Files, "listed late", Meets(|| Fault::ListLate { after: LATE })),
        trouble(Files, "office renames", OfficeRenames),
        trouble(Files, "office deletes", OfficeDeletes),
    ]
};

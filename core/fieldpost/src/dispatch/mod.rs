//! The delivery rules: pure functions over rows, answers and `Now`. No I/O, no clock, no lock; chance is handed in.
//!
//! ```text
//!  captured --prepare--> queued --send--> sending --proof in the answer--> delivered (receipt)
//!                          ^                 |
//!                          |                 +-- proved not processed --> queued, its account waits
//!                          |                 +-- token refused ---------> queued, its account wants a token (no attempt spent)
//!                          |                 +-- in doubt, or killed ---> verifying --found--> delivered
//!                          |                 |                              |  \--proved absent, list trusted--> queued (waits)
//!                          |                 |                              |  \--cannot tell, 3 times--> blocked (outcome_unknown)
//!                          |                 |                              \--absent, list not trusted yet--> absent
//!                          |                 +-- refused in its own words -> blocked
//!                          +------ retry / repair / settle / the probe of an untrusted list --'
//!  cancelled: from any state before delivered, once no doubt is left
//!
//!  an update or a deletion: queued --send--> sending --proof--> delivered; in doubt --> queued (waits), the same once more
//! ```
//!
//! * [`next`] chooses what to do: which account, which item, look or send.
//! * [`answer`] decides what an operation's outcome does to its item and its account.
//! * [`look`] decides what a look does to each doubt that it served.
//! * [`person`] decides what a person's answer does: retry, cancel, repair, settle.
//! * [`why`] tells the reason of what is not delivered.
//!
//! Each changes the rows it is handed; the engine commits them in one transaction, with the journal line that goes before.

pub(crate) mod answer;
pub(crate) mod backoff;
#[cfg(test)]
pub(crate) mod examples;
pub(crate) mod look;
pub(crate) mod next;
pub(crate) mod person;
pub(crate) mod why;

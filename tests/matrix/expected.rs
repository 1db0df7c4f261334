//! What each cell has to end as: written down from the tables of the core's `providers::outcome` and from the rules of looking,
//! a line for each operation and fault, then the exceptions of single systems, each with its reason.
//!
//! `first` is what a person is shown after the delivery that met the fault, `last` is the end: `delivered` by the answer to the
//! first try, `found` by a look after one try, `again` by the answer to a later try, else what a person is shown. `copies`
//! is how often the system has accepted it from us: once, but where the line says otherwise.

use std::fmt;

use fieldpost_sandbox::Provider::{self, CorrigoPro, Decisiv, DigitalRealty, FieldNation, Serial};

use crate::rows::Operation::{
    self, Before, Delete, Download, Folder, Get, Link, List, Look, Mkdir, Rmdir, Signature, Text, Update, Upload,
};
use crate::rows::{ROWS, Row};

/// What a cell has to end as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) copies: usize,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}, accepted {} times", self.first, self.last, self.copies)
    }
}

/// The fault, what is shown first, the end, and how often it was accepted.
type Line = (&'static str, &'static str, &'static str, usize);

const BUSY: &str = "waiting server_busy";
const GONE: &str = "waiting unreachable";
const PORTAL: &str = "waiting captive_portal";
const ASKED: &str = "waiting server_asked_to_wait";
const DOUBT_BUSY: &str = "verifying server_busy";
const DOUBT_GONE: &str = "verifying unreachable";
const DOUBT_PORTAL: &str = "verifying captive_portal";
const DOUBT: &str = "verifying looking";
const REFUSED: &str = "blocked refused";
const FORBIDDEN: &str = "blocked forbidden";
const TOO_LARGE: &str = "blocked too_large";
const NO_ORDER: &str = "blocked work_order_missing";
const NO_FOLDER: &str = "blocked folder_missing";
const NO_FILE: &str = "blocked attachment_missing";
const UNKNOWN: &str = "blocked outcome_unknown";
const MISMATCH: &str = "blocked hash_mismatch";
const DONE: &str = "delivered";
const FOUND: &str = "found";
const AGAIN: &str = "again";

/// A file is sent. Not all of it left: it waits and goes again. All of it left: only the list tells.
const UPLOAD: &[Line] = &[
    ("unreachable", GONE, AGAIN, 1),
    ("drop before", GONE, AGAIN, 1),
    ("drop within", GONE, AGAIN, 1),
    ("drop after", DOUBT_GONE, AGAIN, 1),
    ("portal", DOUBT_PORTAL, AGAIN, 1),
    ("redirect", DOUBT_PORTAL, AGAIN, 1),
    ("slow", DONE, DONE, 1),
    ("lost", DONE, FOUND, 1),
    ("cut", DONE, FOUND, 1),
    ("half", DONE, FOUND, 1),
    ("silence", DONE, FOUND, 1),
    ("late, 504", DOUBT_BUSY, FOUND, 1),
    ("late, lost", DOUBT_GONE, FOUND, 1),
    ("500 after", DONE, FOUND, 1),
    ("204 after", DONE, FOUND, 1),
    ("odd 200", DONE, FOUND, 1),
    ("400", DOUBT, REFUSED, 0),
    ("401", DONE, DONE, 1),
    ("403", DOUBT, FORBIDDEN, 0),
    ("404", DOUBT, REFUSED, 0),
    ("409", DOUBT, REFUSED, 0),
    ("413", TOO_LARGE, TOO_LARGE, 0),
    ("429", ASKED, AGAIN, 1),
    ("500", DOUBT_BUSY, AGAIN, 1),
    ("503", DOUBT_BUSY, AGAIN, 1),
    ("no order", DOUBT, NO_ORDER, 0),
    ("wrong hash", DONE, DONE, 1),
    ("wrong size", DONE, DONE, 1),
    ("corrupted", DONE, DONE, 1),
    ("renamed", DONE, DONE, 1),
    ("twice", DONE, DONE, 1),
    ("listed late", DONE, DONE, 1),
    // In doubt, and the office has renamed or deleted it before anybody looked. Deleted is absent: it goes again.
    ("office renames", DOUBT_BUSY, UNKNOWN, 1),
    ("office deletes", DOUBT_BUSY, AGAIN, 2),
];

/// What is read before a file is sent: nothing of it can be there, so nothing is in doubt.
const BEFORE: &[Line] = &[
    ("unreachable", GONE, AGAIN, 1),
    ("drop before", GONE, AGAIN, 1),
    ("drop within", GONE, AGAIN, 1),
    ("drop after", GONE, AGAIN, 1),
    ("portal", PORTAL, AGAIN, 1),
    ("redirect", PORTAL, AGAIN, 1),
    ("slow", DONE, DONE, 1),
    ("lost", GONE, AGAIN, 1),
    ("cut", GONE, AGAIN, 1),
    ("half", BUSY, AGAIN, 1),
    ("silence", GONE, AGAIN, 1),
    ("500 after", BUSY, AGAIN, 1),
    ("204 after", BUSY, AGAIN, 1),
    ("odd 200", BUSY, AGAIN, 1),
    ("400", REFUSED, REFUSED, 0),
    ("401", DONE, DONE, 1),
    ("403", FORBIDDEN, FORBIDDEN, 0),
    ("404", REFUSED, REFUSED, 0),
    ("409", REFUSED, REFUSED, 0),
    ("413", TOO_LARGE, TOO_LARGE, 0),
    ("429", ASKED, AGAIN, 1),
    ("500", BUSY, AGAIN, 1),
    ("503", BUSY, AGAIN, 1),
    ("no order", NO_ORDER, NO_ORDER, 0),
    ("listed twice", DONE, DONE, 1),
];

/// A folder is made: nothing of the file can be there, whatever becomes of it. The next try finds the folder, or makes it.
const FOLDER: &[Line] = &[
    ("drop before", GONE, AGAIN, 1),
    ("drop within", GONE, AGAIN, 1),
    ("drop after", GONE, AGAIN, 1),
    ("portal", PORTAL, AGAIN, 1),
    ("redirect", PORTAL, AGAIN, 1),
    ("slow", DONE, DONE, 1),
    ("lost", GONE, AGAIN, 1),
    ("cut", GONE, AGAIN, 1),
    ("half", DONE, DONE, 1),
    ("silence", GONE, AGAIN, 1),
    ("late, 504", BUSY, AGAIN, 1),
    ("late, lost", GONE, AGAIN, 1),
    ("500 after", BUSY, AGAIN, 1),
    ("204 after", DONE, DONE, 1),
    ("odd 200", DONE, DONE, 1),
    ("400", NO_FOLDER, NO_FOLDER, 0),
    ("401", DONE, DONE, 1),
    ("403", NO_FOLDER, NO_FOLDER, 0),
    ("404", NO_FOLDER, NO_FOLDER, 0),
    ("409", NO_FOLDER, NO_FOLDER, 0),
    ("413", NO_FOLDER, NO_FOLDER, 0),
    ("429", ASKED, AGAIN, 1),
    ("500", BUSY, AGAIN, 1),
    ("503", BUSY, AGAIN, 1),
    ("twice", DONE, DONE, 1),
    ("listed late", BUSY, AGAIN, 1),
];

/// The list that settles a lost answer is read: whatever becomes of it, it is read again, and nothing is sent.
const LOOK: &[Line] = &[
    ("unreachable", DOUBT_GONE, FOUND, 1),
    ("drop before", DOUBT_GONE, FOUND, 1),
    ("drop within", DOUBT_GONE, FOUND, 1),
    ("drop after", DOUBT_GONE, FOUND, 1),
    ("portal", DOUBT_PORTAL, FOUND, 1),
    ("redirect", DOUBT_PORTAL, FOUND, 1),
    ("slow", DONE, FOUND, 1),
    ("lost", DOUBT_GONE, FOUND, 1),
    ("cut", DOUBT_GONE, FOUND, 1),
    // What cannot be read says nothing: the cause of the doubt is shown, which is the lost answer.
    ("half", DOUBT_GONE, FOUND, 1),
    ("silence", DOUBT_GONE, FOUND, 1),
    ("500 after", DOUBT_BUSY, FOUND, 1),
    ("204 after", DOUBT_GONE, FOUND, 1),
    ("odd 200", DOUBT_GONE, FOUND, 1),
    ("400", DOUBT_GONE, FOUND, 1),
    ("401", DONE, FOUND, 1),
    ("403", DOUBT_GONE, FOUND, 1),
    ("404", DOUBT_GONE, FOUND, 1),
    ("409", DOUBT_GONE, FOUND, 1),
    ("413", DOUBT_GONE, FOUND, 1),
    ("429", "verifying server_asked_to_wait", FOUND, 1),
    ("500", DOUBT_BUSY, FOUND, 1),
    ("503", DOUBT_BUSY, FOUND, 1),
    ("listed twice", DONE, FOUND, 1),
];

/// A file is changed there: the same again does no harm, so nobody looks. Accepted twice is the same change twice.
const UPDATE: &[Line] = &[
    ("unreachable", GONE, AGAIN, 1),
    ("drop before", GONE, AGAIN, 1),
    ("drop within", GONE, AGAIN, 1),
    ("drop after", GONE, AGAIN, 1),
    ("portal", PORTAL, AGAIN, 1),
    ("redirect", PORTAL, AGAIN, 1),
    ("slow", DONE, DONE, 1),
    ("lost", GONE, AGAIN, 2),
    ("cut", GONE, AGAIN, 2),
    ("half", BUSY, AGAIN, 2),
    ("silence", GONE, AGAIN, 2),
    ("late, 504", BUSY, AGAIN, 2),
    ("late, lost", GONE, AGAIN, 2),
    ("500 after", BUSY, AGAIN, 2),
    ("204 after", BUSY, AGAIN, 2),
    ("odd 200", BUSY, AGAIN, 2),
    ("400", REFUSED, REFUSED, 0),
    ("401", DONE, DONE, 1),
    ("403", FORBIDDEN, FORBIDDEN, 0),
    ("404", REFUSED, REFUSED, 0),
    ("409", REFUSED, REFUSED, 0),
    ("413", TOO_LARGE, TOO_LARGE, 0),
    ("429", ASKED, AGAIN, 1),
    ("500", BUSY, AGAIN, 1),
    ("503", BUSY, AGAIN, 1),
    ("no order", NO_ORDER, NO_ORDER, 0),
    ("office renames", DONE, DONE, 1),
    ("office deletes", NO_FILE, NO_FILE, 0),
];

/// A file is deleted there: as an update, but for what is not there any more, which is as it was wanted.
const DELETE: &[Line] = &[
    ("unreachable", GONE, AGAIN, 1),
    ("drop before", GONE, AGAIN, 1),
    ("drop within", GONE, AGAIN, 1),
    ("drop after", GONE, AGAIN, 1),
    ("portal", PORTAL, AGAIN, 1),
    ("redirect", PORTAL, AGAIN, 1),
    ("slow", DONE, DONE, 1),
    ("lost", GONE, AGAIN, 1),
    ("cut", GONE, AGAIN, 1),
    ("half", BUSY, AGAIN, 1),
    ("silence", GONE, AGAIN, 1),
    ("late, 504", BUSY, AGAIN, 1),
    ("late, lost", GONE, AGAIN, 1),
    ("500 after", BUSY, AGAIN, 1),
    ("204 after", BUSY, AGAIN, 1),
    ("odd 200", BUSY, AGAIN, 1),
    ("400", REFUSED, REFUSED, 0),
    ("401", DONE, DONE, 1),
    ("403", FORBIDDEN, FORBIDDEN, 0),
    ("404", REFUSED, REFUSED, 0),
    ("409", REFUSED, REFUSED, 0),
    ("413", TOO_LARGE, TOO_LARGE, 0),
    ("429", ASKED, AGAIN, 1),
    ("500", BUSY, AGAIN, 1),
    ("503", BUSY, AGAIN, 1),
    ("no order", NO_ORDER, NO_ORDER, 0),
    ("office renames", DONE, DONE, 1),
    ("office deletes", DONE, DONE, 0),
];

/// A person asks, and asks once more later. What a fault hinders is told, and nothing is queued: nothing of it is accepted.
const ASK: &[Line] = &[
    ("unreachable", "unreachable", DONE, 0),
    ("drop before", "unreachable", DONE, 0),
    ("drop within", "unreachable", DONE, 0),
    ("drop after", "unreachable", DONE, 0),
    ("portal", "captive_portal", DONE, 0),
    ("redirect", "captive_portal", DONE, 0),
    ("slow", DONE, DONE, 0),
    ("lost", "unreachable", DONE, 0),
    ("cut", "unreachable", DONE, 0),
    ("half", "outcome_unknown", DONE, 0),
    ("silence", "unreachable", DONE, 0),
    ("500 after", "server_busy", DONE, 0),
    ("204 after", "outcome_unknown", DONE, 0),
    ("odd 200", "outcome_unknown", DONE, 0),
    ("400", "refused", DONE, 0),
    ("401", DONE, DONE, 0),
    ("403", "forbidden", DONE, 0),
    ("409", "refused", DONE, 0),
    ("413", "refused", DONE, 0),
    ("429", "server_asked_to_wait", DONE, 0),
    ("500", "server_busy", DONE, 0),
    ("503", "server_busy", DONE, 0),
    ("no order", "work_order_missing", "work_order_missing", 0),
    ("office renames", DONE, DONE, 0),
];

/// What there is about a list beside it.
const OF_A_LIST: &[Line] =
    &[("404", "work_order_missing", DONE, 0), ("listed twice", DONE, DONE, 0), ("office deletes", DONE, DONE, 0)];

/// What there is about one attachment.
const OF_ONE: &[Line] =
    &[("404", "attachment_missing", DONE, 0), ("office deletes", "attachment_missing", "attachment_missing", 0)];

/// What there is about a file's bytes: they are compared, so another page than a portal's is another file.
const OF_BYTES: &[Line] = &[
    ("half", "hash_mismatch", DONE, 0),
    ("204 after", "outcome_unknown", DONE, 0),
    ("odd 200", "hash_mismatch", DONE, 0),
];

/// What there is about making a folder: whatever becomes of its answer, the list tells, and it is made once.
const OF_A_FOLDER: &[Line] = &[
    ("unreachable", "unreachable", DONE, 1),
    ("drop before", "unreachable", DONE, 1),
    ("drop within", "unreachable", DONE, 1),
    ("drop after", "unreachable", DONE, 1),
    ("portal", "captive_portal", DONE, 1),
    ("redirect", "captive_portal", DONE, 1),
    ("slow", DONE, DONE, 1),
    ("lost", DONE, DONE, 1),
    ("cut", DONE, DONE, 1),
    ("half", DONE, DONE, 1),
    ("silence", DONE, DONE, 1),
    ("late, 504", "server_busy", DONE, 1),
    ("late, lost", "unreachable", DONE, 1),
    ("500 after", DONE, DONE, 1),
    ("204 after", DONE, DONE, 1),
    ("odd 200", DONE, DONE, 1),
    ("400", "refused", DONE, 1),
    ("401", DONE, DONE, 1),
    ("403", "forbidden", DONE, 1),
    ("404", "work_order_missing", DONE, 1),
    ("409", "refused", DONE, 1),
    ("413", "refused", DONE, 1),
    ("429", "server_asked_to_wait", DONE, 1),
    ("500", "server_busy", DONE, 1),
    ("503", "server_busy", DONE, 1),
    ("no order", "work_order_missing", "work_order_missing", 0),
    ("listed late", "server_busy", DONE, 1),
];

/// Where a system differs from the line of its operation. `None`: it does not happen there.
const EXCEPTIONS: &[(Provider, Operation, &str, Option<Line>)] = &[
    // In CorrigoPro's own words.
    (CorrigoPro, Upload, "no order", Some(("", NO_ORDER, NO_ORDER, 0))),
    (CorrigoPro, Upload, "closed", Some(("", "blocked work_order_closed", "blocked work_order_closed", 0))),
    // No document says how they refuse, so it is a doubt first; Decisiv and Field Nation have no such state.
    (DigitalRealty, Upload, "closed", Some(("", DOUBT, REFUSED, 0))),
    (Serial, Upload, "closed", Some(("", DOUBT, REFUSED, 0))),
    // It tells hashes. One that differs is settled by a download within the upload, and that by a look's.
    (DigitalRealty, Upload, "corrupted", Some(("", DOUBT, MISMATCH, 1))),
    // They tell sizes. One that differs is settled by a look's download at Decisiv; Field Nation documents none.
    (Decisiv, Upload, "wrong size", Some(("", DONE, FOUND, 1))),
    (FieldNation, Upload, "wrong size", Some(("", DOUBT, MISMATCH, 1))),
    // The id stands in the answer's head, which is whole.
    (Decisiv, Upload, "half", Some(("", DONE, DONE, 1))),
    // The answer is the list: what it does not show yet is no proof.
    (Serial, Upload, "listed late", Some(("", DOUBT, FOUND, 1))),
    (FieldNation, Upload, "listed late", Some(("", DOUBT, FOUND, 1))),
    // Two of ours in one answer: only a look tells the surplus.
    (FieldNation, Upload, "twice", Some(("", DONE, FOUND, 1))),
    // Known by nothing but the name: another name is another file, and ours is absent. The one way to be there twice.
    (FieldNation, Upload, "renamed", Some(("", DOUBT, AGAIN, 2))),
    (CorrigoPro, Upload, "office renames", Some(("", DOUBT_BUSY, AGAIN, 2))),
    (Decisiv, Upload, "office renames", Some(("", DOUBT_BUSY, AGAIN, 2))),
    (FieldNation, Upload, "office renames", Some(("", DOUBT_BUSY, AGAIN, 2))),
    // What was deleted stays listed: it is known to have arrived.
    (Serial, Upload, "office deletes", Some(("", DOUBT_BUSY, FOUND, 1))),
    // A text is known by what it says: it has no name to be changed, and no file to be damaged or measured.
    (Serial, Text, "closed", Some(("", DOUBT, REFUSED, 0))),
    (Serial, Text, "listed late", Some(("", DOUBT, FOUND, 1))),
    (Serial, Text, "office renames", Some(("", DOUBT_BUSY, FOUND, 1))),
    (Serial, Text, "office deletes", Some(("", DOUBT_BUSY, FOUND, 1))),
    // It is short: all of it has left before the connection drops, as far as can be told.
    (Serial, Text, "drop before", Some(("", DOUBT_GONE, AGAIN, 1))),
    (Serial, Text, "drop within", Some(("", DOUBT_GONE, AGAIN, 1))),
    // Two that say the same: nobody can tell which is ours.
    (Serial, Text, "twice", Some(("", DOUBT, UNKNOWN, 1))),
    (Serial, Text, "no order", None),
    (Serial, Text, "unreachable", None),
    // Here the list is read first: these are its column `no order`.
    (Serial, Upload, "no order", None),
    (FieldNation, Upload, "no order", None),
    (Serial, Upload, "unreachable", None),
    (FieldNation, Upload, "unreachable", None),
    // It is asked for nothing but the work order.
    (Serial, Before, "404", Some(("", NO_ORDER, NO_ORDER, 0))),
    // A signature is known by its name alone, in a list that no page shows: what is not in it may be there all the same.
    // So small that it is chance whether all of it had left.
    (FieldNation, Signature, "unreachable", None),
    (FieldNation, Signature, "drop before", None),
    (FieldNation, Signature, "drop within", None),
    (FieldNation, Signature, "drop after", Some(("", DOUBT_GONE, UNKNOWN, 0))),
    (FieldNation, Signature, "portal", Some(("", DOUBT_PORTAL, UNKNOWN, 0))),
    (FieldNation, Signature, "redirect", Some(("", DOUBT_PORTAL, UNKNOWN, 0))),
    (FieldNation, Signature, "400", Some(("", DOUBT, UNKNOWN, 0))),
    (FieldNation, Signature, "403", Some(("", DOUBT, UNKNOWN, 0))),
    (FieldNation, Signature, "404", Some(("", DOUBT, UNKNOWN, 0))),
    (FieldNation, Signature, "409", Some(("", DOUBT, UNKNOWN, 0))),
    (FieldNation, Signature, "500", Some(("", DOUBT_BUSY, UNKNOWN, 0))),
    (FieldNation, Signature, "503", Some(("", DOUBT_BUSY, UNKNOWN, 0))),
    (FieldNation, Signature, "no order", Some(("", NO_ORDER, NO_ORDER, 0))),
    (FieldNation, Signature, "renamed", Some(("", DOUBT, UNKNOWN, 1))),
    (FieldNation, Signature, "twice", Some(("", DONE, FOUND, 1))),
    (FieldNation, Signature, "office renames", Some(("", DOUBT_BUSY, UNKNOWN, 1))),
    (FieldNation, Signature, "office deletes", Some(("", DOUBT_BUSY, UNKNOWN, 1))),
    (FieldNation, Signature, "listed late", Some(("", DOUBT, FOUND, 1))),
    // Its 404 does not tell what is missing; and a file that is gone with its work order is gone.
    (FieldNation, Update, "no order", Some(("", NO_FILE, NO_FILE, 0))),
    (FieldNation, Delete, "no order", Some(("", DONE, DONE, 0))),
    // No document tells what a deletion answers: any 2xx in JSON, or without a body.
    (FieldNation, Delete, "204 after", Some(("", DONE, DONE, 1))),
    (FieldNation, Delete, "odd 200", Some(("", DONE, DONE, 1))),
    (FieldNation, Rmdir, "204 after", Some(("", DONE, DONE, 1))),
    (FieldNation, Rmdir, "odd 200", Some(("", DONE, DONE, 1))),
    (FieldNation, Rmdir, "no order", Some(("", DONE, DONE, 0))),
    // The office meddles with files.
    (FieldNation, Rmdir, "office renames", None),
    (FieldNation, Rmdir, "office deletes", None),
    // It is the link that is refused, and that is no matter of our token.
    (CorrigoPro, Download, "401", Some(("", "refused", DONE, 0))),
    (FieldNation, Download, "401", Some(("", "refused", DONE, 0))),
    // Asked for by the case and its own id: a 404 does not tell which.
    (Decisiv, Get, "no order", Some(("", "attachment_missing", "attachment_missing", 0))),
    (Decisiv, Download, "no order", Some(("", "attachment_missing", "attachment_missing", 0))),
];

/// Of several lines about one fault the first counts.
fn lines(operation: Operation) -> &'static [&'static [Line]] {
    match operation {
        Upload | Text | Signature => &[UPLOAD],
        Before => &[BEFORE],
        Folder => &[FOLDER],
        Look => &[LOOK],
        Update => &[UPDATE],
        Delete | Rmdir => &[DELETE],
        List => &[OF_A_LIST, ASK],
        Get | Link => &[OF_ONE, ASK],
        Download => &[OF_BYTES, OF_ONE, ASK],
        Mkdir => &[OF_A_FOLDER],
    }
}

/// What a row has to end as under a fault; `None`: the fault cannot happen there.
pub(crate) fn expected(row: &Row, name: &str) -> Option<Expected> {
    let exception = EXCEPTIONS
        .iter()
        .find(|(system, operation, fault, _)| (*system, *operation, *fault) == (row.system, row.operation, name));
    let line = match exception {
        Some((_, _, _, line)) => *line,
        None => lines(row.operation).iter().copied().flatten().find(|line| line.0 == name).copied(),
    };
    line.map(|(_, first, last, copies)| Expected { first, last, copies })
}

/// The faults that something is written down for.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let operations = ROWS.iter().map(|row| row.operation);
    let all = operations.flat_map(|operation| lines(operation).iter().copied().flatten()).map(|line| line.0);
    all.chain(EXCEPTIONS.iter().map(|(_, _, name, _)| *name))
}

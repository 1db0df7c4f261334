//! `pause` and `resume`: whether delivery may run, for every process and until it is said otherwise.

use serde::Serialize;

use super::{Ended, Session};
use crate::exit::Exit;

/// A line of JSON.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line {
    Paused,
    Resumed,
}

pub(super) fn pause(session: &Session) -> Ended {
    session.outbox()?.pause()?;
    said(session, &Line::Paused, "paused: nothing is sent until 'fieldpost resume'; captures are kept as ever")
}

pub(super) fn resume(session: &Session) -> Ended {
    session.outbox()?.resume()?;
    said(session, &Line::Resumed, "resumed: what waits goes with the next 'fieldpost deliver', or with the app's")
}

fn said(session: &Session, line: &Line, words: &str) -> Ended {
    if session.out.is_json() {
        session.out.object(line)?;
    } else {
        session.out.text(words)?;
    }
    Ok(Exit::Done)
}

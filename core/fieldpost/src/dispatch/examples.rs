//! Rows and answers that the tests of the rules share.

use std::time::Duration;

use super::answer::Context;
use super::backoff::Backoff;
use crate::model::{
    Alone, Bytes, Files, ItemId, Kind, Life, Now, Operation, Original, PreparedBody, Reason, RequestId, Requires, Row,
    Sent, Sha256, Stage, Standing, Timestamp, Trust,
};
use crate::providers::{Doubt, Hold, Outcome};
use crate::store::{Manifest, Target};

pub(crate) fn now(ms: u64) -> Now {
    let wall = Timestamp::from_millis(1_795_255_200_000 + i64::try_from(ms).unwrap());
    Now { wall, mono: Duration::from_millis(1_000_000 + ms), boot: "boot".into() }
}

pub(crate) fn context(now: &Now) -> Context<'_> {
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(5), cap: Duration::from_secs(1800) };
    Context { now, settle: Duration::from_secs(20), backoff: &BACKOFF, chance: u64::MAX / 2 }
}

pub(crate) fn id(n: u8) -> ItemId {
    ItemId::new(Timestamp::from_millis(1_795_255_200_000), [n; 10])
}

/// A document that is ready to go.
pub(crate) fn row() -> Row {
    let id = id(1);
    let facts = (Bytes(4), Sha256([7; 32]));
    let target = Target {
        account: "acme".into(),
        work_order: "10234".into(),
        folder: None,
        stem: "report".into(),
        marker: id.marker(),
        extension: "pdf".into(),
        settings: Default::default(),
        whole: None,
        changes: Default::default(),
    };
    let manifest = Manifest {
        version: 1,
        id,
        operation: Operation::Upload,
        kind: Kind::Document,
        captured_at: Timestamp::from_millis(1_795_255_200_000),
        target: target.clone(),
        caption: None,
        tags: vec![],
        mime: "application/pdf".into(),
        original: Some(Original { bytes: facts.0, sha256: facts.1 }),
        fit: None,
        priority: 0,
        requires: Requires::default(),
        after: None,
        key: None,
        person: None,
        parent: None,
        about: None,
        caption_item: None,
    };
    let sent = Sent { bytes: facts.0, sha256: facts.1, width: None, height: None };
    let life = Life {
        target,
        fit: None,
        mime: "application/pdf".into(),
        body: Some(PreparedBody { file: "original".into(), sent }),
        flags: vec![],
        request_id: RequestId::new([9; 16]),
        attempts: 0,
        failures: 0,
        asked: Requires::default(),
        wish: None,
        about: None,
        alone: Alone::default(),
        restored: None,
        files: Files::Here,
    };
    Row { seq: 1, manifest, priority: 0, held: false, stage: Stage::Queued { why: None }, due: None, life }
}

pub(crate) fn sending() -> Row {
    let mut row = row();
    row.stage = Stage::Sending;
    row.life.attempts = 1;
    row
}

pub(crate) fn trusted() -> Standing {
    Standing { trust: Trust::Trusted, ..Standing::default() }
}

pub(crate) fn hold(reason: Reason) -> Hold {
    Hold { reason, detail: None, asked: None }
}

pub(crate) fn in_doubt(host_ill: bool) -> Outcome {
    Outcome::InDoubt(Doubt { host_ill, ..Doubt::new(Reason::Looking, None) })
}

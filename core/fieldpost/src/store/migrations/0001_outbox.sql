-- The queue. Only what a query needs is a column; the rest of a row is JSON that serde reads, with defaults for what came later.
-- Times are milliseconds: *_wall since 1970, *_mono since the boot that meta.boot names.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE accounts (
    id       TEXT PRIMARY KEY,
    account  TEXT NOT NULL,          -- JSON: as the app configured it, no secret
    standing TEXT NOT NULL           -- JSON: its wait as a whole, failures, probe, token, trust, last served
) WITHOUT ROWID;

CREATE TABLE items (
    seq        INTEGER PRIMARY KEY,  -- the order of capture
    id         BLOB    NOT NULL UNIQUE,
    key        TEXT    UNIQUE,       -- the app's own: the same key twice is the same item
    account    TEXT    NOT NULL,
    work_order TEXT    NOT NULL,
    needs      INTEGER NOT NULL,     -- what it asks of the phone, as bits: 1 unmetered, 2 charging
    priority   INTEGER NOT NULL,
    after      BLOB,                 -- the item that goes before it
    held       INTEGER NOT NULL,     -- 1 while that one is not delivered
    stage      TEXT    NOT NULL,     -- captured queued sending verifying absent blocked delivered cancelled
    due_mono   INTEGER,              -- when it wants to be looked at again: end of its own wait, or its next look
    due_wall   INTEGER,
    due_length INTEGER,
    remote_id  TEXT,                 -- on its receipt
    manifest   TEXT    NOT NULL,     -- JSON: the facts of the capture
    life       TEXT    NOT NULL,     -- JSON: what changes
    stage_data TEXT    NOT NULL      -- JSON: the stage with its data
);

-- The head of a lane, ready to go.
CREATE INDEX items_ready ON items (account, work_order, needs, priority DESC, seq)
    WHERE stage = 'queued' AND held = 0 AND due_mono IS NULL;
-- Waits that end and looks that are due, by account.
CREATE INDEX items_due ON items (account, stage, due_mono) WHERE due_mono IS NOT NULL;
-- Photos to prepare.
CREATE INDEX items_captured ON items (priority DESC, seq) WHERE stage = 'captured';
-- Doubts of a work order; items of a dead deliverer.
CREATE INDEX items_open ON items (stage, account, work_order) WHERE stage IN ('sending', 'verifying', 'absent');
-- Whether a remote id is on a receipt already.
CREATE INDEX items_remote ON items (account, remote_id) WHERE remote_id IS NOT NULL;
-- What waits for an item.
CREATE INDEX items_after ON items (after) WHERE after IS NOT NULL;
-- How many stand where.
CREATE INDEX items_stage ON items (stage);
-- What a screen shows.
CREATE INDEX items_shown ON items (account, work_order, seq);

-- A lane: the items of one work order that ask the same of the phone. The head is kept so that choosing costs one seek,
-- however many items and work orders wait.
CREATE TABLE lanes (
    account       TEXT    NOT NULL,
    work_order    TEXT    NOT NULL,
    needs         INTEGER NOT NULL,
    head_priority INTEGER,           -- null: nothing is ready
    head_seq      INTEGER,
    served        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, work_order, needs)
) WITHOUT ROWID;

CREATE INDEX lanes_ready ON lanes (account, needs, head_priority DESC, served, head_seq) WHERE head_seq IS NOT NULL;

-- Who was served last, for a lane that is new.
CREATE INDEX lanes_served ON lanes (account, served);

-- Every try, with all that it sends, written before its first byte leaves.
CREATE TABLE attempts (
    item       BLOB    NOT NULL,
    number     INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    snapshot   TEXT    NOT NULL,     -- JSON
    ended_at   INTEGER,
    outcome    TEXT,                 -- what came of it, for people and for support
    PRIMARY KEY (item, number)
) WITHOUT ROWID;

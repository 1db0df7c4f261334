-- Updates and deletes beside uploads; persons; files that are cleared; lanes that know whose items they hold.
-- What is new about rows that are here already is filled in by the store, which reads their JSON.

ALTER TABLE items ADD COLUMN person TEXT NOT NULL DEFAULT '';        -- who captured it; '' where nobody said
ALTER TABLE items ADD COLUMN parent BLOB;                            -- the upload that an update or delete is about, where it is ours
ALTER TABLE items ADD COLUMN about TEXT;                             -- the remote id that an update or delete is about, once known
ALTER TABLE items ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;       -- of its files on the disk
ALTER TABLE items ADD COLUMN delivered_at INTEGER;                   -- of what is delivered and whose files are still here

-- Updates and deletes that are not over, of one attachment.
CREATE INDEX items_parent ON items (parent) WHERE parent IS NOT NULL;
CREATE INDEX items_about ON items (account, about) WHERE about IS NOT NULL;
-- Files that may be cleared, the oldest first.
CREATE INDEX items_kept ON items (delivered_at) WHERE delivered_at IS NOT NULL;
-- What all files take.
CREATE INDEX items_bytes ON items (bytes) WHERE bytes > 0;

DROP INDEX items_ready;
CREATE INDEX items_ready ON items (account, work_order, needs, person, priority DESC, seq)
    WHERE stage = 'queued' AND held = 0 AND due_mono IS NULL;

-- A lane: the items of one work order and one person that ask the same of the phone.
DROP TABLE lanes;
CREATE TABLE lanes (
    account       TEXT    NOT NULL,
    work_order    TEXT    NOT NULL,
    needs         INTEGER NOT NULL,
    person        TEXT    NOT NULL,
    head_priority INTEGER NOT NULL,
    head_seq      INTEGER NOT NULL,
    served        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, work_order, needs, person)
) WITHOUT ROWID;

-- The lane to serve next: of anybody, or of one person.
CREATE INDEX lanes_ready ON lanes (account, needs, head_priority DESC, served, head_seq);
CREATE INDEX lanes_ready_person ON lanes (account, person, needs, head_priority DESC, served, head_seq);
-- Who was served last, for a lane that is new.
CREATE INDEX lanes_served ON lanes (account, served);

-- Instants of data are Unix nanoseconds; 0 means "never" where a time.Time may
-- be zero. Names that come again and again are kept once and named by a number.

-- One row: what has to change with every commit.
CREATE TABLE head (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  commits     BIGINT NOT NULL, -- compared with ledger.mark
  last_drop   BIGINT NOT NULL, -- drop IDs are never used again
  last_path   BIGINT NOT NULL,
  first_start BIGINT NOT NULL,
  last_wall   BIGINT NOT NULL,
  last_taken  BIGINT NOT NULL,
  -- sums over all drops ever taken, also those pruned since
  n_rows BIGINT NOT NULL, n_windowed BIGINT NOT NULL, n_late BIGINT NOT NULL, n_older BIGINT NOT NULL,
  n_ahead BIGINT NOT NULL, n_ambiguous BIGINT NOT NULL, n_bad BIGINT NOT NULL, n_open BIGINT NOT NULL,
  n_values BIGINT NOT NULL, n_bad_cells BIGINT NOT NULL, n_repeated BIGINT NOT NULL, n_same BIGINT NOT NULL
);
INSERT INTO head VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

-- How many drops are in each state, so that nobody has to count them.
CREATE TABLE tallies (
  state TEXT PRIMARY KEY,
  drops BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE folders (
  id   INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE
);

CREATE TABLE components (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);

CREATE TABLE sensors (
  id        INTEGER PRIMARY KEY,
  component BIGINT NOT NULL,
  name      TEXT NOT NULL,
  latest    BIGINT NOT NULL, -- newest row taken, the sensor's watermark
  UNIQUE (component, name)
);

CREATE TABLE streams (
  id        INTEGER PRIMARY KEY,
  scheduler TEXT NOT NULL,
  component TEXT NOT NULL,
  late      BIGINT NOT NULL, -- rows, over all its windows
  repeated  BIGINT NOT NULL, -- values
  UNIQUE (scheduler, component)
);

-- The dialect of a file, as take wrote it. Most drops of a folder share one.
CREATE TABLE dialects (
  id   INTEGER PRIMARY KEY,
  body BLOB NOT NULL UNIQUE
);

CREATE TABLE segments (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  live BIGINT NOT NULL CHECK (live >= 0) -- blocks not released
);
CREATE INDEX segments_dead ON segments (id) WHERE live = 0;

-- id is drop.Drop.PathID: the order in which paths were first taken.
CREATE TABLE paths (
  id     INTEGER PRIMARY KEY,
  folder BIGINT NOT NULL,
  name   TEXT NOT NULL,
  newest BIGINT NOT NULL, -- drops.id of the newest version
  UNIQUE (folder, name)
);

CREATE TABLE drops (
  id        INTEGER PRIMARY KEY,
  path      BIGINT NOT NULL,
  version   BIGINT NOT NULL,
  component TEXT NOT NULL,
  size      BIGINT NOT NULL,
  mod_sec   BIGINT NOT NULL, -- of a file written by others: any instant at all, so not one number of nanoseconds
  mod_nano  BIGINT NOT NULL,
  identity  BLOB NOT NULL,
  state     TEXT NOT NULL,
  origin    BOOLEAN NOT NULL, -- its rows were taken: later drops of the same identity are repeats of it
  reason    TEXT NOT NULL,
  taken_at  BIGINT NOT NULL,
  segment   BIGINT NOT NULL, -- 0 for none
  part_from BIGINT NOT NULL,
  part_to   BIGINT NOT NULL,
  part_line BIGINT NOT NULL,
  prefix    BLOB NOT NULL,
  dialect   BIGINT NOT NULL, -- 0 for none
  first     BIGINT NOT NULL,
  last      BIGINT NOT NULL,
  live      BIGINT NOT NULL CHECK (live >= 0), -- blocks not released
  n_rows BIGINT NOT NULL, n_windowed BIGINT NOT NULL, n_late BIGINT NOT NULL, n_older BIGINT NOT NULL,
  n_ahead BIGINT NOT NULL, n_ambiguous BIGINT NOT NULL, n_bad BIGINT NOT NULL, n_open BIGINT NOT NULL,
  n_values BIGINT NOT NULL, n_bad_cells BIGINT NOT NULL, n_repeated BIGINT NOT NULL, n_same BIGINT NOT NULL,
  CHECK (n_rows = n_windowed + n_late + n_older + n_ahead + n_ambiguous + n_bad + n_open)
);
CREATE INDEX drops_path ON drops (path, version);
CREATE INDEX drops_identity ON drops (identity) WHERE origin;
CREATE INDEX drops_settled ON drops (id) WHERE live = 0 AND n_older = 0 AND state IN ('taken', 'repeat', 'quarantined');

-- The newest refusal of a path. It goes when the path is taken.
CREATE TABLE refusals (
  folder    BIGINT NOT NULL,
  name      TEXT NOT NULL,
  component TEXT NOT NULL,
  size      BIGINT NOT NULL,
  mod_sec   BIGINT NOT NULL,
  mod_nano  BIGINT NOT NULL,
  identity  BLOB NOT NULL,
  reason    TEXT NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (folder, name)
) WITHOUT ROWID;

CREATE TABLE blocks (
  id         INTEGER PRIMARY KEY,
  component  BIGINT NOT NULL,
  slot       BIGINT NOT NULL,
  "drop"     BIGINT NOT NULL,
  released   BOOLEAN NOT NULL,
  segment    BIGINT NOT NULL,
  pos        BIGINT NOT NULL,
  length     BIGINT NOT NULL,
  n_rows     BIGINT NOT NULL,
  n_values   BIGINT NOT NULL,
  first      BIGINT NOT NULL,
  last       BIGINT NOT NULL,
  tails      BLOB NOT NULL -- last: whoever does not ask for it never reads its pages
);
CREATE UNIQUE INDEX blocks_slot ON blocks (component, slot, "drop");
CREATE INDEX blocks_drop ON blocks ("drop");
CREATE INDEX blocks_live ON blocks (id) WHERE released = 0;

-- What folded blocks had: the latest value per sensor.
CREATE TABLE carries (
  sensor  INTEGER PRIMARY KEY, -- sensors.id, which tells the component
  time    BIGINT NOT NULL,
  bits    BIGINT NOT NULL,     -- of the float64: REAL would lose the sign of zero
  path    BIGINT NOT NULL,
  version BIGINT NOT NULL
);

CREATE TABLE windows (
  stream          BIGINT NOT NULL,
  start           BIGINT NOT NULL,
  finish          BIGINT NOT NULL,
  closed          BOOLEAN NOT NULL,
  generation      BIGINT NOT NULL,
  done            BIGINT NOT NULL, -- newest generation that needs no more work: verified, or uploaded where no check is allowed
  uploaded        BIGINT NOT NULL,
  verified        BIGINT NOT NULL,
  attempts        BIGINT NOT NULL,
  next_try        BIGINT NOT NULL,
  sealed_seq      BIGINT NOT NULL,
  sealed_at       BIGINT NOT NULL,
  first_sealed_at BIGINT NOT NULL,
  last_row_at     BIGINT NOT NULL,
  real_rows       BIGINT NOT NULL,
  held_only       BOOLEAN NOT NULL,
  silent          BOOLEAN NOT NULL,
  overdue         BOOLEAN NOT NULL,
  unverified      BOOLEAN NOT NULL,
  verified_at     BIGINT NOT NULL,
  wake            BIGINT NOT NULL,
  late            BIGINT NOT NULL,
  repeated        BIGINT NOT NULL,
  took            BIGINT NOT NULL, -- ns, of the last PUT
  error_at        BIGINT NOT NULL,
  error           TEXT NOT NULL,
  remedy          TEXT NOT NULL,
  size            BIGINT NOT NULL,
  sha256          BLOB NOT NULL,
  md5             BLOB NOT NULL,
  etag            TEXT NOT NULL,
  bucket          TEXT NOT NULL,
  key             TEXT NOT NULL,
  path            TEXT NOT NULL,
  PRIMARY KEY (stream, start)
) WITHOUT ROWID;
CREATE INDEX windows_live ON windows (stream, start) WHERE closed = 0;
CREATE INDEX windows_pending ON windows (stream, start) WHERE closed = 0 AND generation > done;

-- Append-only files: what follows the committed length was never committed.
CREATE TABLE appends (
  path   TEXT PRIMARY KEY,
  length BIGINT NOT NULL
) WITHOUT ROWID;

-- Conditions that stand until they are cleared.
CREATE TABLE notices (
  scope  TEXT NOT NULL,
  code   TEXT NOT NULL,
  text   TEXT NOT NULL,
  remedy TEXT NOT NULL,
  at     BIGINT NOT NULL,
  PRIMARY KEY (scope, code)
) WITHOUT ROWID;

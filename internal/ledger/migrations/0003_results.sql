-- What became of a scheduler's windows once their wake-up was past.
CREATE TABLE outcomes (
  scheduler   TEXT NOT NULL,
  start       BIGINT NOT NULL,
  scoring     TEXT NOT NULL,
  wake        BIGINT NOT NULL,
  uploaded    BIGINT NOT NULL,
  at          BIGINT NOT NULL,
  generation  BIGINT NOT NULL,
  n_rows      BIGINT NOT NULL,
  n_anomalous BIGINT NOT NULL,
  n_off       BIGINT NOT NULL,
  peak        DOUBLE PRECISION, -- NULL: none
  peak_at     BIGINT NOT NULL,
  size        BIGINT NOT NULL,
  sha256      BLOB NOT NULL,
  etag        TEXT NOT NULL,
  path        TEXT NOT NULL,
  reason      TEXT NOT NULL,
  remedy      TEXT NOT NULL,
  PRIMARY KEY (scheduler, start)
) WITHOUT ROWID;
CREATE INDEX outcomes_open ON outcomes (scheduler, start) WHERE scoring <> 'delivered';

-- Events by scheduler and start; body is their JSON.
CREATE TABLE events (
  scheduler  TEXT NOT NULL,
  start      BIGINT NOT NULL,
  finish     BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  body       BLOB NOT NULL,
  PRIMARY KEY (scheduler, start)
) WITHOUT ROWID;

-- What the results of a scheduler have led to so far: open event, alarm, how far.
CREATE TABLE followed (
  scheduler TEXT PRIMARY KEY,
  body      BLOB NOT NULL
) WITHOUT ROWID;

-- What leaves for the sinks. Numbers are never used again.
CREATE TABLE messages (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  id         TEXT NOT NULL UNIQUE,
  scheduler  TEXT NOT NULL,
  kind       TEXT NOT NULL,
  start      BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  at         BIGINT NOT NULL,
  path       TEXT NOT NULL,
  body       BLOB NOT NULL
);

-- How far each sink has come.
CREATE TABLE cursors (
  sink TEXT PRIMARY KEY,
  seq  BIGINT NOT NULL
) WITHOUT ROWID;

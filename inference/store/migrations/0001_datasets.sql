-- The same on SQLite and PostgreSQL. Instants are microseconds UTC, NULL for
-- none. Ids are made by the program. A column named body is JSON of what is
-- never searched for.

CREATE TABLE datasets (
  id           TEXT PRIMARY KEY,
  account      TEXT NOT NULL,
  name         TEXT NOT NULL,
  arn          TEXT NOT NULL UNIQUE,
  status       TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  source_arn   TEXT NOT NULL,
  ingestion_id TEXT NOT NULL, -- whose outcome the dataset shows; '' for none
  size         BIGINT NOT NULL, -- bytes ingested
  kms_key      TEXT NOT NULL,
  schema_json  TEXT NOT NULL,
  UNIQUE (account, name)
);
CREATE INDEX datasets_newest ON datasets (account, created_at, id);

CREATE TABLE ingestions (
  id           TEXT PRIMARY KEY, -- 32 hex
  account      TEXT NOT NULL,
  dataset_id   TEXT NOT NULL,
  dataset_name TEXT NOT NULL,
  dataset_arn  TEXT NOT NULL,
  source_arn   TEXT NOT NULL, -- of an import
  status       TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  data_start   BIGINT,
  data_end     BIGINT,
  body         TEXT NOT NULL
);
CREATE INDEX ingestions_newest ON ingestions (account, created_at, id);
CREATE INDEX ingestions_dataset ON ingestions (dataset_id, created_at, id);
CREATE UNIQUE INDEX ingestions_running ON ingestions (dataset_id) WHERE status IN ('IN_PROGRESS', 'IMPORT_IN_PROGRESS');
CREATE INDEX ingestions_pending ON ingestions (account) WHERE status IN ('IN_PROGRESS', 'IMPORT_IN_PROGRESS');
CREATE INDEX ingestions_source ON ingestions (source_arn) WHERE status = 'IMPORT_IN_PROGRESS';

-- What an ingestion reads, listed once at its start.
CREATE TABLE ingestion_files (
  ingestion_id TEXT NOT NULL,
  seq          BIGINT NOT NULL,
  bucket       TEXT NOT NULL,
  object_key   TEXT NOT NULL,
  etag         TEXT NOT NULL,
  size         BIGINT NOT NULL,
  component    TEXT NOT NULL,
  status       TEXT NOT NULL,
  body         TEXT NOT NULL,
  PRIMARY KEY (ingestion_id, seq)
);
CREATE INDEX ingestion_files_pending ON ingestion_files (ingestion_id, seq) WHERE status = 'PENDING';

CREATE TABLE sensor_statistics (
  ingestion_id TEXT NOT NULL,
  seq          BIGINT NOT NULL, -- by component and sensor, in byte order
  data_start   BIGINT,
  data_end     BIGINT,
  body         TEXT NOT NULL,
  PRIMARY KEY (ingestion_id, seq)
);

-- The service's own objects in the work bucket.
CREATE TABLE objects (
  kind       TEXT NOT NULL, -- dataset, inference
  owner      TEXT NOT NULL, -- id of the dataset or model
  component  TEXT NOT NULL,
  day        BIGINT NOT NULL, -- days since 1970-01-01
  object_key TEXT NOT NULL,
  data_start BIGINT NOT NULL,
  data_end   BIGINT NOT NULL,
  n_rows     BIGINT NOT NULL,
  size       BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (kind, owner, component, day, object_key)
);

-- Owners that were deleted and whose rows and objects are still there.
CREATE TABLE leftovers (
  kind       TEXT NOT NULL,
  owner      TEXT NOT NULL,
  deleted_at BIGINT NOT NULL,
  PRIMARY KEY (kind, owner)
);

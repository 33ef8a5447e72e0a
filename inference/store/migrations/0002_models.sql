CREATE TABLE label_groups (
  id         TEXT PRIMARY KEY,
  account    TEXT NOT NULL,
  name       TEXT NOT NULL,
  arn        TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  body       TEXT NOT NULL,
  UNIQUE (account, name)
);
CREATE INDEX label_groups_newest ON label_groups (account, created_at, id);

CREATE TABLE labels (
  id         TEXT PRIMARY KEY, -- 32 hex
  group_id   TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at   BIGINT NOT NULL,
  rating     TEXT NOT NULL,
  fault_code TEXT NOT NULL,
  equipment  TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  body       TEXT NOT NULL
);
CREATE INDEX labels_newest ON labels (group_id, started_at, id);

CREATE TABLE models (
  id                    TEXT PRIMARY KEY,
  account               TEXT NOT NULL,
  name                  TEXT NOT NULL,
  arn                   TEXT NOT NULL UNIQUE,
  dataset_id            TEXT NOT NULL,
  dataset_name          TEXT NOT NULL, -- also after the dataset's end
  dataset_arn           TEXT NOT NULL,
  status                TEXT NOT NULL,
  created_at            BIGINT NOT NULL,
  updated_at            BIGINT NOT NULL,
  last_version          BIGINT NOT NULL,
  active_version        BIGINT NOT NULL, -- 0: none
  activated_at          BIGINT,
  previous_version      BIGINT NOT NULL, -- 0: none
  previous_activated_at BIGINT,
  retraining_version    BIGINT NOT NULL, -- of the latest scheduled retraining; 0: none
  body                  TEXT NOT NULL,
  schema_json           TEXT NOT NULL,
  UNIQUE (account, name)
);
CREATE INDEX models_newest ON models (account, created_at, id);
CREATE INDEX models_dataset ON models (dataset_id);

CREATE TABLE model_versions (
  model_id       TEXT NOT NULL,
  version        BIGINT NOT NULL,
  account        TEXT NOT NULL,
  arn            TEXT NOT NULL UNIQUE,
  status         TEXT NOT NULL,
  source_type    TEXT NOT NULL,
  source_arn     TEXT NOT NULL, -- of an import
  dataset_id     TEXT NOT NULL,
  label_group    TEXT NOT NULL, -- id; '' for none
  created_at     BIGINT NOT NULL,
  updated_at     BIGINT NOT NULL,
  training_start BIGINT, training_end BIGINT,     -- range of data
  evaluation_start BIGINT, evaluation_end BIGINT, -- range of data
  started_at     BIGINT, ended_at BIGINT,         -- of the training or import
  quality        TEXT NOT NULL,
  body           TEXT NOT NULL,
  schema_json    TEXT NOT NULL,
  metrics        TEXT NOT NULL, -- JSON
  prior_metrics  TEXT NOT NULL, -- JSON
  PRIMARY KEY (model_id, version)
);
CREATE INDEX model_versions_pending ON model_versions (account) WHERE status IN ('IN_PROGRESS', 'IMPORT_IN_PROGRESS');
CREATE INDEX model_versions_dataset ON model_versions (dataset_id) WHERE status IN ('IN_PROGRESS', 'IMPORT_IN_PROGRESS');
CREATE INDEX model_versions_labels ON model_versions (label_group) WHERE status IN ('IN_PROGRESS', 'IMPORT_IN_PROGRESS');
CREATE INDEX model_versions_source ON model_versions (source_arn) WHERE status = 'IMPORT_IN_PROGRESS';

CREATE TABLE schedulers (
  id            TEXT PRIMARY KEY,
  account       TEXT NOT NULL,
  name          TEXT NOT NULL,
  arn           TEXT NOT NULL UNIQUE,
  model_id      TEXT NOT NULL UNIQUE, -- one scheduler a model
  model_name    TEXT NOT NULL,
  model_arn     TEXT NOT NULL,
  status        TEXT NOT NULL,
  frequency     TEXT NOT NULL,
  delay_minutes BIGINT NOT NULL,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  started_at    BIGINT, -- last time it became RUNNING
  latest_result TEXT NOT NULL,
  latest_end    BIGINT, -- of the data of latest_result
  body          TEXT NOT NULL,
  UNIQUE (account, name)
);
CREATE INDEX schedulers_newest ON schedulers (account, created_at, id);
CREATE INDEX schedulers_active ON schedulers (status) WHERE status <> 'STOPPED';

-- What many executions have in common: names and locations, by their hash.
CREATE TABLE execution_configs (
  id   TEXT PRIMARY KEY,
  body TEXT NOT NULL
);

CREATE TABLE executions (
  scheduler_id  TEXT NOT NULL,
  data_start    BIGINT NOT NULL,
  data_end      BIGINT NOT NULL,
  scheduled_at  BIGINT NOT NULL,
  model_version BIGINT NOT NULL,
  status        TEXT NOT NULL,
  config_id     TEXT NOT NULL, -- what the scheduler was set to
  updated_at    BIGINT NOT NULL,
  body          TEXT NOT NULL,
  inputs        TEXT NOT NULL, -- JSON; '' until they were first looked at
  PRIMARY KEY (scheduler_id, data_start)
);
-- One for each status: the planner of SQLite takes the primary key for a range of
-- one status, and reads all others on its way.
CREATE INDEX executions_open ON executions (scheduler_id, data_start) WHERE status = 'IN_PROGRESS';
CREATE INDEX executions_success ON executions (scheduler_id, data_start) WHERE status = 'SUCCESS';
CREATE INDEX executions_failed ON executions (scheduler_id, data_start) WHERE status = 'FAILED';

CREATE TABLE events (
  scheduler_id TEXT NOT NULL,
  started_at   BIGINT NOT NULL,
  ended_at     BIGINT NOT NULL,
  body         TEXT NOT NULL,
  PRIMARY KEY (scheduler_id, started_at)
);

CREATE TABLE retrainings (
  model_id   TEXT PRIMARY KEY,
  account    TEXT NOT NULL,
  model_name TEXT NOT NULL,
  model_arn  TEXT NOT NULL,
  status     TEXT NOT NULL,
  start_date BIGINT NOT NULL,
  frequency  TEXT NOT NULL,
  lookback   TEXT NOT NULL,
  promote    TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  next_at    BIGINT
);
CREATE INDEX retrainings_newest ON retrainings (account, created_at, model_id);
CREATE INDEX retrainings_due ON retrainings (next_at) WHERE status = 'RUNNING';

-- What the events of a scheduler remember after a window that succeeded.
CREATE TABLE event_states (
  scheduler_id TEXT NOT NULL,
  data_start   BIGINT NOT NULL,
  state        BYTEA NOT NULL,
  PRIMARY KEY (scheduler_id, data_start)
);

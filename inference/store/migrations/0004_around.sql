CREATE TABLE policies (
  arn        TEXT PRIMARY KEY,
  revision   TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  policy     TEXT NOT NULL
);

CREATE TABLE tags (
  arn   TEXT NOT NULL,
  name  TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (arn, name)
);

-- What a call with a ClientToken was answered.
CREATE TABLE client_tokens (
  account    TEXT NOT NULL,
  operation  TEXT NOT NULL,
  token      TEXT NOT NULL,
  hash       BYTEA NOT NULL, -- of the parameters
  expires_at BIGINT NOT NULL,
  answer     TEXT NOT NULL,
  PRIMARY KEY (account, operation, token)
);
CREATE INDEX client_tokens_expiry ON client_tokens (expires_at);

-- Who works on what, and how far it has come.
CREATE TABLE fences (
  work       TEXT PRIMARY KEY,
  job        BIGINT NOT NULL,
  attempt    BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  checkpoint BYTEA NOT NULL
);

-- The bucket has an object for the window that is left alone: it was written
-- before this ledger, or by another program.
ALTER TABLE windows ADD COLUMN kept BOOLEAN NOT NULL DEFAULT FALSE;

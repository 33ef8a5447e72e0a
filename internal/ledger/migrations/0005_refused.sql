-- The object that was looked at last and cannot be used: under which rules, and
-- its ETag. It is fetched again when either is another one.
ALTER TABLE outcomes ADD COLUMN refused TEXT NOT NULL DEFAULT '';

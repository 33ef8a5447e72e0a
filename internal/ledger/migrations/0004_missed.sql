-- When the path's file was first found missing from its folder; 0 while it is
-- there, or nobody has looked.
ALTER TABLE paths ADD COLUMN missed BIGINT NOT NULL DEFAULT 0;

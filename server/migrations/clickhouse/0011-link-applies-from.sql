-- From when a link that does not look back applies (identity §5). It stays as it is when the link moves with its root,
-- while `linked_at` says when the row was written: whatever asks which links there were at a cutoff asks that.
ALTER TABLE {table:identity_link} ADD COLUMN IF NOT EXISTS applies_from DateTime64(6, 'UTC') DEFAULT linked_at;
ALTER TABLE {distributed:identity_link} ADD COLUMN IF NOT EXISTS applies_from DateTime64(6, 'UTC') DEFAULT linked_at;

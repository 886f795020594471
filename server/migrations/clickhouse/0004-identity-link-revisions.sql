-- Links of the modes original and legacy (ADR 0011). Clusters that were joined write a row for each id that moves, with
-- the next revision of that id; the row with the highest revision decides, and of equal ones the earliest.
-- `is_retroactive = 0`: only rows that came in after the link belong to `canonical_id` (identity §5).
ALTER TABLE {table:identity_link}
    ADD COLUMN IF NOT EXISTS revision UInt64 DEFAULT 0,
    ADD COLUMN IF NOT EXISTS is_retroactive UInt8 DEFAULT 1;
ALTER TABLE {distributed:identity_link}
    ADD COLUMN IF NOT EXISTS revision UInt64 DEFAULT 0,
    ADD COLUMN IF NOT EXISTS is_retroactive UInt8 DEFAULT 1;

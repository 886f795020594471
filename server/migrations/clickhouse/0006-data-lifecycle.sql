-- Which events are not to be seen any longer (PRIV-33, PRIV-34). Every read of events asks both tables; both are small.
-- Neither is ever merged: one insert makes a partition, and dropping it ends it, so that no retired part of theirs
-- stands in the way of an erasure.

-- How long events are kept, by event date: the copy of the control store that reads use, all of it under one version.
-- The highest version counts. Project 0 is the default of the installation; event '' is the project's own rule; 0 days: for ever.
CREATE TABLE {table:event_retention}
(
    version    UInt64,
    project_id UInt64,
    event      String,
    keep_days  UInt32
)
ENGINE = {engine:MergeTree}
PARTITION BY version
ORDER BY (project_id, event)
SETTINGS old_parts_lifetime = 0, fsync_after_insert = 1, fsync_part_directory = 1;
-- shard by version

-- Events that somebody asked to delete by a rule: hidden at once, rewritten away when the time to undo is over.
-- Filters hold property values, and so are here and not in the control store. All filters must hold, any value of each.
CREATE TABLE {table:hidden_event}
(
    deletion_id String,
    project_id  UInt64,
    event       String,
    from_time   DateTime64(3, 'UTC'),
    -- Exclusive.
    until_time  DateTime64(3, 'UTC'),
    -- Rows that come in later are not meant.
    cutoff      DateTime64(6, 'UTC'),
    filters     Array(Tuple(property String, texts Array(String), numbers Array(Float64), others Array(String)))
)
ENGINE = {engine:MergeTree}
PARTITION BY deletion_id
ORDER BY project_id
SETTINGS old_parts_lifetime = 0, fsync_after_insert = 1, fsync_part_directory = 1;
-- shard by cityHash64(project_id)

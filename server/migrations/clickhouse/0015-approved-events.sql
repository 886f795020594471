-- Names of the events that a project had when it began to approve new ones (LEX-09). They stay when the events end.
-- `since`: when approval began, by the engine's clock. The empty name: all of them are there.
-- One insert makes a partition, which is never merged.
CREATE TABLE {table:approved_event}
(
    project_id UInt64,
    since      DateTime64(6, 'UTC'),
    event      String
)
ENGINE = {engine:MergeTree}
PARTITION BY (project_id, since)
ORDER BY event
SETTINGS old_parts_lifetime = 0, fsync_after_insert = 1, fsync_part_directory = 1;
-- shard by cityHash64(project_id)

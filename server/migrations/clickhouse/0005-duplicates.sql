-- What came in since an instant is found without reading the rest (ING-14). Parts from before get the index in the background.
ALTER TABLE {table:event} ADD INDEX IF NOT EXISTS by_arrival ingested_at TYPE minmax GRANULARITY 1;

ALTER TABLE {table:event} MATERIALIZE INDEX by_arrival;

-- Events that queries leave out because the same event came in later (ADR 0012), by what tells them apart: one row for each
-- arrival. `is_mixed`: at that instant the event that counts came in too. It names people and has its PersonalDataHolder;
-- `ingested_at` is that of the events, so that the row goes with them. `found_at`: the engine's clock when it was first
-- found; reads leave out what was found after they began. Settings as in 0001.
CREATE TABLE {table:duplicate_event}
(
    project_id  UInt64,
    event       LowCardinality(String),
    distinct_id String,
    time        DateTime64(3, 'UTC'),
    ingested_at DateTime64(6, 'UTC'),
    is_mixed    UInt8,
    found_at    SimpleAggregateFunction(min, DateTime64(6, 'UTC')) DEFAULT now64(6, 'UTC')
)
ENGINE = {engine:AggregatingMergeTree}
ORDER BY (project_id, is_mixed, event, distinct_id, time, ingested_at)
SETTINGS old_parts_lifetime = 0, fsync_after_insert = 1, fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1;
-- shard by cityHash64(project_id, distinct_id)

-- Up to where that has been done: every event that came in before `looked_until` has been looked at.
CREATE TABLE {table:duplicate_progress}
(
    step         LowCardinality(String),
    looked_until SimpleAggregateFunction(max, DateTime64(6, 'UTC'))
)
ENGINE = {engine:AggregatingMergeTree}
ORDER BY step
SETTINGS old_parts_lifetime = 0, fsync_after_insert = 1, fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1;
-- shard by 1

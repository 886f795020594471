-- Both tables name people: each has its PersonalDataHolder, and is read through the SQL of features/identity. Settings as in 0001.

-- Members of static cohorts, as uploaded (RPT-06). One partition per upload, so that replaced ones leave in one step; which
-- version counts is in the control store.
CREATE TABLE {table:cohort_member}
(
    project_id  UInt64,
    cohort_id   UInt32,
    version     UUID,
    distinct_id String,
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = {engine:MergeTree}
PARTITION BY version
ORDER BY (project_id, cohort_id, version, distinct_id)
SETTINGS old_parts_lifetime = 0, fsync_after_insert = 1, fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1;
-- shard by cityHash64(project_id)

-- Who is on the pages of an engage query, in their order (QRY-11). A person who is hidden or erased is on no page from then
-- on: these are copies, so `ingested_at` is older than any erasure, which then covers them. Gone after two days; a
-- session ends before that.
CREATE TABLE {table:engage_page_row}
(
    project_id  UInt64,
    session_id  String,
    position    UInt64,
    distinct_id String,
    group_id    String,
    ingested_at DateTime64(6, 'UTC') DEFAULT toDateTime64(0, 6, 'UTC'),
    made_at     DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = {engine:MergeTree}
PARTITION BY toDate(made_at)
ORDER BY (project_id, session_id, position)
TTL toDateTime(made_at) + INTERVAL 2 DAY
SETTINGS old_parts_lifetime = 0, fsync_after_insert = 1, fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1, ttl_only_drop_parts = 1;
-- shard by cityHash64(project_id)

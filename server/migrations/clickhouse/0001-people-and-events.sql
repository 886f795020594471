-- Every table here holds personal data and belongs to one PersonalDataHolder (ARCHITECTURE, invariant 6).
-- `old_parts_lifetime = 0`: parts that a merge or mutation replaced are to leave the disk at once (DESIGN §7).
-- fsync: a row is on disk when its INSERT is answered, and stays so through merges (invariant 4).
-- `*_at DEFAULT now64(6)`: the engine's own clock, read while the INSERT runs (ADR 0005).

-- Properties are raw JSON text by name (ADR 0002). `distinct_id` is the id the event had on arrival; who that is now is asked at read time.
-- The sort order answers questions about events; the projection finds a person without a scan.
CREATE TABLE {table:event}
(
    project_id  UInt64,
    event       LowCardinality(String),
    time        DateTime64(3, 'UTC'),
    distinct_id String,
    insert_id   String,
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    properties  Map(LowCardinality(String), String),
    PROJECTION by_person (SELECT _part_offset ORDER BY (project_id, distinct_id))
)
ENGINE = {engine:MergeTree}
PARTITION BY toYYYYMM(time)
ORDER BY (project_id, event, toDate(time), cityHash64(distinct_id))
SETTINGS old_parts_lifetime = 0, fsync_after_insert = 1, fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1;
-- shard by cityHash64(project_id, distinct_id)

-- One row per change of a profile; the highest version is the profile, `is_deleted` ends it.
CREATE TABLE {table:profile}
(
    project_id  UInt64,
    distinct_id String,
    version     UInt64,
    is_deleted  UInt8,
    updated_at  DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    properties  Map(LowCardinality(String), String)
)
ENGINE = {engine:ReplacingMergeTree(version)}
ORDER BY (project_id, distinct_id)
SETTINGS old_parts_lifetime = 0, fsync_after_insert = 1, fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1;
-- shard by cityHash64(project_id, distinct_id)

-- `distinct_id` belongs to `canonical_id`; the earliest row of a distinct_id decides (identity §3.2).
-- The index finds everybody who belongs to one canonical id without reading all links.
CREATE TABLE {table:identity_link}
(
    project_id   UInt64,
    distinct_id  String,
    canonical_id String,
    linked_at    DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    INDEX of_canonical_id canonical_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = {engine:MergeTree}
ORDER BY (project_id, distinct_id, linked_at)
SETTINGS old_parts_lifetime = 0, fsync_after_insert = 1, fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1;
-- shard by cityHash64(project_id)

-- The hidden set: rows of these ids ingested at or before `cutoff` are seen by no read (PRIV-21). One partition per erasure batch.
CREATE TABLE {table:hidden_id}
(
    batch_id    String,
    project_id  UInt64,
    distinct_id String,
    cutoff      DateTime64(6, 'UTC')
)
ENGINE = {engine:MergeTree}
PARTITION BY batch_id
ORDER BY (project_id, distinct_id)
SETTINGS old_parts_lifetime = 0, fsync_after_insert = 1, fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1;
-- shard by cityHash64(project_id)

-- Profiles of groups, such as companies (ING-23). Groups are not people: an erasure leaves this table alone
-- (privacy §1.9), and a key that names people is refused on the way in (kernel/group-key.ts).
-- One row per change of a profile; the highest version is the profile, `is_deleted` ends it. Settings as in 0001.
CREATE TABLE {table:group_profile}
(
    project_id UInt64,
    group_key  LowCardinality(String),
    group_id   String,
    version    UInt64,
    is_deleted UInt8,
    updated_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    properties Map(LowCardinality(String), String)
)
ENGINE = {engine:ReplacingMergeTree(version)}
ORDER BY (project_id, group_key, group_id)
SETTINGS old_parts_lifetime = 0, fsync_after_insert = 1, fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1;
-- shard by cityHash64(project_id, group_key, group_id)

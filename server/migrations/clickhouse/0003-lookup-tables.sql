-- Rows of lookup tables (ingestion §15). They describe things that events name, not people: no erasure touches them
-- (privacy §1.9). One partition per upload, so that the rows of a replaced one leave in one step, without a mutation.
-- Which version counts is in the control store; all others are not read.
-- `values`: JSON text by column, as the properties of events; `row_key`: the first column as it was sent.
CREATE TABLE {table:lookup_row}
(
    project_id UInt64,
    table_id   UUID,
    version    UUID,
    row_key    String,
    row_index  UInt32,
    values     Map(LowCardinality(String), String)
)
ENGINE = {engine:MergeTree}
PARTITION BY version
ORDER BY (project_id, table_id, version, row_key)
SETTINGS old_parts_lifetime = 0, fsync_after_insert = 1, fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1;
-- shard by cityHash64(project_id)

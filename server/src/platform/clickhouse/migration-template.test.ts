import { describe, expect, it } from 'vitest'
import { renderMigration } from './migration-template.ts'

const text = `
-- Events; the comment says "CREATE TABLE"
CREATE TABLE IF NOT EXISTS {table:event} (
  id String -- the person
) ENGINE = {engine:ReplacingMergeTree(version)} PARTITION BY toYYYYMM(time) ORDER BY id
-- shard by cityHash64(project_id, distinct_id)
;
ALTER TABLE {table:event} ADD COLUMN IF NOT EXISTS extra String;
ALTER TABLE {distributed:event} ADD COLUMN IF NOT EXISTS extra String;
`

describe('migration template', () => {
  it('gives one node its plain statements', () => {
    const [create, alter, ...more] = renderMigration(text, null)
    expect(create).toContain('CREATE TABLE IF NOT EXISTS event (')
    expect(create).toContain('ENGINE = ReplacingMergeTree(version) PARTITION BY')
    expect(create).not.toContain('shard by')
    expect(alter).toBe('ALTER TABLE event ADD COLUMN IF NOT EXISTS extra String')
    expect(more).toEqual([])
  })

  it('gives a cluster replicated tables and a Distributed one over them', () => {
    const [local, distributed, alterLocal, alterDistributed, ...more] = renderMigration(text, 'main')
    expect(local).toContain("CREATE TABLE IF NOT EXISTS event_local ON CLUSTER 'main' (")
    expect(local).toContain(
      "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', version)",
    )
    expect(distributed).toBe(
      "CREATE TABLE IF NOT EXISTS event ON CLUSTER 'main' AS event_local " +
        "ENGINE = Distributed('main', currentDatabase(), 'event_local', cityHash64(project_id, distinct_id))",
    )
    expect(alterLocal).toBe("ALTER TABLE event_local ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS extra String")
    expect(alterDistributed).toBe("ALTER TABLE event ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS extra String")
    expect(more).toEqual([])
  })

  it('takes the shard key on the line after the statement, and makes each table safe to create again', () => {
    const after =
      'CREATE TABLE {table:a} (id String) ENGINE = {engine:MergeTree} ORDER BY id;\n-- shard by cityHash64(id)\n\n' +
      '-- Another.\nCREATE TABLE {table:b} (id String) ENGINE = {engine:MergeTree} ORDER BY id;\n-- shard by 1\n'
    const onCluster = renderMigration(after, 'main')
    expect(onCluster).toHaveLength(4)
    expect(onCluster[1]).toContain("'a_local', cityHash64(id))")
    expect(onCluster[3]).toContain("'b_local', 1)")
    expect(renderMigration(after, null)).toEqual([
      'CREATE TABLE IF NOT EXISTS a (id String) ENGINE = MergeTree ORDER BY id',
      'CREATE TABLE IF NOT EXISTS b (id String) ENGINE = MergeTree ORDER BY id',
    ])
  })

  it('refuses a table without a shard key and an engine that cannot be replicated', () => {
    const create = 'CREATE TABLE IF NOT EXISTS {table:a} (id String) ENGINE = {engine:MergeTree} ORDER BY id;\n'
    expect(() => renderMigration(create, 'main')).toThrow('shard by')
    expect(() => renderMigration('CREATE TABLE x ENGINE = {engine:Memory};\n', 'main')).toThrow('Memory')
  })
})

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { ErasureBatch } from '../../../kernel/subject.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import type { ObjectStore } from '../../../platform/objects/object-store.ts'
import { archivePrefix, type IdList, idListPrefix, trackingIdOfKey } from '../store/id-lists.ts'
import { idsByProject } from './batch.ts'

/** What still stands in the way of SUCCESS; empty when nothing does. Sentences without personal data. */
export type Findings = readonly string[]

/**
 * The independent reader (invariant 7). It does not ask the holders and shares no code with the eraser: it takes the
 * tables from the live schema, counts with projections off, and lists the disk. What it cannot read throws.
 */
export interface Gate {
  /** Before anything is erased: no identity link may lead from the batch's ids to an id outside (a forgotten alias). */
  openClusters(batch: ErasureBatch): Promise<Findings>
  /** Rows of the people in any table. */
  rows(batch: ErasureBatch): Promise<Findings>
  /** The tables whose parts and folders `files` looks at: all that the engine keeps, named without `_local`. */
  tables(): Promise<readonly string[]>
  /** Parts or folders older than `erasedAt` (engine clock) that are no longer in use but still on disk. */
  files(erasedAt: string): Promise<Findings>
  /** Objects that name one of the people. */
  objects(batch: ErasureBatch): Promise<Findings>
}

// A column of one of these names says whose row it is; one of the second list says when the engine took it in.
const personColumns = ['distinct_id', 'canonical_id']
const arrivalColumns = ['ingested_at', 'updated_at', 'linked_at']
// The hidden set itself: emptied as the last step before SUCCESS, and looked at there.
const ownTable = 'hidden_id'
// Counting must not go through what the eraser relies on.
const plainReading = {
  optimize_use_projections: 0,
  use_skip_indexes: 0,
  use_query_cache: 0,
  use_query_condition_cache: 0,
}
const scanTimeoutMs = 10 * 60_000

interface PeopleColumns {
  readonly table: string
  readonly person: readonly string[]
  readonly arrival: string | null
}

const peopleColumns = async (db: RegionDb): Promise<readonly PeopleColumns[]> => {
  const rows = await db.rows<{ table: string; name: string }>(
    `SELECT table, name FROM system.columns
     WHERE database = currentDatabase() AND table NOT LIKE '%\\_local' ORDER BY table, name`,
  )
  return [...Map.groupBy(rows, (row) => row.table)]
    .map(([table, columns]) => {
      const names = columns.map((column) => column.name)
      return {
        table,
        person: personColumns.filter((name) => names.includes(name)),
        arrival: arrivalColumns.find((name) => names.includes(name)) ?? null,
      }
    })
    .filter(({ table, person }) => person.length > 0 && table !== ownTable)
}

const hiddenOf = '(SELECT project_id, distinct_id FROM hidden_id WHERE batch_id = {batchId:String})'

const hiddenIds = '(SELECT distinct_id FROM hidden_id WHERE batch_id = {batchId:String})'

const rowsLeft = async (db: RegionDb, batch: ErasureBatch): Promise<Findings> => {
  const findings: string[] = []
  for (const { table, person, arrival } of await peopleColumns(db)) {
    // The id alone is asked first: that is several times faster than the pair, and no row of theirs fails it.
    const theirs = person
      .map((column) => `${column} IN ${hiddenIds} AND (project_id, ${column}) IN ${hiddenOf}`)
      .join(' OR ')
    const until = arrival === null ? '' : `AND ${arrival} <= {cutoff:DateTime64(6, 'UTC')}`
    const [row] = await db.rows<{ row_count: string }>(
      `SELECT count() AS row_count FROM ${table} WHERE (${theirs}) ${until}`,
      {
        params: { batchId: batch.batchId, cutoff: batch.cutoff },
        settings: plainReading,
        timeoutMs: scanTimeoutMs,
      },
    )
    const count = Number(row?.row_count ?? Number.NaN)
    if (count !== 0) findings.push(`table ${table} still holds ${count} rows`)
  }
  return findings
}

const openLinks = async (db: RegionDb, batch: ErasureBatch): Promise<Findings> => {
  const [row] = await db.rows<{ link_count: string }>(
    `SELECT count() AS link_count FROM (
       SELECT project_id, distinct_id, argMin(canonical_id, (-toInt64(revision), linked_at)) AS canonical
       FROM identity_link
       WHERE project_id IN (SELECT project_id FROM hidden_id WHERE batch_id = {batchId:String})
         AND linked_at <= {cutoff:DateTime64(6, 'UTC')}
       GROUP BY project_id, distinct_id)
     WHERE ((project_id, distinct_id) IN ${hiddenOf}) != ((project_id, canonical) IN ${hiddenOf})`,
    { params: { batchId: batch.batchId, cutoff: batch.cutoff }, settings: plainReading, timeoutMs: scanTimeoutMs },
  )
  const count = Number(row?.link_count ?? Number.NaN)
  return count === 0 ? [] : [`${count} identity links lead from the people to ids that are not being erased`]
}

const keptTables = async (db: RegionDb): Promise<readonly string[]> => {
  const rows = await db.rows<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name`,
  )
  return rows.map(({ name }) => name.replace(/_local$/, ''))
}

/** Inactive parts, detached parts, and folders on disk that no active part owns, if they are from before `erasedAt`. */
const filesLeft = async (db: RegionDb, erasedAt: string): Promise<Findings> => {
  const params = { erasedAt }
  const inactive = await db.rows<{ table: string; name: string }>(
    `SELECT table, name FROM system.parts WHERE database = currentDatabase() AND NOT active
       AND modification_time <= {erasedAt:DateTime64(6, 'UTC')}`,
    { params },
  )
  const detached = await db.rows<{ table: string; name: string }>(
    `SELECT table, name FROM system.detached_parts WHERE database = currentDatabase()`,
  )
  return [
    ...inactive.map(({ table, name }) => `retired part ${table}/${name} is still there`),
    ...detached.map(({ table, name }) => `detached part ${table}/${name} is still there`),
    ...(db.dataDir === null ? [] : await foldersLeft(db, erasedAt)),
  ]
}

const foldersLeft = async (db: RegionDb, erasedAt: string): Promise<Findings> => {
  const erasedAtMs = instantMs(erasedAt)
  const tables = await db.rows<{ name: string; data_paths: readonly string[] }>(
    'SELECT name, data_paths FROM system.tables WHERE database = currentDatabase() AND notEmpty(data_paths)',
  )
  const findings: string[] = []
  for (const { name, data_paths } of tables) {
    for (const path of data_paths) {
      // The disk first: a part that appears between the two looks is active in the second one.
      const folders = await folderNames(path)
      const parts = await db.rows<{ name: string }>(
        'SELECT name FROM system.parts WHERE database = currentDatabase() AND table = {table:String} AND active',
        { params: { table: name } },
      )
      const active = new Set(parts.map((part) => part.name))
      for (const folder of folders) {
        if (active.has(folder) || folder === 'detached') continue
        const age = await stat(join(path, folder)).catch(() => null)
        // Newer folders are merges and inserts that began after the rows were gone.
        if (age !== null && age.birthtimeMs <= erasedAtMs) findings.push(`folder ${name}/${folder} is still on disk`)
      }
    }
  }
  return findings
}

/** `YYYY-MM-DD hh:mm:ss.ffffff` of the engine, UTC. */
const instantMs = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`)

const folderNames = async (path: string): Promise<readonly string[]> =>
  (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name)

const objectsLeft = async (objects: ObjectStore, batch: ErasureBatch): Promise<Findings> => {
  const findings: string[] = []
  for (const [projectId, ids] of idsByProject(batch)) {
    const listed = new Set<string>()
    for (const { key } of await objects.list(idListPrefix(projectId))) {
      const object = await objects.get(key)
      if (object === null) continue
      const list = JSON.parse(await text(object.body)) as IdList
      listed.add(trackingIdOfKey(key))
      if (list.requested_at_ms > instantMs(batch.cutoff)) continue
      const names = [...list.distinct_ids, ...(list.cluster_ids ?? [])]
      if (names.some((id) => ids.has(id))) findings.push(`the id list of task ${trackingIdOfKey(key)} names them`)
    }
    for (const { key } of await objects.list(archivePrefix(projectId))) {
      // Unknown is not zero: an archive that nobody can say the people of stands in the way.
      if (!listed.has(trackingIdOfKey(key))) findings.push(`archive ${trackingIdOfKey(key)} has no id list`)
    }
  }
  return findings
}

export const createGate = (db: RegionDb, objects: ObjectStore): Gate => ({
  openClusters: (batch) => openLinks(db, batch),
  rows: (batch) => rowsLeft(db, batch),
  tables: () => keptTables(db),
  files: (erasedAt) => filesLeft(db, erasedAt),
  objects: (batch) => objectsLeft(objects, batch),
})

import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { RegionDb } from './region-db.ts'

export interface RetiredParts {
  /** Old parts that have left since the call began. */
  readonly retiredPartCount: number
  /** Parts and folders that hold old data and are still there when the time is up; empty is the goal. */
  readonly leftOver: readonly string[]
}

const limitMs = 30_000
const pollIntervalMs = 100

/** A table of `system`; on a cluster that of every replica of every shard, each of which has parts and processes of its own. */
export const systemTable = (db: RegionDb, name: string): string => {
  const [, cluster] = / ON CLUSTER '(.+)'/.exec(db.table('any').onCluster) ?? []
  return cluster === undefined ? `system.${name}` : `clusterAllReplicas('${cluster}', system.${name})`
}

const inactiveParts = async (db: RegionDb, table: string): Promise<readonly string[]> => {
  const found = await db.rows<{ name: string }>(
    `SELECT name FROM ${systemTable(db, 'parts')}
     WHERE database = currentDatabase() AND table = {table:String} AND NOT active`,
    { params: { table } },
  )
  return found.map(({ name }) => name)
}

const mutationFile = /^(tmp_)?mutation_\d+\.txt$/

/** Names in the table's folder, those of its detached parts with `detached/` before; none when the engine is remote. */
const filesOf = async (db: RegionDb, table: string): Promise<readonly string[]> => {
  if (db.dataDir === null) return []
  const folders = await db.rows<{ path: string }>(
    'SELECT arrayJoin(data_paths) AS path FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
    { params: { table } },
  )
  const lists = await Promise.all(
    folders.map(async ({ path }) => {
      const detached = join(path, 'detached')
      const detachedNames = existsSync(detached) ? await readdir(detached) : []
      return [...(await readdir(path)), ...detachedNames.map((name) => `detached/${name}`)]
    }),
  )
  return lists.flat()
}

/** What lies in the table's folder and is no part in use: old parts, unfinished ones, detached ones. */
const strayFolders = async (db: RegionDb, table: string): Promise<readonly string[]> => {
  // The folder is read before the list of parts, so that a part born in between is not taken for a stray.
  const names = await filesOf(db, table)
  const active = await db.rows<{ name: string }>(
    'SELECT name FROM system.parts WHERE database = currentDatabase() AND table = {table:String} AND active',
    { params: { table } },
  )
  const known = new Set([...active.map(({ name }) => name), 'detached', 'format_version.txt'])
  return names.filter((name) => !known.has(name) && !mutationFile.test(name))
}

/** Parts being written by an insert or a merge at this moment are strays for an instant: only what stays counts. */
const leftOverNow = async (db: RegionDb, table: string): Promise<readonly string[]> => [
  ...new Set([...(await inactiveParts(db, table)), ...(await strayFolders(db, table))]),
]

/**
 * Makes the parts that a mutation or merge has replaced leave the disk now instead of eight minutes later: dropping a
 * partition that does not exist wakes the cleaner. Needs `old_parts_lifetime = 0` on the table. A query that still
 * reads an old part keeps it, so this asks again for up to 30 s. `table` is the name without `_local`.
 * Throws EngineUnavailable or INTERNAL when the engine cannot tell: unknown is not zero.
 */
export const retireParts = async (
  db: RegionDb,
  table: string,
  options: { readonly limitMs?: number } = {},
): Promise<RetiredParts> => {
  const { local, onCluster } = db.table(table)
  const deadlineMs = Date.now() + (options.limitMs ?? limitMs)
  const seen = new Set(await inactiveParts(db, local))
  for (;;) {
    // By id: the form with a tuple would empty a table without partitions.
    await db.command(`ALTER TABLE ${local}${onCluster} DROP PARTITION ID 'none'`)
    const leftOver = await leftOverNow(db, local)
    for (const name of leftOver) seen.add(name)
    if (leftOver.length === 0 || Date.now() > deadlineMs) {
      const retiredPartCount = [...seen].filter((name) => !leftOver.includes(name)).length
      return { retiredPartCount, leftOver }
    }
    await delay(pollIntervalMs)
  }
}

export interface ClearedMutations {
  /** Finished mutations whose `mutation_*.txt` was removed. */
  readonly clearedCount: number
  /** Mutations still running, or files still on disk when the time is up; empty is the goal. */
  readonly leftOver: readonly string[]
}

/**
 * Removes what finished mutations leave behind: the text of the statement, in `mutation_*.txt` and `system.mutations`.
 * The engine itself keeps the last hundred. Killing a finished mutation removes only its record. `table` is the name
 * without `_local`. Throws like `retireParts`.
 */
export const clearFinishedMutations = async (
  db: RegionDb,
  table: string,
  options: { readonly limitMs?: number } = {},
): Promise<ClearedMutations> => {
  const { local, onCluster } = db.table(table)
  const deadlineMs = Date.now() + (options.limitMs ?? limitMs)
  const ofTable = `database = currentDatabase() AND table = {table:String}`
  const list = () =>
    db.rows<{ mutation_id: string }>(`SELECT mutation_id FROM ${systemTable(db, 'mutations')} WHERE ${ofTable}`, {
      params: { table: local },
    })
  const seen = new Set((await list()).map(({ mutation_id }) => mutation_id))
  for (;;) {
    await db.command(`KILL MUTATION${onCluster} WHERE ${ofTable} AND is_done SYNC`, { params: { table: local } })
    const recorded = (await list()).map(({ mutation_id }) => mutation_id)
    const files = (await filesOf(db, local)).filter((name) => mutationFile.test(name))
    const leftOver = [...new Set([...recorded, ...files])]
    if (leftOver.length === 0 || Date.now() > deadlineMs) {
      return { clearedCount: [...seen].filter((name) => !leftOver.includes(name)).length, leftOver }
    }
    await delay(pollIntervalMs)
  }
}

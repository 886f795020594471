import type { RegionDb } from './region-db.ts'
import { systemTable } from './retired-parts.ts'

/** What stands for the rows of each table at one moment. */
export interface TableVersions {
  /** While it stays the same, no row of the table comes, goes or changes. Merges change it too. */
  of(table: string): string
  /** Number of the day since 1970 by the engine's clock, in UTC. */
  readonly today: number
}

/**
 * Asks the engine which parts its tables are made of. A part never changes, and its name is not used again; the time and
 * the size tell apart those of before and after a restart, when the engine begins to count anew.
 */
export const readTableVersions = async (db: RegionDb): Promise<TableVersions> => {
  const [row] = await db.rows<{ today: number; versions: Readonly<Record<string, string>> }>(
    `SELECT toUInt32(toDate(now('UTC'))) AS today,
            sumMap(map(toString(table), sipHash64(hostName(), name, modification_time, bytes_on_disk))) AS versions
     FROM ${systemTable(db, 'parts')} WHERE active AND database = currentDatabase()`,
  )
  return { today: row?.today ?? 0, of: (table) => row?.versions[db.table(table).local] ?? '' }
}

/** Calls of one moment share what begins after all of them. */
export const sharedByMoment = <Value>(read: () => Promise<Value>): (() => Promise<Value>) => {
  let next: Promise<Value> | null = null
  return () => {
    next ??= Promise.resolve().then(() => {
      next = null
      return read()
    })
    return next
  }
}

const capacity = 10_000

/**
 * Answers that hold for one version of what they were asked of, least recently used ones first to go. `load` has to begin
 * after the version was read: an answer that is newer than its version is asked for again, one that is older never is kept.
 */
export const createVersionedCache = <Value>() => {
  const known = new Map<number, { readonly version: string; readonly value: Value }>()
  return {
    get: async (key: number, version: string, load: () => Promise<Value>): Promise<Value> => {
      const found = known.get(key)
      const value = found?.version === version ? found.value : await load()
      known.delete(key)
      known.set(key, { version, value })
      if (known.size > capacity) known.delete(known.keys().next().value as number)
      return value
    },
  }
}

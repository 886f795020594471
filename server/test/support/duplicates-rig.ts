import { createLedger, type Ledger } from '../../src/features/duplicates/ledger.ts'
import { createLedgerStore, type LedgerStore } from '../../src/features/duplicates/store/clickhouse-ledger.ts'
import { duplicatesParams, eventRowsSql, visibleEventsSql } from '../../src/features/identity/index.ts'
import { projectScope } from '../../src/kernel/scope.ts'
import { type ErasureRig, openErasureRig } from './erasure-rig.ts'

/** An event as it was sent; `version` tells those that are the same to queries apart. */
export interface Sent {
  readonly event?: string
  readonly who?: string
  readonly time?: string
  readonly insertId?: string
  readonly version?: number
  readonly projectId?: number
}

const rowOf = ({ event = 'Sign up', who = 'anna', time, insertId = 'i1', version = 1, projectId = 1 }: Sent) => ({
  project_id: projectId,
  event,
  time: time ?? '2026-01-01 00:00:00.000',
  distinct_id: who,
  insert_id: insertId,
  properties: { version: String(version) },
})

/** The engines with a ledger over them; what a test sends is gone at the next `clear`. */
export const openDuplicatesRig = async () => {
  const rig: ErasureRig = await openErasureRig()
  const { db } = rig
  const store: LedgerStore = createLedgerStore(db)
  let ledger: Ledger = createLedger(store)

  const number = async (sql: string): Promise<number> => {
    const [row] = await db.rows<{ n: string }>(sql)
    return Number(row?.n)
  }

  return {
    ...rig,
    store,
    ledger: () => ledger,
    clear: async () => {
      for (const table of ['event', 'duplicate_event', 'duplicate_progress'])
        await db.command(`TRUNCATE TABLE ${table}`)
      ledger = createLedger(store)
    },
    /** One INSERT. */
    send: (...sent: readonly Sent[]) => db.insert('event', sent.map((one) => JSON.stringify(rowOf(one))).join('\n')),
    /** The versions of the events that a query counts, in order. */
    counted: async (
      options: { readonly projectId?: number; readonly by?: Ledger } = {},
    ): Promise<readonly string[]> => {
      const { projectId = 1, by = ledger } = options
      const known = await by.catchUp(projectScope(projectId, 'US'))
      const rows = await db.rows<{ version: string }>(
        `SELECT e.properties['version'] AS version ${visibleEventsSql('everybody', '', eventRowsSql(known))}
         ORDER BY toUInt64(version)`,
        { params: { projectId, ...duplicatesParams(known) } },
      )
      return rows.map(({ version }) => version)
    },
    storedCount: () => number('SELECT count() AS n FROM event'),
    entryCount: () => number('SELECT count() AS n FROM duplicate_event FINAL'),
  }
}

export type DuplicatesRig = Awaited<ReturnType<typeof openDuplicatesRig>>

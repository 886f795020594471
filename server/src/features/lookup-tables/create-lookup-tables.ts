import type { Route } from '../../http/route.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { replaceTable, type SentTable } from './replace-table.ts'
import { lookupTableRoutes } from './routes.ts'
import { createLookupRows } from './store/clickhouse-lookup-rows.ts'
import {
  createLookupTableStore,
  type LookupLimits,
  type LookupTable,
  type Who,
} from './store/postgres-lookup-table-store.ts'
import { createSweep } from './sweep.ts'

export interface LookupTablesDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly regionDb: (regionId: string) => RegionDb
  /** Rows that nobody reads could not be removed; they are tried again with the next upload or start. */
  readonly onProblem: (regionId: string, error: unknown) => void
}

export interface LookupTables {
  readonly routes: readonly Route[]
  /** Removes rows that failed or replaced uploads have left in a region. Never throws. */
  sweep(regionId: string): Promise<void>
  /** Throws LookupTableExists. */
  create(scope: ProjectScope, name: string, who: Who): Promise<LookupTable>
  /** Replaces the table by rows of CSV, wholly or not at all; answers how many rows were bad. */
  replace(scope: ProjectScope, id: string, sent: SentTable): Promise<number>
}

/** The documented limits (ingestion §15). */
const defaultLookupLimits: LookupLimits = { rowCountMax: 5_000_000, uploadCountMax: 100 }

/** Wires the slice: names and versions in the control store, rows in the region engine. */
export const createLookupTables = (deps: LookupTablesDeps): LookupTables => {
  const tables = createLookupTableStore({ ...deps, limits: defaultLookupLimits })
  const rowsOf = (regionId: string) => createLookupRows(deps.regionDb(regionId))
  const sweep = createSweep({ tables, rowsOf, onProblem: deps.onProblem })
  const replace: Parameters<typeof lookupTableRoutes>[0]['replace'] = (...sent) =>
    replaceTable({ tables, rowsOf, sweep }, ...sent)
  return {
    routes: lookupTableRoutes({ tables, replace, sweep }),
    sweep,
    create: tables.create,
    replace: async (scope, id, sent) => (await replace(scope, id, sent)).length,
  }
}

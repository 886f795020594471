import type { LookupRows } from './store/clickhouse-lookup-rows.ts'
import type { LookupTableStore } from './store/postgres-lookup-table-store.ts'

export interface SweepDeps {
  readonly tables: LookupTableStore
  readonly rowsOf: (regionId: string) => LookupRows
  readonly onProblem: (regionId: string, error: unknown) => void
}

/**
 * Rows of replaced, failed and forgotten uploads leave the engine. Two servers may do it at once. Whoever asked for
 * something else has been served already: trouble is told, not thrown, and the next sweep finds the same rows.
 */
export const createSweep =
  ({ tables, rowsOf, onProblem }: SweepDeps) =>
  async (regionId: string): Promise<void> => {
    try {
      const versions = await tables.retired(regionId)
      for (const version of versions) await rowsOf(regionId).drop(version)
      if (versions.length > 0) await tables.dropped(versions)
    } catch (error) {
      onProblem(regionId, error)
    }
  }

import type { Stores } from './compose-stores.ts'
import { appendAudit } from './features/audit/index.ts'
import { parseExpression } from './features/query/index.ts'
import { createReports, type Reports } from './features/reports/index.ts'
import type { RegionDb } from './platform/clickhouse/region-db.ts'
import { errorFields, type Log } from './platform/log.ts'

export interface ComposeReportsDeps {
  readonly stores: Stores
  readonly regionDb: (regionId: string) => RegionDb
  readonly log: Log
}

/** What people save; expressions in it are looked at by the grammar of the questions. */
export const composeReports = ({ stores, regionDb, log }: ComposeReportsDeps): Reports =>
  createReports({
    control: stores.control,
    appendAudit,
    regionDb,
    checkExpression: (text, dialect = 'api') => {
      parseExpression(text, { dialect })
    },
    onProblem: (regionId, error) => {
      log.warn('members of replaced cohorts are still there', { regionId, ...errorFields(error) })
    },
  })

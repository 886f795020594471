import type { SavedReports } from '../../reports/index.ts'
import { NoSuchBookmark } from '../errors.ts'
import { requiredText, wholeNumber } from '../http/parameters.ts'
import type { Endpoint, QueryCall } from '../http/query-route.ts'
import type { Definitions } from '../ports.ts'
import { frequencyReport, funnelReport } from './other-reports.ts'
import { planInsights } from './plan-insights.ts'
import { retentionReport } from './retention-report.ts'
import { runInsights } from './run-insights.ts'
import { reportJson, shapeInsights } from './shape-insights.ts'

export interface InsightsDeps {
  readonly definitions: Definitions
  readonly saved: Pick<SavedReports, 'bookmark'>
}

/** QRY-01: the answer of a saved report of any kind. */
export const insights = ({ definitions, saved }: InsightsDeps): Endpoint => ({
  name: 'insights',
  handle: async (call) => {
    const { params, view } = call
    requiredText(params, 'bookmark_id')
    const id = wholeNumber(params, 'bookmark_id', 1, Number.MAX_SAFE_INTEGER) ?? 0
    const found = await saved.bookmark(view.scope, id)
    if (found === null) throw new NoSuchBookmark(id)
    const { buckets, answer } = await answered(definitions, call, found.definition)
    return { json: reportJson(buckets, view.nowMs, answer) }
  },
})

const answered = async (
  definitions: Definitions,
  call: QueryCall,
  report: NonNullable<Awaited<ReturnType<SavedReports['bookmark']>>>['definition'],
) => {
  if (report.type === 'funnels') return funnelReport(definitions, call, report)
  if (report.type === 'retention') return retentionReport(definitions, call, report)
  if (report.type === 'frequency') return frequencyReport(definitions, call, report)
  const plans = await planInsights(definitions, call.view, report)
  const lines = await runInsights(call, report, plans)
  // There is at least one metric, and all are of the same days.
  const { buckets, isWhole } = plans[0] as (typeof plans)[number]
  return { buckets, answer: shapeInsights(report, buckets, isWhole, lines) }
}

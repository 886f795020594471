import type { SavedReports } from '../../reports/index.ts'
import { NoSuchBookmark } from '../errors.ts'
import { optionalText, requiredText, wholeNumber } from '../http/parameters.ts'
import type { Endpoint, QueryCall } from '../http/query-route.ts'
import type { Definitions } from '../ports.ts'
import { withCohortSegments } from './cohort-segments.ts'
import { comparisonOf } from './comparison.ts'
import { type Guardrails, refuseTooMuch } from './guardrails.ts'
import { frequencyReport, funnelReport } from './other-reports.ts'
import { planInsights } from './plan-insights.ts'
import { retentionReport } from './retention-report.ts'
import { runInsights } from './run-insights.ts'
import { reportJson, shapeInsights } from './shape-insights.ts'
import { workOutRanges } from './work-out-ranges.ts'

export interface InsightsDeps {
  readonly definitions: Definitions
  readonly saved: Pick<SavedReports, 'bookmark' | 'cohort' | 'customEvent' | 'dataViewOfProfiles'>
  readonly limits: { readonly guardrails: Guardrails }
}

/** QRY-01: the answer of a saved report of any kind. */
export const insights = (deps: InsightsDeps): Endpoint => ({
  name: 'insights',
  handle: async (call) => {
    const { params, view } = call
    requiredText(params, 'bookmark_id')
    const id = wholeNumber(params, 'bookmark_id', 1, Number.MAX_SAFE_INTEGER) ?? 0
    const found = await deps.saved.bookmark(view.scope, id)
    if (found === null) throw new NoSuchBookmark(id)
    const { buckets, answer } = await answered(deps, call, found.definition)
    return { json: reportJson(buckets, view.nowMs, answer) }
  },
})

const answered = async (
  { definitions, saved, limits }: InsightsDeps,
  asked: QueryCall,
  report: NonNullable<Awaited<ReturnType<SavedReports['bookmark']>>>['definition'],
) => {
  if (report.type === 'funnels') return funnelReport(definitions, asked, report)
  if (report.type === 'retention') return retentionReport(definitions, asked, report)
  if (report.type === 'frequency') return frequencyReport(definitions, asked, report)
  const { call, segments } = await withCohortSegments(saved, asked, report)
  const { view } = call
  const profileView = await profileViewOf(saved, call)
  const planned = await planInsights({ definitions, view, profileView, segments }, report)
  refuseTooMuch(limits.guardrails, planned)
  const plans = await workOutRanges(call, report, planned)
  const context = { call, saved }
  const lines = await runInsights(context, report, plans)
  // There is at least one metric, and all are of the same days.
  const { buckets, isWhole } = plans[0] as (typeof plans)[number]
  const comparison = await comparisonOf(context, report, plans, lines)
  return { buckets, answer: { ...shapeInsights(report, buckets, isWhole, lines), comparison } }
}

/** What the data view leaves of profiles; null: all of them. */
const profileViewOf = async (saved: InsightsDeps['saved'], { params, view }: QueryCall): Promise<string | null> => {
  const id = optionalText(params, 'workspace_id')
  return id === undefined ? null : ((await saved.dataViewOfProfiles(view.scope, Number(id))) ?? null)
}

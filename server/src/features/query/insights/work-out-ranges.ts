import type { InsightsDefinition } from '../../reports/index.ts'
import type { NumberBounds } from '../compile/numbers.ts'
import { createBinder } from '../compile/sql-context.ts'
import { rangesFor } from '../domain/number-ranges.ts'
import { inRanges, rangesFromTo } from '../domain/value-buckets.ts'
import type { QueryCall } from '../http/query-route.ts'
import type { InsightsPlan } from './metric-plan.ts'
import { boundsSql } from './metric-sql.ts'
import { hasAutoBuckets } from './plan-insights.ts'
import { profileBoundsSql } from './profile-metric-sql.ts'

type Call = Pick<QueryCall, 'run' | 'view'>

/** The plans with ranges for breakdowns of numbers, the same for all metrics: they hold every number of any of them. */
export const workOutRanges = async (
  call: Call,
  { breakdowns }: InsightsDefinition,
  plans: readonly InsightsPlan[],
): Promise<readonly InsightsPlan[]> => {
  let ranged = plans
  for (const [at, breakdown] of breakdowns.entries()) {
    if (!hasAutoBuckets(breakdown)) continue
    const bounds = await boundsOf(call, plans, at)
    ranged = ranged.map((plan) => ({
      ...plan,
      breakdowns: plan.breakdowns.map((value, other) => {
        if (other !== at || bounds === null) return value
        return inRanges(value, rangesFromTo(bounds.low, bounds.high, rangesFor(bounds.low, bounds.high).width))
      }),
    }))
  }
  return ranged
}

const boundsOf = async ({ run, view }: Call, plans: readonly InsightsPlan[], at: number) => {
  const found: NumberBounds[] = []
  for (const plan of plans) {
    if (plan.kind === 'cohort') continue
    const binder = createBinder(view)
    const sql = plan.kind === 'events' ? boundsSql(view, binder, plan, at) : profileBoundsSql(view, binder, plan, at)
    found.push(...(await run.rows<NumberBounds>(view, binder, sql)).filter(({ n }) => n > 0))
  }
  if (found.length === 0) return null
  return {
    low: found.reduce((least, { low }) => Math.min(least, low), Number.POSITIVE_INFINITY),
    high: found.reduce((most, { high }) => Math.max(most, high), Number.NEGATIVE_INFINITY),
  }
}

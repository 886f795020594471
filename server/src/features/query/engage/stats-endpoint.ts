import { InvalidRequest } from '../../../kernel/errors.ts'
import { createBinder } from '../compile/sql-context.ts'
import { requiredText } from '../http/parameters.ts'
import type { Endpoint } from '../http/query-route.ts'
import { expressionSql, profileRows } from './profile-rows.ts'
import { engageFilter } from './request.ts'
import { type ResolveFilterDeps, resolveFilter } from './resolve-filter.ts'

type Action =
  | { readonly kind: 'count' }
  | { readonly kind: 'extremes' | 'numeric_summary'; readonly of: string }
  | { readonly kind: 'percentile'; readonly of: string; readonly percentile: number }

/** `count()`, `extremes(expr)`, `percentile(expr, 50)`, `numeric_summary(expr)`. */
export const actionOf = (text: string): Action => {
  const [, kind, inner = ''] = /^\s*(count|extremes|percentile|numeric_summary)\s*\((.*)\)\s*$/s.exec(text) ?? []
  if (kind === 'count') return { kind }
  if ((kind === 'extremes' || kind === 'numeric_summary') && inner.trim() !== '') return { kind, of: inner }
  const [, of, percentile] = /^(.+),\s*(\d{1,3}(?:\.\d+)?)\s*$/s.exec(inner) ?? []
  if (kind === 'percentile' && of !== undefined && Number(percentile) <= 100) {
    return { kind, of, percentile: Number(percentile) }
  }
  throw new InvalidRequest(
    'action must be count(), extremes(<expression>), percentile(<expression>, <0 to 100>) or numeric_summary(<expression>)',
  )
}

interface Numbers {
  readonly n: number
  readonly min: number | null
  readonly max: number | null
  readonly mean: number | null
  readonly variance: number | null
  readonly sum_of_squares: number | null
  readonly percentile: number | null
}

/** GET /engage/stats: a figure over the profiles that meet the filter. */
export const engageStatsEndpoint = (deps: ResolveFilterDeps): Endpoint => ({
  name: 'engage/stats',
  permission: 'query:read',
  handle: async (call) => {
    const action = actionOf(requiredText(call.params, 'action'))
    const filter = await resolveFilter(deps, call, engageFilter(call.params))
    const { view, run } = call
    const binder = createBinder(view)
    const rows = profileRows(view, binder, filter)
    const value = action.kind === 'count' ? '0.' : expressionSql(rows.context, action.of, 'number')
    const level = action.kind === 'percentile' ? action.percentile / 100 : 0.5
    const [found] = await run.rows<Numbers>(
      view,
      binder,
      // The level is a number that was read as one: the engine takes no bound value there.
      `SELECT count(x) AS n, min(x) AS min, max(x) AS max, avg(x) AS mean, varPop(x) AS variance,
         sum(x * x) AS sum_of_squares, quantileExactInclusive(${level})(x) AS percentile
       FROM (SELECT toNullable(${value}) AS x ${rows.source})`,
    )
    const results = resultsOf(action, found)
    return { json: { results, status: 'ok', computed_at: new Date(view.nowMs).toISOString() } }
  },
})

const resultsOf = (action: Action, found: Numbers | undefined): number | object => {
  const count = found?.n ?? 0
  const some = <Value>(value: Value | null | undefined): Value | null => (count === 0 ? null : (value ?? null))
  switch (action.kind) {
    case 'count':
      return count
    case 'extremes':
      return { max: some(found?.max), min: some(found?.min) }
    case 'percentile':
      return { percentile: action.percentile, result: some(found?.percentile) }
    case 'numeric_summary':
      return {
        count,
        mean: some(found?.mean),
        var: some(found?.variance),
        sum_of_squares: some(found?.sum_of_squares),
      }
  }
}

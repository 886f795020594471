import { compileFilter } from '../compile/expression.ts'
import type { ExpressionContext } from '../compile/expression-context.ts'
import { createProfileContext, profileSource } from '../compile/profile-source.ts'
import type { Binder } from '../compile/sql-context.ts'
import type { ReadView } from '../read-view.ts'
import type { ProfilePlan } from './metric-plan.ts'
import { boundsOf } from './metric-sql.ts'
import { functionOf, isSplit, measurable, number, ofEvents, valuesSql } from './rows-sql.ts'

/** Rows of MetricRow over profiles as they are now, as one bucket. */
export const profileMetricSql = (view: ReadView, binder: Binder, plan: ProfilePlan): string => {
  const { measurement } = plan
  if (measurement.kind === 'total') {
    return ofEvents(plan, binder, { name: 'count', of: '' }, profileRows(view, binder, plan, null))
  }
  const { value, isThere } = measurable(measurement.aggregate, measurement.property)
  const rows = `SELECT * FROM (${profileRows(view, binder, plan, value)}) WHERE ${isThere}`
  return ofEvents(plan, binder, functionOf(plan, measurement.aggregate), rows)
}

const profileRows = (
  view: ReadView,
  binder: Binder,
  plan: ProfilePlan,
  value: ((context: ExpressionContext) => string) | null,
): string => {
  const context = createProfileContext(view, binder)
  const columns = [
    ...(isSplit(plan) ? [`${valuesSql(context, plan)} AS j`] : []),
    '0 AS b',
    ...(value === null ? [] : [`${value(context)} AS v`]),
  ]
  const where = plan.where.map((condition) => `(${compileFilter(condition, context)})`)
  return `SELECT ${columns.join(', ')} ${[profileSource(view, binder), ...where].join(' AND ')}`
}

/** As `boundsSql` of events. */
export const profileBoundsSql = (view: ReadView, binder: Binder, plan: ProfilePlan, at: number): string => {
  const on = plan.breakdowns[at]
  const rows = profileRows(view, binder, { ...plan, breakdowns: [] }, (context) =>
    on === undefined ? 'NULL' : number(context, on),
  )
  return boundsOf(rows)
}

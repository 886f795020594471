import { bucketSql } from '../compile/bucket.ts'
import { entitySql, firstSql } from '../compile/entity.ts'
import { createEventContext, eventSource, type TimeRange } from '../compile/event-source.ts'
import { compileExpression } from '../compile/expression.ts'
import type { ExpressionContext } from '../compile/expression-context.ts'
import { bucketKeysSql } from '../compile/expression-lists.ts'
import { matchSql, namesOfMatches } from '../compile/match.ts'
import type { Binder, EventContext } from '../compile/sql-context.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import type { ReadView } from '../read-view.ts'
import type { Aggregate, MetricPlan, PerUser } from './metric-plan.ts'

// What the statements of all metrics are put together from.

/** One combination of the breakdowns' values; those with the most come first. */
export interface MetricRow {
  readonly k: readonly string[]
  readonly points: readonly (readonly [bucket: number, value: number | null])[]
}

/** What a list of combinations goes by. */
export type Ranked = Pick<MetricPlan, 'breakdowns' | 'limit'>

/** An aggregate function of the engine, as its parts: `name` + `with` + `of` in brackets. */
export interface AggregateFunction {
  readonly name: string
  readonly with?: string
  readonly of: string
}
export const call = ({ name, with: parameters = '', of }: AggregateFunction, suffix = ''): string =>
  `${name}${suffix}${parameters}(${of})`

/** What the most important combinations have most of: their values, where those add up or compare, or their rows. */
const rankOf: Readonly<Record<string, string>> = { sum: 'sum(n)', min: 'max(n)', max: 'max(n)', uniqExact: 'sum(n)' }

export const isSplit = ({ breakdowns }: Pick<MetricPlan, 'breakdowns'>): boolean => breakdowns.length > 0
/** The column of keys, where there are any. */
export const k = (plan: Pick<MetricPlan, 'breakdowns'>): string => (isSplit(plan) ? 'k, ' : '')

export const withoutKeys = (value: string, rows: string): string =>
  `SELECT []::Array(String) AS k, groupArray((b, n)) AS points FROM (
SELECT b, ${value} AS n FROM (${rows}) GROUP BY b)`

export const ranked = (plan: Ranked, binder: Binder, rank: string, rows: string): string =>
  `SELECT k, groupArray((b, n)) AS points FROM (${rows})
GROUP BY k ORDER BY ${rank} DESC, k LIMIT ${binder.bind(plan.limit, 'UInt32')}`

/** Rows of j, b, v. They are grouped by values as stored, and the keys of those are worked out once for each. */
export const ofEvents = (plan: Ranked, binder: Binder, aggregate: AggregateFunction, rows: string): string => {
  if (!isSplit(plan)) return withoutKeys(call(aggregate), rows)
  const stored = `SELECT j, b, ${call(aggregate, 'State')} AS v, count() AS c FROM (${rows}) GROUP BY j, b`
  const merged = call({ ...aggregate, of: 'v' }, 'Merge')
  const sums = `SELECT k, b, ${merged} AS n, sum(c) AS c FROM (${keyed(plan, stored, 'b, v, c')}) GROUP BY k, b`
  return ranked(plan, binder, rankOf[aggregate.name] ?? 'sum(c)', sums)
}

/** Rows of k (where there are breakdowns), b, v. */
export const ofKeys = (plan: Ranked, binder: Binder, value: string, rows: string): string =>
  isSplit(plan)
    ? ranked(plan, binder, 'sum(c)', `SELECT k, b, ${value} AS n, count() AS c FROM (${rows}) GROUP BY k, b`)
    : withoutKeys(value, rows)

/** Rows of j with their keys as k: a row for every combination. Without breakdowns they stay as they are. */
export const keyed = (plan: Ranked, rows: string, columns: string): string => {
  if (!isSplit(plan)) return `SELECT ${columns} FROM (${rows})`
  const lists = plan.breakdowns.map((_, at) => bucketKeysSql(`j[${at + 1}]`)).join(',\n  ')
  const one = plan.breakdowns.map((_, at) => `arrayJoin(lists[${at + 1}])`).join(', ')
  return `SELECT [${one}]::Array(String) AS k, ${columns} FROM (SELECT *, [${lists}]::Array(Array(String)) AS lists FROM (${rows}))`
}

/** Each breakdown's value of a row, as JSON texts. */
export const valuesSql = (context: ExpressionContext, { breakdowns }: Pick<MetricPlan, 'breakdowns'>): string =>
  `[${breakdowns.map((on) => compileExpression(on, 'json', context)).join(', ')}]::Array(String)`

export const bucketOf = (binder: Binder, plan: MetricPlan): string =>
  plan.isWhole ? '0' : bucketSql(binder, plan.buckets)

export interface RowsOptions {
  readonly range?: TimeRange
  readonly where?: (context: EventContext) => readonly string[]
  /** In place of the bucket. */
  readonly b?: string
  /** Only events of somebody, with who that is as `person`, which `value` can use: a row for each of them. */
  readonly hasPerson?: boolean
}

/** Rows of the metric's events: j (where there are breakdowns), b, and `v`, what `value` compiles to. */
export const eventRows = (
  view: ReadView,
  binder: Binder,
  plan: MetricPlan,
  value: ((context: EventContext) => string) | null,
  { range = plan.buckets.range, where, b, hasPerson = false }: RowsOptions = {},
): string => {
  const context = createEventContext(view, binder)
  const isFirst = plan.match.isFirst === true
  const entity = hasPerson || isFirst ? entitySql(context, plan.entity) : null
  const columns = [
    ...(entity === null ? [] : [`${entity.key} AS person`]),
    ...(isFirst ? ['toUnixTimestamp64Milli(e.time) AS t'] : []),
    ...(isSplit(plan) ? [`${valuesSql(context, plan)} AS j`] : []),
    `${b ?? bucketOf(binder, plan)} AS b`,
    ...(value === null ? [] : [`${value(context)} AS v`]),
  ]
  const from = eventSource(view, binder, context, {
    ...(hasPerson ? entity?.wanted : {}),
    range,
    events: namesOfMatches([plan.match]),
    where: [matchSql(context, plan.match), ...(entity?.wanted.where ?? []), ...(where?.(context) ?? [])],
  })
  const rows = `SELECT ${columns.join(',\n  ')} ${from}`
  return isFirst ? `SELECT * FROM (${rows}) WHERE ${firstSql(view, binder, plan.entity, plan.match)}` : rows
}

export const number = (context: ExpressionContext, property: Expression): string =>
  `CAST(${compileExpression(property, 'number', context)}, 'Nullable(Float64)')`

/** Values that can be measured: numbers; different values can be of any kind. */
export const measurable = (aggregate: Aggregate | 'total', property: Expression | null) => {
  if (property === null) return { value: () => '1', isThere: '1' }
  if (aggregate !== 'distinct') return { value: (c: ExpressionContext) => number(c, property), isThere: 'isFinite(v)' }
  return { value: (c: ExpressionContext) => compileExpression(property, 'json', c), isThere: `v NOT IN ('', 'null')` }
}

export const functionOf = (
  { quantile }: Pick<MetricPlan, 'quantile'>,
  aggregate: Aggregate | PerUser | 'total',
): AggregateFunction => {
  const names = { total: 'count', sum: 'sum', average: 'avg', min: 'min', max: 'max', distinct: 'uniqExact' }
  const exact = { name: 'quantileExactInclusive', of: 'assumeNotNull(v)' }
  if (aggregate === 'median') return { ...exact, with: '(0.5)' }
  // The engine takes a quantile as a literal only.
  if (aggregate === 'percentile') return { ...exact, with: `(${String(quantile)})` }
  return { name: names[aggregate], of: aggregate === 'total' ? '' : 'v' }
}

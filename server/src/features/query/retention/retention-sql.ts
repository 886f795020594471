import { bucketSql } from '../compile/bucket.ts'
import { createEventContext, eventSource } from '../compile/event-source.ts'
import { compileExpression } from '../compile/expression.ts'
import { bucketKeysSql } from '../compile/expression-lists.ts'
import { type Match, matchSql, namesOfMatches } from '../compile/match.ts'
import type { Binder } from '../compile/sql-context.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import type { RetentionRules } from '../domain/retention/retention.ts'
import type { Buckets } from '../domain/time/buckets.ts'
import type { ReadView } from '../read-view.ts'

export interface RetentionPlan extends RetentionRules {
  readonly birth: Match
  readonly return: Match
  /** Of births. */
  readonly buckets: Buckets
  readonly by: RetentionBreakdown | null
}

export interface RetentionBreakdown {
  readonly on: Expression
  /** Whose value it is: the event of birth, or the one that came back. */
  readonly of: 'birth' | 'return'
  readonly limit: number
}

/** In which intervals people came back, and how many in each. */
export type Returned = readonly [intervals: readonly number[], counts: readonly number[]]

/** The cohorts of one key; the key is '' without a breakdown, and those with the most people come first. */
export interface RetentionRow {
  readonly key: string
  readonly cohorts: readonly (readonly [bucket: number, first: number, returned: Returned])[]
}

/** The last instant that can matter: the end of the last interval of who is born last; for `on or after`, now. */
const readUntilMs = ({ buckets, intervalMs, intervalCount, isUnbounded }: RetentionPlan, nowMs: number): number => {
  const endMs = buckets.range.toMs + intervalMs * intervalCount
  // Clocks of senders run ahead a little.
  return isUnbounded ? Math.max(endMs, nowMs + 86_400_000) : endMs
}

/**
 * One row per person: `births` as [instant, bucket, value] and `returns` as [instant, value]. All of a project's days
 * are read once; a person's instants are what is kept of them.
 */
const peopleSql = (view: ReadView, binder: Binder, plan: RetentionPlan): string => {
  const context = createEventContext(view, binder)
  const { range } = plan.buckets
  const [fromMs, toMs] = [binder.bind(range.fromMs, 'Int64'), binder.bind(range.toMs, 'Int64')]
  const isBirth = `((${matchSql(context, plan.birth)}) AND t >= ${fromMs} AND t < ${toMs})`
  const isReturn = `(${matchSql(context, plan.return)})`
  const value = plan.by === null ? null : compileExpression(plan.by.on, 'json', context)
  const [ofBirth, ofReturn] = (['birth', 'return'] as const).map((of) => (plan.by?.of === of ? (value ?? `''`) : `''`))
  const columns = [
    `${context.personKey} AS person`,
    'toUnixTimestamp64Milli(e.time) AS t',
    `${bucketSql(binder, plan.buckets)} AS b`,
    `${isBirth} AS is_birth`,
    `${isReturn} AS is_return`,
    `${ofBirth} AS v`,
    `${ofReturn} AS w`,
  ]
  const from = eventSource(view, binder, context, {
    range: { fromMs: range.fromMs, toMs: readUntilMs(plan, view.nowMs) },
    events: namesOfMatches([plan.birth, plan.return]),
    where: [context.isSomebody],
  })
  const births =
    plan.type === 'birth'
      ? '[minIf((t, b, v), is_birth)]'
      : `arrayFilter((birth, step, at) -> at = 1 OR step != 0, arraySort(groupArrayIf((t, b, v), is_birth)) AS sorted,
   arrayDifference(arrayMap(birth -> toInt64(birth.2), sorted)), arrayEnumerate(sorted))`
  return `SELECT ${births} AS births, groupArrayIf((t, w), is_return) AS returns
FROM (SELECT ${columns.join(',\n  ')} ${from})
WHERE is_birth OR is_return
GROUP BY person HAVING countIf(is_birth) > 0`
}

/** Rows of RetentionRow. With a breakdown by what came back, `first` is 0: it is of the cohort, and asked for apart. */
export const retentionSql = (view: ReadView, binder: Binder, plan: RetentionPlan): string => {
  const people = peopleSql(view, binder, plan)
  return plan.by?.of === 'return' ? byReturnSql(binder, plan, plan.by, people) : byBirthSql(binder, plan, people)
}

const laterIntervals = (binder: Binder, { intervalMs }: RetentionPlan): string =>
  `arrayMap(back -> (intDiv(back.1 - born, ${binder.bind(intervalMs, 'Int64')}), back.2), arrayFilter(back -> back.1 > born, returns))`

// What came back is kept as a list of intervals, not as a flag for each: people come back in few of many.

const byBirthSql = (binder: Binder, plan: RetentionPlan, people: string): string => {
  const length = binder.bind(plan.intervalCount, 'UInt32')
  const intervals = `arrayMap(back -> back.1, ${laterIntervals(binder, plan)})`
  const met = plan.isUnbounded
    ? `if(empty(${intervals} AS numbers), [], range(toUInt32(least(arrayMax(numbers) + 1, ${length}))))`
    : `arrayDistinct(arrayMap(number -> toUInt32(number), arrayFilter(number -> number < ${length}, ${intervals})))`
  const key = plan.by === null ? `''` : `arrayJoin(${bucketKeysSql('v')})`
  return `SELECT key, groupArray((b, first, returned)) AS cohorts FROM (
SELECT key, b, count() AS first, sumMap(met, arrayMap(number -> toUInt64(1), met)) AS returned FROM (
SELECT ${key} AS key, b, met FROM (
SELECT births.1 AS born, births.2 AS b, births.3 AS v, ${met} AS met FROM (
${people})
ARRAY JOIN births))
GROUP BY key, b)
GROUP BY key ORDER BY sum(first) DESC, key LIMIT ${binder.bind(plan.by?.limit ?? 1, 'UInt32')}`
}

const byReturnSql = (binder: Binder, plan: RetentionPlan, { limit }: RetentionBreakdown, people: string): string => {
  const length = binder.bind(plan.intervalCount, 'UInt32')
  const intervals = plan.isUnbounded
    ? `range(toUInt32(least(back.1 + 1, ${length})))`
    : `if(back.1 < ${length}, [toUInt32(back.1)], [])`
  const met = `arrayDistinct(arrayFlatten(arrayMap(back -> arrayMap(key -> arrayMap(k -> (key, k), ${intervals}),
  ${bucketKeysSql('back.2')}), ${laterIntervals(binder, plan)})))`
  return `SELECT key, groupArray((b, 0, returned)) AS cohorts FROM (
SELECT met.1 AS key, b, sumMap([met.2], [toUInt64(1)]) AS returned, count() AS c FROM (
SELECT births.1 AS born, births.2 AS b, arrayJoin(${met}) AS met FROM (
${people})
ARRAY JOIN births)
GROUP BY key, b)
GROUP BY key ORDER BY sum(c) DESC, key LIMIT ${binder.bind(limit, 'UInt32')}`
}

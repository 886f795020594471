import { dayMs } from '../../../kernel/time.ts'
import { bucketSql } from '../compile/bucket.ts'
import { type Entity, entitySql, matchOfEntitySql } from '../compile/entity.ts'
import { createEventContext, eventSource } from '../compile/event-source.ts'
import { compileExpression } from '../compile/expression.ts'
import { bucketKeysSql } from '../compile/expression-lists.ts'
import { type Match, matchSql, namesOfMatches } from '../compile/match.ts'
import type { Binder } from '../compile/sql-context.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import type { Intervals } from '../domain/retention/intervals.ts'
import type { Criterion, RetentionRules } from '../domain/retention/retention.ts'
import type { Buckets } from '../domain/time/buckets.ts'
import type { ReadView } from '../read-view.ts'

interface RetentionParts extends RetentionRules {
  readonly birth: Match
  readonly return: Match
  /** Of births. */
  readonly buckets: Buckets
  /** Who is born and comes back. */
  readonly entity: Entity
}

/** `sumOf`: property of what comes back that is added up. */
export type RetentionPlan = RetentionParts &
  (
    | { readonly criterion: Criterion; readonly by: BirthBreakdown | null; readonly sumOf: string | null }
    | { readonly criterion: 'on' | 'on-or-after'; readonly by: ReturnBreakdown | null; readonly sumOf: null }
  )

interface Breakdown {
  readonly on: Expression
  readonly limit: number
}
/** The value is that of the event of birth. */
interface BirthBreakdown extends Breakdown {
  readonly of: 'birth'
}
/** The value is that of the event that came back. */
export interface ReturnBreakdown extends Breakdown {
  readonly of: 'return'
}

/** In which intervals people came back, and how many in each; or what it adds up to in each. */
export type Returned = readonly [intervals: readonly number[], counts: readonly number[]]

/** The cohorts of one key; the key is '' without a breakdown, and those with the most people come first. */
export interface RetentionRow {
  readonly key: string
  readonly cohorts: readonly (readonly [bucket: number, first: number, returned: Returned, summed: Returned])[]
}

const longestMs = { day: dayMs, week: 7 * dayMs, month: 31 * dayMs } as const

/** The last instant that can matter: the end of the last interval of who is born last; for `on or after`, now. */
const readUntilMs = ({ buckets, intervals: { clock, ends }, criterion }: RetentionPlan, nowMs: number): number => {
  const { toMs } = buckets.range
  const units = ends.at(-1) ?? 0
  // A day more where clocks may be put back.
  const endMs = toMs + (clock.kind === 'rolling' ? units * clock.unitMs : units * longestMs[clock.unit] + dayMs)
  // Clocks of senders run ahead a little.
  return criterion === 'on-or-after' ? Math.max(endMs, nowMs + dayMs) : endMs
}

/** SQL of the number of the day, week or month of the zone that an event is in; null where no calendar matters. */
const calendarSql = (binder: Binder, { clock }: Intervals, time = 'e.time'): string | null => {
  if (clock.kind === 'rolling') return null
  const date = `toDate32(${time}, ${binder.bind(clock.zone, 'String')})`
  if (clock.unit === 'day') return `toInt32(${date})`
  return clock.unit === 'week' ? `intDiv(toInt32(${date}) + 3, 7)` : `(toYear(${date}) * 12 + toMonth(${date}))`
}

/**
 * One row per person: `births` as [instant, bucket, value] and `returns` as [instant, value], both with the unit of the
 * calendar after it where one matters, and `returns` with a number at the end where one is asked for. All of a project's
 * days are read once; a person's instants are what is kept of them.
 */
const peopleSql = (view: ReadView, binder: Binder, plan: RetentionPlan): string => {
  const context = createEventContext(view, binder)
  const { range } = plan.buckets
  const [fromMs, toMs] = [binder.bind(range.fromMs, 'Int64'), binder.bind(range.toMs, 'Int64')]
  const { key, wanted } = entitySql(context, plan.entity)
  const isBirth = `((${matchOfEntitySql(view, binder, context, plan.entity, plan.birth)}) AND t >= ${fromMs} AND t < ${toMs})`
  const isReturn = `(${matchSql(context, plan.return)})`
  const value = plan.by === null ? null : compileExpression(plan.by.on, 'json', context)
  const [ofBirth, ofReturn] = (['birth', 'return'] as const).map((of) => (plan.by?.of === of ? (value ?? `''`) : `''`))
  const unit = calendarSql(binder, plan.intervals)
  const number = plan.sumOf === null ? null : `ifNull(toFloat64OrNull(${context.eventProperty(plan.sumOf)}), 0)`
  const ofUnit = unit === null ? '' : ', u'
  const back = `(t, w${ofUnit}${number === null ? '' : ', n'})`
  const columns = [
    `${key} AS person`,
    'toUnixTimestamp64Milli(e.time) AS t',
    `${isBirth} AS is_birth`,
    `${isReturn} AS is_return`,
    `${ofBirth} AS v`,
    `${ofReturn} AS w`,
    ...(unit === null ? [] : [`${unit} AS u`]),
    ...(number === null ? [] : [`${number} AS n`]),
  ]
  const from = eventSource(view, binder, context, {
    range: { fromMs: range.fromMs, toMs: readUntilMs(plan, view.nowMs) },
    events: namesOfMatches([plan.birth, plan.return]),
    ...wanted,
  })
  // Numbers are kept much faster than tuples, and what follows from an instant is worked out for few of them.
  const at = (instant: string, more: string): string => {
    const time = `fromUnixTimestamp64Milli(${instant}, 'UTC')`
    const calendar = calendarSql(binder, plan.intervals, time)
    return `(${instant}, ${bucketSql(binder, plan.buckets, time)}, ${more}${calendar === null ? '' : `, ${calendar}`})`
  }
  const isPlain = number === null && unit === null && ofReturn === `''`
  const returns = isPlain ? `arrayMap(t -> (t, ''), groupArrayIf(t, is_return))` : `groupArrayIf(${back}, is_return)`
  return `SELECT ${birthsSql(plan, at, ofBirth === `''`)} AS births, ${returns} AS returns
FROM (SELECT ${columns.join(',\n  ')} ${from})
WHERE is_birth OR is_return
GROUP BY person HAVING countIf(is_birth) > 0`
}

/** `at`: SQL of an instant with its bucket, a value and its unit. */
const birthsSql = (
  plan: RetentionPlan,
  at: (instant: string, value: string) => string,
  hasNoValue: boolean,
): string => {
  if (plan.type === 'birth') {
    return hasNoValue
      ? `[${at('minIf(t, is_birth)', `''`)}]`
      : `[${at('minIf((t, v), is_birth).1', 'minIf((t, v), is_birth).2')}]`
  }
  const all = hasNoValue
    ? `arrayMap(one -> ${at('one', `''`)}, arraySort(groupArrayIf(t, is_birth)))`
    : `arrayMap(one -> ${at('one.1', 'one.2')}, arraySort(groupArrayIf((t, v), is_birth)))`
  return `arrayFilter((birth, step, at) -> at = 1 OR step != 0, ${all} AS sorted,
   arrayDifference(arrayMap(birth -> toInt64(birth.2), sorted)), arrayEnumerate(sorted))`
}

/** Rows of RetentionRow. With a breakdown by what came back, `first` is 0: it is of the cohort, and asked for apart. */
export const retentionSql = (view: ReadView, binder: Binder, plan: RetentionPlan): string => {
  const people = peopleSql(view, binder, plan)
  return plan.by?.of === 'return' ? byReturnSql(binder, plan, plan.by, people) : byBirthSql(binder, plan, people)
}

/**
 * SQL of what came back as [interval, value], with its number where one is asked for; the interval is the number of
 * them, or more, for what is after all.
 */
const laterIntervals = (binder: Binder, { intervals: { clock, ends }, criterion, sumOf }: RetentionPlan): string => {
  const units =
    clock.kind === 'rolling'
      ? `intDiv(back.1 - births.1, ${binder.bind(clock.unitMs, 'Int64')})`
      : `(toInt32(back.3) - toInt32(births.4))`
  const isEven = ends.every((end, at) => end === at + 1)
  const interval = isEven ? units : `arrayCount(end -> end <= ${units}, ${binder.bind(ends, 'Array(UInt32)')})`
  const isLater = criterion === 'streak' ? '>=' : '>'
  const number = sumOf === null ? '' : `, back.${clock.kind === 'rolling' ? 3 : 4}`
  return `arrayMap(back -> (${interval}, back.2${number}), arrayFilter(back -> back.1 ${isLater} births.1, returns))`
}

// What came back is kept as a list of intervals, not as a flag for each: people come back in few of many.

/** SQL of the intervals that somebody counts in, of those that they came back in. */
const metSql = (criterion: Criterion, intervals: string, length: string): string => {
  const within = `arrayDistinct(arrayMap(number -> toUInt32(number), arrayFilter(number -> number < ${length}, ${intervals})))`
  switch (criterion) {
    case 'on':
      return within
    case 'on-or-after':
      return `if(empty(${intervals} AS numbers), [], range(toUInt32(least(arrayMax(numbers) + 1, ${length}))))`
    case 'on-or-before':
      return `if(empty(${within} AS numbers), [], range(arrayMin(numbers), ${length}))`
    case 'streak':
      // Sorted, the first so many are 0, 1, 2… and none after them is where it would have to be.
      return `range(toUInt32(arrayCount((number, at) -> number + 1 = at, arraySort(${within}) AS numbers, arrayEnumerate(numbers))))`
  }
}

// By the same rules as `metSql`, of those that are met.
const isMeant = { on: '=', 'on-or-after': '>=', 'on-or-before': '<=', streak: '=' } as const satisfies Record<
  Criterion,
  string
>

/** SQL of what came back as a sum for each of the intervals that are met. */
const sumsSql = (criterion: Criterion, later: string): string =>
  `arrayMap(number -> arraySum(arrayMap(one -> if(one.1 ${isMeant[criterion]} number, one.3, 0), ${later})), met)`

const byBirthSql = (binder: Binder, plan: RetentionPlan, people: string): string => {
  const length = binder.bind(plan.intervals.ends.length, 'UInt32')
  const later = laterIntervals(binder, plan)
  const met = metSql(plan.criterion, `arrayMap(back -> back.1, ${later})`, length)
  const [sums, summed, withSums] =
    plan.sumOf === null
      ? ['', '([]::Array(UInt32), []::Array(UInt64))', '']
      : [`, ${sumsSql(plan.criterion, later)} AS sums`, 'sumMap(met, sums)', ', sums']
  const key = plan.by === null ? `''` : `arrayJoin(${bucketKeysSql('v')})`
  return `SELECT key, groupArray((b, first, returned, summed)) AS cohorts FROM (
SELECT key, b, count() AS first, sumMap(met, arrayMap(number -> toUInt64(1), met)) AS returned, ${summed} AS summed FROM (
SELECT ${key} AS key, b, met${withSums} FROM (
SELECT births.2 AS b, births.3 AS v, ${met} AS met${sums} FROM (
${people})
ARRAY JOIN births))
GROUP BY key, b)
GROUP BY key ORDER BY sum(first) DESC, key LIMIT ${binder.bind(plan.by?.limit ?? 1, 'UInt32')}`
}

const byReturnSql = (binder: Binder, plan: RetentionPlan, { limit }: ReturnBreakdown, people: string): string => {
  const length = binder.bind(plan.intervals.ends.length, 'UInt32')
  const intervals =
    plan.criterion === 'on-or-after'
      ? `range(toUInt32(least(back.1 + 1, ${length})))`
      : `if(back.1 < ${length}, [toUInt32(back.1)], [])`
  const met = `arrayDistinct(arrayFlatten(arrayMap(back -> arrayMap(key -> arrayMap(k -> (key, k), ${intervals}),
  ${bucketKeysSql('back.2')}), ${laterIntervals(binder, plan)})))`
  return `SELECT key, groupArray((b, 0, returned, returned)) AS cohorts FROM (
SELECT met.1 AS key, b, sumMap([met.2], [toUInt64(1)]) AS returned, count() AS c FROM (
SELECT births.2 AS b, arrayJoin(${met}) AS met FROM (
${people})
ARRAY JOIN births)
GROUP BY key, b)
GROUP BY key ORDER BY sum(c) DESC, key LIMIT ${binder.bind(limit, 'UInt32')}`
}

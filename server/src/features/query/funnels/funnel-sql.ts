import { dayMs } from '../../../kernel/time.ts'
import { bucketSql } from '../compile/bucket.ts'
import { entitySql, matchOfEntitySql } from '../compile/entity.ts'
import { createEventContext, eventSource } from '../compile/event-source.ts'
import { compileExpression, compileFilter } from '../compile/expression.ts'
import { namesOfMatches } from '../compile/match.ts'
import { mayBeInSessionsSql, sessionMarkSql, sessionOrderSql } from '../compile/sessions.ts'
import type { Binder, EventContext } from '../compile/sql-context.ts'
import { simultaneousMs } from '../domain/funnel/attempts.ts'
import type { ReadView } from '../read-view.ts'
import type { FunnelPlan } from './funnel-plan.ts'

const timeSql = 'toUnixTimestamp64Milli(e.time)'

/** Events that can be part of an attempt that begins in the range: steps may come a little before it, and long after. */
export const rangeOf = ({ buckets: { range }, windowMs }: FunnelPlan) => ({
  fromMs: range.fromMs - simultaneousMs,
  toMs: range.toMs + windowMs + 1,
})

/**
 * One row per person: an array of [instant, parts, value, filter, held values, mark, number], by time. Nothing says who
 * it is. Where sessions matter, every event is in it; the mark is there where they go by events or a property. Mark and
 * number are left out where nobody asks for them, or the number for what comes after them.
 */
export const personRowsSql = (view: ReadView, binder: Binder, plan: FunnelPlan): string => {
  const context = createEventContext(view, binder)
  const matches = [...plan.steps, ...plan.excluded]
  const { key, wanted } = entitySql(context, plan.entity)
  const parts = matches.map(
    (match, at) => `if(${matchOfEntitySql(view, binder, context, plan.entity, match)}, ${at}, -1)`,
  )
  const sessionMark = plan.sessions === null ? null : sessionMarkSql(context, plan.sessions)
  const mark = plan.sumOf === null ? sessionMark : (sessionMark ?? '0')
  const number = plan.sumOf === null ? null : `ifNull(toFloat64OrNull(${context.eventProperty(plan.sumOf)}), 0)`
  const value = plan.by === null ? `''` : compileExpression(plan.by.on, 'json', context)
  const columns = [
    `${key} AS person`,
    `${timeSql} AS t`,
    `arrayFilter(part -> part >= 0, [${parts.join(', ')}]::Array(Int16)) AS parts`,
    `${value} AS v`,
    `${filterSql(context, plan)} AS f`,
    `[${plan.held.map((name) => context.eventProperty(name)).join(', ')}]::Array(String) AS h`,
    ...(mark === null ? [] : [`${mark} AS x`]),
    ...(number === null ? [] : [`${number} AS n`]),
  ]
  const from = eventSource(view, binder, context, {
    range: sourceRange(plan),
    events: plan.sessions === null ? namesOfMatches(matches) : null,
    ...wanted,
    where: [...wanted.where, ...(plan.sessions === null ? [] : [mayBeInSessionsSql(binder, plan.sessions)])],
  })
  const { fromMs, toMs } = plan.buckets.range
  const inRange = `t >= ${binder.bind(fromMs, 'Int64')} AND t < ${binder.bind(toMs, 'Int64')}`
  const first = plan.blocks[0] ?? []
  const isVirtual = plan.virtual.some(({ part }) => first.includes(part))
  const isEntry = isVirtual ? inRange : `${inRange} AND hasAny(parts, ${binder.bind(first, 'Array(Int16)')})`
  // Only a start and an end have a place among what is of one instant.
  const order = plan.sessions?.kind === 'events' ? `one -> (one.1, ${sessionOrderSql('one.6')}, one), ` : ''
  return `SELECT arraySort(${order}groupArray((t, parts, v, f, h${mark === null ? '' : ', x'}${number === null ? '' : ', n'}))) AS events
FROM (SELECT ${columns.join(',\n  ')} ${from})
${plan.sessions === null ? 'WHERE notEmpty(parts)' : ''}
GROUP BY person HAVING countIf(${isEntry}) > 0`
}

/** Sessions end at midnight: that of the first entry is read whole. */
const sourceRange = (plan: FunnelPlan) => {
  const { fromMs, toMs } = rangeOf(plan)
  return plan.sessions === null ? { fromMs, toMs } : { fromMs: fromMs - dayMs, toMs }
}

/** 1: the filter on whole attempts is true of the event; 2: the event has one of the properties it asks for. */
const filterSql = (context: EventContext, { where }: FunnelPlan): string => {
  if (where === null) return '0'
  const asked: string[] = []
  const eventProperty = (name: string): string => {
    const sql = context.eventProperty(name)
    asked.push(sql)
    return sql
  }
  const isTrue = compileFilter(where, { ...context, eventProperty })
  const has = asked.length === 0 ? '1' : asked.map((sql) => `${sql} NOT IN ('', 'null')`).join(' OR ')
  return `toUInt8(${isTrue}) + 2 * toUInt8(${has})`
}

/** Sums of one bucket, as `Tally` has them. */
export interface FunnelRow {
  readonly b: number
  readonly counts: readonly number[]
  readonly previous: readonly number[]
  readonly start: readonly number[]
}

/**
 * Rows of FunnelRow for a plan that `isSimple` and has no breakdown: per person an array of instants for each step, and per entry the
 * earliest of each that is in time. It says the same as `attemptFrom`, which takes the events of one person.
 */
export const simpleFunnelSql = (view: ReadView, binder: Binder, plan: FunnelPlan): string => {
  const context = createEventContext(view, binder)
  const { fromMs, toMs } = plan.buckets.range
  const inRange = `t >= ${binder.bind(fromMs, 'Int64')} AND t < ${binder.bind(toMs, 'Int64')}`
  const { key, wanted } = entitySql(context, plan.entity)
  const isStep = plan.steps.map(
    (step, at) => `${matchOfEntitySql(view, binder, context, plan.entity, step)} AS is${at}`,
  )
  const columns = [`${key} AS person`, `${timeSql} AS t`, `${bucketSql(binder, plan.buckets)} AS b`, ...isStep]
  const from = eventSource(view, binder, context, {
    range: rangeOf(plan),
    events: namesOfMatches(plan.steps),
    ...wanted,
  })
  const later = plan.steps.slice(1).map((_, at) => at + 1)
  const arrays = later.map((step) => `groupArrayIf(t, is${step}) AS s${step}`)
  const entries =
    plan.buckets.keys.length === 1
      ? `[(anyIf(b, is0 AND ${inRange}), minIf(t, is0 AND ${inRange}))]`
      : `arrayZip((minMapIf([b], [t], is0 AND ${inRange}) AS first).1, first.2)`
  // A query within a query for each step, so that nothing is worked out twice. 0: the step was not taken. Every step is
  // judged by the latest instant so far.
  const window = binder.bind(plan.windowMs, 'Int64')
  const entered = `SELECT *, entry.1 AS b, entry.2 AS r0 FROM (
SELECT ${[`${entries} AS entries`, ...arrays].join(', ')}
FROM (SELECT ${columns.join(',\n  ')} ${from})
GROUP BY person HAVING countIf(is0 AND ${inRange}) > 0)
ARRAY JOIN entries AS entry`
  const taken = later.reduce((inner, step) => {
    const before = `r${step - 1}`
    const inTime = `arrayFilter(x -> x >= ${before} - ${simultaneousMs} AND x <= r0 + ${window}, s${step})`
    return `SELECT *, if(${before} = 0 OR empty(${inTime} AS in${step}), 0, greatest(${before}, arrayMin(in${step}))) AS r${step}
FROM (${inner})`
  }, entered)
  const reached = plan.steps.map((_, at) => `r${at}`)
  const since = (step: number, from: string) => `if(r${step} = 0, 0, r${step} - ${from})`
  const list = (values: readonly string[]) => `[${values.join(', ')}]::Array(Int64)`
  return `SELECT b, sumForEach(counts) AS counts, sumForEach(previous) AS previous, sumForEach(start) AS start FROM (
SELECT b,
  ${list(reached.map((one) => `${one} != 0`))} AS counts,
  ${list(reached.map((_, at) => (at === 0 ? '0' : since(at, `r${at - 1}`))))} AS previous,
  ${list(reached.map((_, at) => since(at, 'r0')))} AS start
FROM (${taken}))
GROUP BY b`
}

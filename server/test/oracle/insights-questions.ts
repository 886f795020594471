import { aFilter, breakdownOf, type Filter } from './filters.ts'
import type { SeenEvent } from './model.ts'
import {
  byBytes,
  chosen,
  inOrder,
  isWithin,
  type Question,
  type Selection,
  someDays,
  someEvent,
  type World,
} from './question.ts'
import { eventNames } from './random-project.ts'
import { bucketOf, bucketsOf } from './zone-clock.ts'

interface Metric {
  readonly selection: Selection
  readonly filter: Filter | null
  readonly isFirst: boolean
  readonly math: 'total' | 'unique' | 'sum' | 'average' | 'median' | 'min' | 'max' | 'distinct'
  readonly over: 'average' | 'median' | 'min' | 'max' | null
}

const measuredMaths = ['sum', 'average', 'median', 'min', 'max', 'distinct'] as const
const property = 'price'

const sumOf = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)
const quantile = (list: readonly number[]): number | null => {
  const sorted = list.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]]
  return low === undefined || high === undefined ? null : low + (high - low) / 2
}
const overall = (name: string, list: readonly number[]): number | null => {
  if (name === 'sum') return sumOf(list)
  if (list.length === 0) return null
  if (name === 'average') return sumOf(list) / list.length
  if (name === 'median') return quantile(list)
  return name === 'min' ? Math.min(...list) : Math.max(...list)
}

const numbersOf = (events: readonly SeenEvent[]): readonly number[] =>
  events.flatMap(({ properties }) => (/^-?\d/.test(properties[property] ?? '') ? [Number(properties[property])] : []))

/** Null: there is nothing to measure. */
const measure = ({ math }: Pick<Metric, 'math'>, events: readonly SeenEvent[]): number | null => {
  if (math === 'total') return events.length
  if (math === 'unique') return new Set(events.map(({ person }) => person).filter((person) => person !== '')).size
  if (math === 'distinct') {
    return new Set(
      events.map(({ properties }) => properties[property] ?? '').filter((text) => text !== '' && text !== 'null'),
    ).size
  }
  return overall(math, numbersOf(events))
}

const measuredOf = (metric: Metric, events: readonly SeenEvent[]): number | null => {
  if (metric.over === null) return measure(metric, events)
  const people = Map.groupBy(
    events.filter(({ person }) => person !== ''),
    ({ person }) => person,
  )
  const each = [...people.values()].flatMap((own) => {
    const isNothing = metric.math !== 'total' && numbersOf(own).length === 0
    const value = isNothing ? null : measure(metric, own)
    return value === null ? [] : [value]
  })
  return overall(metric.over, each)
}

const isMeasured = ({ math, over }: Metric, event: SeenEvent): boolean => {
  // Nobody's events are in no figure per person.
  if (over !== null && event.person === '') return false
  if (math === 'total' || math === 'unique') return true
  const text = event.properties[property] ?? ''
  return math === 'distinct' ? text !== '' && text !== 'null' : numbersOf([event]).length > 0
}

/** QRY-01, RPT-01 (query §9), of a report that is saved for the question. */
export const insightsReport = (world: World): Question => {
  const { model, random, events } = world
  const { next, pick } = random
  const unit = pick(['day', 'week', 'month'] as const)
  const days = someDays(world, unit)
  const metrics = Array.from({ length: pick([1, 1, 2]) }, (): Metric => {
    const math = pick(['total', 'unique', ...measuredMaths] as const)
    const isPerPerson = ['total', 'sum', 'average', 'min', 'max'].includes(math) && next() < 0.3
    return {
      selection: someEvent(world, eventNames),
      filter: next() < 0.4 ? aFilter(random) : null,
      isFirst: next() < 0.15,
      math,
      over: isPerPerson ? pick(['average', 'median', 'min', 'max'] as const) : null,
    }
  })
  const where = next() < 0.3 ? aFilter(random) : null
  const on = next() < 0.4 ? pick(['plan', 'tags'] as const) : null
  const definition = {
    type: 'insights',
    metrics: metrics.map(({ selection, filter, isFirst, math, over }, at) => ({
      ...{ event: selection.label, math, label: `m${at}` },
      ...(filter === null ? {} : { where: filter.text }),
      ...(isFirst ? { first_time: true } : {}),
      ...(over === null ? {} : { per_user: over }),
      ...((measuredMaths as readonly string[]).includes(math) ? { property } : {}),
    })),
    ...(on === null ? {} : { breakdowns: [{ property: on }] }),
    ...(where === null ? {} : { where: where.text }),
    ...{ unit, dates: { from_date: days.from, to_date: days.to } },
  }

  const lineOf = (metric: Metric, nowMs: number): object => {
    const matched = chosen(world, events, metric.selection, [], nowMs)
    const isEarliest = ({ person, timeMs }: SeenEvent): boolean =>
      person !== '' && !matched.some((other) => other.person === person && other.timeMs < timeMs)
    const counted = matched.filter((event) => {
      const record = model.recordOf(event, nowMs)
      const isAsked = (metric.filter?.holds(record) ?? true) && (where?.holds(record) ?? true)
      return isAsked && (!metric.isFirst || isEarliest(event)) && isWithin(model, days, event.timeMs)
    })
    const dates = bucketsOf(model.timezone, unit, days.from, days.to)
    const dated = (some: readonly SeenEvent[]): object =>
      Object.fromEntries(
        dates.map((date) => [
          date,
          measuredOf(
            metric,
            some.filter(({ timeMs }) => bucketOf(model.timezone, unit, timeMs) === date),
          ),
        ]),
      )
    if (on === null) return dated(counted)
    const keyed = new Map<string, SeenEvent[]>()
    // A value that nothing is measured of is no line.
    for (const event of counted.filter((one) => isMeasured(metric, one))) {
      for (const key of breakdownOf(on).keys(model.recordOf(event, nowMs))) {
        keyed.set(key, [...(keyed.get(key) ?? []), event])
      }
    }
    return Object.fromEntries([['$overall', dated(counted)], ...[...keyed].map(([key, some]) => [key, dated(some)])])
  }

  return {
    name: 'insights',
    params: { definition: JSON.stringify(definition) },
    ask: async (client) => {
      const id = await client.save('bookmarks', definition)
      const { series } = (await client.query('insights', { bookmark_id: id })).json()
      return inOrder(withDays(series))
    },
    expected: (nowMs) =>
      inOrder(Object.fromEntries(metrics.map((metric, at) => [`m${at}`, lineOf(metric, nowMs)] as const))),
  }
}

/** Dates without the offset of their zone. */
const withDays = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => byBytes(a, b))
      .map(([name, inner]) => [/^\d{4}-\d\d-\d\dT/.test(name) ? name.slice(0, 10) : name, withDays(inner)]),
  )
}

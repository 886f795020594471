import { afterAll, beforeAll, expect, it } from 'vitest'
import { openQueryRig, type QueryRig, type RigEvent } from '../../../../test/support/query-rig.ts'
import { type Random, seeded } from '../../../../test/support/random-expressions.ts'
import type { AttributionDefinition, EventMetric, InsightsBreakdown, InsightsDefinition } from '../../reports/index.ts'
import { dayNumberOf, dayOfNumber } from '../domain/time/days.ts'
import { wallMs } from '../domain/time/zones.ts'
import { planInsights } from './plan-insights.ts'
import { type InsightsLine, runInsights } from './run-insights.ts'
import { workOutRanges } from './work-out-ranges.ts'

// RPT-01: what is credited to values, under which of them people count, ranges, and sums below values; beside plain loops.

const dayMs = 86_400_000
const zone = 'Europe/Berlin'
// Clocks go forward on 29 March.
const firstDay = dayNumberOf('2026-03-27')
const dayCount = 5
const dates = { from_date: dayOfNumber(firstDay), to_date: dayOfNumber(firstDay + dayCount - 1) }
const definitions = {
  customEvent: async () => null,
  dataView: async () => undefined,
  sessionSettings: async () => ({ mode: 'timeout', timeout_minutes: 30 }) as const,
  customProperties: async () => new Map(),
}
const saved = { cohort: async () => null, customEvent: async () => null }

let rig: QueryRig
beforeAll(async () => {
  rig = await openQueryRig()
})
afterAll(() => rig.close())

interface Own {
  readonly n?: number | string
  readonly plan?: string | readonly string[] | null
  readonly os?: string
}
interface Sent extends RigEvent {
  readonly properties: Own & Readonly<Record<string, unknown>>
}

const someEvents = (random: Random): readonly Sent[] =>
  Array.from({ length: 200 }, () => ({
    event: random.pick(['Buy', 'Buy', 'Look']),
    // Many are of one instant.
    timeMs: (firstDay - 12) * dayMs + Math.floor(random.next() * 17 * 24) * 3_600_000,
    who: random.pick(['', 'p1', 'p2', 'p3', 'p4']),
    properties: {
      ...random.pick<Own>([{ n: 1 }, { n: 7.5 }, { n: -20 }, { n: 'x' }, { n: 130 }, {}]),
      ...random.pick<Own>([{ plan: 'a' }, { plan: 'b' }, { plan: ['a', 'c'] }, { plan: null }, { plan: [] }, {}]),
      ...random.pick<Own>([{ os: 'iOS' }, { os: 'Linux' }, {}]),
    },
  }))

const keysOf = (value: unknown): readonly string[] => {
  const list = Array.isArray(value) ? [...new Set(value.map(String))] : [value]
  const keys = list.map((one) => (one === undefined || one === null ? 'undefined' : String(one)))
  return keys.length === 0 ? ['undefined'] : keys
}
const dayOf = (ms: number): number => Math.floor(wallMs(zone, ms) / dayMs)
const isIn = ({ timeMs }: Sent): boolean => dayOf(timeMs) >= firstDay && dayOf(timeMs) < firstDay + dayCount

type Sums = Map<string, number[]>
const add = (sums: Sums, keys: readonly string[], day: number, value: number): void => {
  const name = JSON.stringify(keys)
  const own = sums.get(name) ?? Array.from({ length: dayCount }, () => 0)
  own[day - firstDay] = (own[day - firstDay] ?? 0) + value
  sums.set(name, own)
}

/** What each of `count` touchpoints, so many milliseconds before, is credited with. */
const creditsOf = ({ model, weights }: AttributionDefinition, ages: readonly number[]): readonly number[] => {
  const count = ages.length
  if (model === 'first') return ages.map((_, at) => (at === 0 ? 1 : 0))
  if (model === 'last') return ages.map((_, at) => (at === count - 1 ? 1 : 0))
  if (model === 'linear') return ages.map(() => 1 / count)
  if (model === 'participation') return ages.map(() => 1)
  if (model === 'time_decay') {
    const raw = ages.map((age) => 0.5 ** (age / (7 * dayMs)))
    const all = raw.reduce((sum, one) => sum + one, 0)
    return raw.map((one) => one / all)
  }
  const [first, middle, last] = {
    u_shaped: [40, 20, 40],
    j_shaped: [20, 20, 60],
    inverse_j: [60, 20, 20],
    custom: [weights?.first ?? 0, weights?.middle ?? 0, weights?.last ?? 0],
  }[model] as [number, number, number]
  if (count === 1) return [1]
  if (count === 2) return first + last === 0 ? [0.5, 0.5] : [first / (first + last), last / (first + last)]
  const all = first + middle + last
  return ages.map((_, at) => (at === 0 ? first : at === count - 1 ? last : middle / (count - 2)) / all)
}

const attributed = (events: readonly Sent[], metric: EventMetric, credit: AttributionDefinition): Sums => {
  const sums: Sums = new Map()
  const people = new Map<string, Set<string>>()
  for (const event of events) {
    const { n } = event.properties
    if (event.event !== 'Buy' || !isIn(event) || (metric.math === 'sum' && typeof n !== 'number')) continue
    const touches = events
      .filter(
        ({ who, timeMs, properties: { plan } }) =>
          event.who !== '' &&
          who === event.who &&
          timeMs < event.timeMs &&
          timeMs >= event.timeMs - credit.lookback_days * dayMs &&
          plan !== undefined &&
          plan !== null &&
          plan.length > 0,
      )
      // Of one instant by their texts.
      .toSorted(
        (a, b) =>
          a.timeMs - b.timeMs || (JSON.stringify(a.properties.plan) < JSON.stringify(b.properties.plan) ? -1 : 1),
      )
    const shares = creditsOf(
      credit,
      touches.map(({ timeMs }) => event.timeMs - timeMs),
    )
    const pairs = touches.flatMap((touch, at) =>
      keysOf(touch.properties.plan).map((key) => [key, shares[at] ?? 0] as const),
    )
    const given =
      pairs.length === 0 ? [['undefined', 1] as const] : credit.model === 'participation' ? [...new Map(pairs)] : pairs
    const day = dayOf(event.timeMs)
    for (const [key, share] of given) {
      for (const os of keysOf(event.properties.os)) {
        if (metric.math !== 'unique') add(sums, [os, key], day, share * (metric.math === 'sum' ? Number(n) : 1))
        else if (event.who !== '' && share > 0) {
          const place = JSON.stringify([[os, key], day])
          people.set(place, (people.get(place) ?? new Set()).add(event.who))
        }
      }
    }
  }
  for (const [place, { size }] of people) {
    const [keys, day] = JSON.parse(place)
    add(sums, keys, day, size)
  }
  return sums
}

/** Everybody under the first, or last, combination of each day; of one instant the least, or greatest. */
const inOneSegment = (events: readonly Sent[], segments: 'first' | 'last'): Sums => {
  const best = new Map<string, { readonly timeMs: number; readonly keys: string[] }>()
  for (const event of events) {
    if (event.event !== 'Buy' || !isIn(event) || event.who === '') continue
    for (const os of keysOf(event.properties.os)) {
      for (const plan of keysOf(event.properties.plan)) {
        const place = JSON.stringify([event.who, dayOf(event.timeMs)])
        const known = best.get(place)
        const keys = [os, plan]
        const order =
          known === undefined
            ? 0
            : event.timeMs - known.timeMs ||
              (keys.join('\n') < known.keys.join('\n') ? -1 : keys.join('\n') > known.keys.join('\n') ? 1 : 0)
        if (known === undefined || (segments === 'first' ? order < 0 : order > 0)) {
          best.set(place, { timeMs: event.timeMs, keys })
        }
      }
    }
  }
  const sums: Sums = new Map()
  for (const [place, { keys }] of best) add(sums, keys, JSON.parse(place)[1], 1)
  return sums
}

const rounded = (sums: ReadonlyMap<string, readonly (number | null)[]> | null | undefined) =>
  Object.fromEntries(
    [...(sums ?? [])]
      .map(([key, values]) => [key, values.map((value) => Math.round((value ?? 0) * 1e6) / 1e6 + 0)] as const)
      .filter(([, values]) => values.some((value) => value !== 0)),
  )

const lineOf = async (
  project: number,
  metric: EventMetric,
  breakdowns: readonly InsightsBreakdown[],
): Promise<InsightsLine | undefined> => {
  const call = await rig.call(project, zone, (firstDay + 30) * dayMs)
  const definition: InsightsDefinition = {
    type: 'insights',
    metrics: [metric],
    formulas: [],
    breakdowns: [...breakdowns],
    unit: 'day',
    dates,
    chart: 'line',
    is_cumulative: false,
  }
  const plans = await planInsights({ definitions, view: call.view }, definition)
  return (await runInsights({ call, saved }, definition, await workOutRanges(call, definition, plans)))[0]
}

const os: InsightsBreakdown = { property: 'os', source: 'event' }
const models = [
  'first',
  'last',
  'linear',
  'participation',
  'time_decay',
  'u_shaped',
  'j_shaped',
  'inverse_j',
  'custom',
] as const

it.each([1, 2])('credits, segments, ranges and sums below values are those of plain loops (seed %i)', async (seed) => {
  const random = seeded(seed)
  const events = someEvents(random)
  await rig.insert(seed, events)
  for (const model of models) {
    const credit: AttributionDefinition = {
      model,
      lookback_days: random.pick([1, 3, 30]),
      ...(model === 'custom'
        ? {
            weights: random.pick([
              { first: 1, middle: 5, last: 3 },
              { first: 0, middle: 1, last: 0 },
            ]),
          }
        : {}),
    }
    const metric: EventMetric = {
      event: 'Buy',
      ...random.pick([{ math: 'total' }, { math: 'unique' }, { math: 'sum', property: 'n' }] as const),
    }
    const line = await lineOf(seed, metric, [os, { property: 'plan', source: 'event', attribution: credit }])
    const wanted = attributed(events, metric, credit)
    expect(rounded(line?.byKeys), JSON.stringify({ seed, credit, metric })).toEqual(rounded(wanted))
    expect(wanted.size).toBeGreaterThan(3)
  }
  for (const segments of ['first', 'last'] as const) {
    const metric: EventMetric = { event: 'Buy', math: 'unique', segments }
    const line = await lineOf(seed, metric, [os, { property: 'plan', source: 'event' }])
    expect(rounded(line?.byKeys)).toEqual(rounded(inOneSegment(events, segments)))
  }
  // Below a value is what the value has, whatever else the event says.
  const both = await lineOf(seed, { event: 'Buy', math: 'total' }, [os, { property: 'plan', source: 'event' }])
  const ofOs: Sums = new Map()
  for (const event of events.filter((one) => one.event === 'Buy' && isIn(one))) {
    add(ofOs, keysOf(event.properties.os), dayOf(event.timeMs), 1)
  }
  expect(rounded(both?.byPrefix)).toEqual(rounded(ofOs))
  const ranges = await lineOf(seed, { event: 'Buy', math: 'total' }, [
    { property: 'n', source: 'event', type: 'number' },
  ])
  // From -20 to 130 ten is the narrowest width that makes twenty ranges at most.
  const ofRanges: Sums = new Map()
  for (const {
    timeMs,
    properties: { n },
  } of events.filter((one) => one.event === 'Buy' && isIn(one))) {
    const from = typeof n === 'number' ? Math.floor(n / 10) * 10 : null
    add(ofRanges, [from === null ? 'undefined' : `${from} - ${from + 10}`], dayOf(timeMs), 1)
  }
  expect(rounded(ranges?.byKeys)).toEqual(rounded(ofRanges))
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openQueryRig, type QueryRig, type RigEvent } from '../../../../test/support/query-rig.ts'
import { type Random, seeded } from '../../../../test/support/random-expressions.ts'
import type { EventMetric, InsightsDefinition, SessionSettings } from '../../reports/index.ts'
import { type SessionRules, sessionsOf } from '../domain/sessions/sessions.ts'
import { dayNumberOf, dayOfNumber } from '../domain/time/days.ts'
import { lastDays, startOfKey } from '../domain/time/report-dates.ts'
import { wallMs } from '../domain/time/zones.ts'
import { noCustomFacts } from '../read-view.ts'
import type { MetricPlan } from './metric-plan.ts'
import { planInsights } from './plan-insights.ts'
import { runInsights } from './run-insights.ts'

const dayMs = 86_400_000
const noSaved = { cohort: async () => null, customEvent: async () => null }
const zone = 'Europe/Berlin'
// Clocks go forward on 29 March.
const firstDay = dayNumberOf('2026-03-27')
const dates = { from_date: dayOfNumber(firstDay), to_date: dayOfNumber(firstDay + 6) }

let rig: QueryRig
beforeAll(async () => {
  rig = await openQueryRig()
})
afterAll(() => rig.close())

const someEvents = (random: Random): readonly RigEvent[] =>
  Array.from({ length: 300 }, () => ({
    event: random.pick(['A', 'B', 'C']),
    timeMs: (firstDay - 20) * dayMs + Math.floor(random.next() * 24 * 30 * 4) * 900_000,
    who: random.pick(['', 'p1', 'p2', 'p3', 'p4', 'p5']),
    properties: random.pick<object>([
      { n: 1, v: 'x', s: '' },
      { n: 2.5, v: ['x', 'y'] },
      { n: -3, s: 'two' },
      { n: 'no', v: null, s: null },
      { v: 'z', s: 'one' },
    ]) as never,
  }))

const maths = [
  'total',
  'unique',
  'dau',
  'wau',
  'mau',
  'sessions',
  'sum',
  'average',
  'median',
  'percentile',
  'min',
  'max',
  'distinct',
] as const
const countable: readonly string[] = ['total', 'unique', 'dau', 'wau', 'mau', 'sessions']

const aMetric = (random: Random): EventMetric => {
  const math = random.pick(maths)
  const isCounted = countable.includes(math)
  const per_user =
    (math === 'total' || !isCounted) && random.next() < 0.5
      ? random.pick(['average', 'median', 'percentile', 'min', 'max'] as const)
      : undefined
  const isPercentile = math === 'percentile' || per_user === 'percentile'
  return {
    event: random.pick(['A', 'B', '$any_event']),
    math,
    ...(isCounted ? {} : { property: 'n' }),
    ...(per_user === undefined ? {} : { per_user }),
    ...(isPercentile ? { percentile: random.pick([0, 25, 90, 100]) } : {}),
    ...(math !== 'sessions' && random.next() < 0.2 ? { first_time: true } : {}),
    ...((per_user !== undefined || ['unique', 'dau', 'wau', 'mau'].includes(math)) && random.next() < 0.3
      ? { group_key: 'v' }
      : {}),
  }
}

const sessionSettings: readonly (readonly [SessionSettings, SessionRules])[] = [
  [
    { mode: 'timeout', timeout_minutes: 30 },
    { kind: 'timeout', timeoutMs: 1_800_000 },
  ],
  [
    { mode: 'timeout', timeout_minutes: 300 },
    { kind: 'timeout', timeoutMs: 18_000_000 },
  ],
  [
    { mode: 'events', start_event: 'A', end_event: 'B' },
    { kind: 'events', start: 'A', end: 'B' },
  ],
  [
    { mode: 'events', start_event: 'A', end_event: 'A' },
    { kind: 'events', start: 'A', end: 'A' },
  ],
  [
    { mode: 'property', property: 's' },
    { kind: 'property', property: 's' },
  ],
]

const quantile = (values: readonly number[], q: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const place = q * (sorted.length - 1)
  const low = sorted[Math.floor(place)] as number
  return low + ((sorted[Math.ceil(place)] as number) - low) * (place - Math.floor(place))
}
const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
const aggregate = (name: string, q: number, values: readonly unknown[]): number => {
  if (name === 'total') return values.length
  if (name === 'distinct') return new Set(values.map((value) => JSON.stringify(value))).size
  const numbers = values as readonly number[]
  if (name === 'sum') return sumOf(numbers)
  if (name === 'average') return sumOf(numbers) / numbers.length
  if (name === 'median') return quantile(numbers, 0.5)
  if (name === 'percentile') return quantile(numbers, q)
  return name === 'min' ? Math.min(...numbers) : Math.max(...numbers)
}

interface Known extends RigEvent {
  readonly session: number
  readonly keys: readonly string[]
}

const known = (events: readonly RigEvent[], rules: SessionRules): readonly Known[] => {
  const dayOf = (ms: number) => Math.floor(wallMs(zone, ms) / dayMs)
  return [...Map.groupBy(events, ({ who }) => who).values()].flatMap((own) => {
    const isOf = ({ event }: RigEvent, part: 'start' | 'end') => rules.kind === 'events' && rules[part] === event
    // Of one instant a start comes first and an end last.
    const rank = (one: RigEvent) => (isOf(one, 'start') ? 0 : isOf(one, 'end') ? 2 : 1)
    const sorted = own.toSorted((a, b) => a.timeMs - b.timeMs || rank(a) - rank(b))
    const sessions = sessionsOf(
      rules,
      sorted.map((one) => ({
        timeMs: one.timeMs,
        day: dayOf(one.timeMs),
        isStart: isOf(one, 'start'),
        isEnd: isOf(one, 'end'),
        sessionId: rules.kind === 'property' ? ((one.properties?.[rules.property] ?? null) as string | null) : null,
      })),
    )
    return sorted.map((event, at) => {
      const v = event.properties?.['v']
      const keys = Array.isArray(v) ? v.map(String) : [v === undefined || v === null ? 'undefined' : String(v)]
      return { ...event, keys, session: sessions[at] as number }
    })
  })
}

/** What a metric says of some events, by plain loops; `range` is one bucket, `lastDay` its last day. */
const measured = (
  metric: EventMetric,
  events: readonly Known[],
  range: { fromMs: number; toMs: number },
  lastDay: number,
): number | null => {
  const { math, per_user: over, percentile = 50 } = metric
  const inside = (from: number, to: number) => events.filter(({ timeMs }) => timeMs >= from && timeMs < to)
  const own = inside(range.fromMs, range.toMs)
  const people = (some: readonly Known[]) => new Set(some.map(({ who }) => who).filter((who) => who !== '')).size
  const startOf = (day: number) => startOfKey(zone, dayOfNumber(day))
  const trailing = { dau: 1, wau: 7, mau: 30 }[math as 'dau']
  if (trailing !== undefined) return people(inside(startOf(lastDay - trailing + 1), startOf(lastDay + 1)))
  if (math === 'unique') return people(own)
  if (math === 'sessions')
    return new Set(
      own.filter(({ who, session }) => who !== '' && session !== -1).map(({ who, session }) => `${who} ${session}`),
    ).size
  const q = percentile / 100
  const valuesIn = (some: readonly Known[]): readonly unknown[] =>
    some
      .map(({ properties }) => (math === 'total' ? 1 : properties?.['n']))
      .filter((value) => (math === 'distinct' ? value !== undefined && value !== null : typeof value === 'number'))
  if (over === undefined) {
    const values = valuesIn(own)
    return values.length === 0 ? (['total', 'sum', 'distinct'].includes(math) ? 0 : null) : aggregate(math, q, values)
  }
  const each = [
    ...Map.groupBy(
      own.filter(({ who }) => who !== ''),
      ({ who }) => who,
    ).values(),
  ]
    .map(valuesIn)
    .filter(({ length }) => length > 0)
    .map((values) => aggregate(math, q, values))
  return each.length === 0 ? null : aggregate(over, q, each)
}

const expected = (metric: EventMetric, { buckets, isWhole }: MetricPlan, events: readonly Known[]) => {
  const named = events.filter(({ event }) => metric.event === '$any_event' || event === metric.event)
  // Groups are who does it: once for each that an event names.
  const done =
    metric.group_key === undefined
      ? named
      : named.flatMap((event) =>
          event.keys.filter((key) => key !== 'undefined').map((key): Known => ({ ...event, who: key })),
        )
  const firstMs = new Map<string, number>()
  for (const { who, timeMs } of done) firstMs.set(who, Math.min(timeMs, firstMs.get(who) ?? timeMs))
  const mine =
    metric.first_time === true ? done.filter(({ who, timeMs }) => who !== '' && firstMs.get(who) === timeMs) : done
  const starts = buckets.keys.map((key) => Math.max(buckets.range.fromMs, startOfKey(zone, key)))
  const days = lastDays(buckets)
  const valuesOf = (some: readonly Known[]) =>
    isWhole
      ? [measured(metric, some, buckets.range, firstDay + 6)]
      : starts.map((fromMs, at) =>
          measured(metric, some, { fromMs, toMs: starts[at + 1] ?? buckets.range.toMs }, days[at] as number),
        )
  const keys = new Set(mine.flatMap((event) => event.keys))
  return {
    all: valuesOf(mine),
    byKeys: Object.fromEntries(
      [...keys].map((key) => [JSON.stringify([key]), valuesOf(mine.filter((event) => event.keys.includes(key)))]),
    ),
  }
}

const rounded = (values: readonly (number | null)[]) =>
  values.map((value) => (value === null ? null : Math.round(value * 1e6) / 1e6 + 0))
const isNothing = (values: readonly (number | null)[]): boolean =>
  values.every((value) => value === null || value === 0)
/** Keys of which no event lies in the range are in no answer. */
const plain = (byKeys: Readonly<Record<string, readonly (number | null)[]>>) =>
  Object.fromEntries(
    Object.entries(byKeys)
      .filter(([, values]) => !isNothing(values))
      .map(([key, values]) => [key, rounded(values)]),
  )

describe('measurements in the engine', () => {
  it.each([1, 2, 3, 4])('are those of plain loops (seed %i)', async (seed) => {
    const random = seeded(seed)
    const events = someEvents(random)
    await rig.insert(seed, events)
    for (let round = 0; round < 40; round += 1) {
      const [settings, rules] = random.pick(sessionSettings)
      const all = known(events, rules)
      const sessions = { ...noCustomFacts.sessions, ...rules }
      const call = await rig.call(seed, zone, (firstDay + 30) * dayMs, { sessions })
      const none = {
        customEvent: async () => null,
        dataView: async () => undefined,
        sessionSettings: async () => settings,
        customProperties: async () => new Map(),
      }
      // Seed 4 is all about sessions.
      const metric: EventMetric =
        seed === 4 ? { event: random.pick(['A', 'B', '$any_event']), math: 'sessions' } : aMetric(random)
      const definition: InsightsDefinition = {
        type: 'insights',
        metrics: [metric],
        formulas: [],
        breakdowns: random.pick([[], [{ property: 'v', source: 'event' }]]),
        unit: random.pick(['hour', 'day', 'week', 'month']),
        dates,
        chart: random.pick(['line', 'bar']),
        is_cumulative: false,
      }
      const plans = await planInsights({ definitions: none, view: call.view }, definition)
      const [line] = await runInsights({ call, saved: noSaved }, definition, plans)
      const wanted = expected(metric, plans[0] as MetricPlan, all)
      const label = JSON.stringify({ seed, round, settings, definition })
      expect(rounded(line?.all ?? []), label).toEqual(rounded(wanted.all))
      if (line?.byKeys != null) expect(plain(Object.fromEntries(line.byKeys)), label).toEqual(plain(wanted.byKeys))
    }
  })
})

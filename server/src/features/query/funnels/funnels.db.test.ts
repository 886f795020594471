import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openQueryRig, type QueryRig, type RigEvent } from '../../../../test/support/query-rig.ts'
import { type Random, seeded } from '../../../../test/support/random-expressions.ts'
import { bucketKeys } from '../domain/expression/bucket-keys.ts'
import { parseBreakdown, parseExpression } from '../domain/expression/parse.ts'
import type { Attempt } from '../domain/funnel/attempts.ts'
import { countedAttempts, countedByKey, type PersonEvents } from '../domain/funnel/person.ts'
import { addAttempt, addDurations, addNumbers, emptyTally, type Tally } from '../domain/funnel/tally.ts'
import { defaultSessionMode, type SessionRules, sessionsOf } from '../domain/sessions/sessions.ts'
import { bucketsOfDays, type Unit } from '../domain/time/buckets.ts'
import { dayNumberOf } from '../domain/time/days.ts'
import { wallMs } from '../domain/time/zones.ts'
import { entryRanges } from './entry-ranges.ts'
import { type FunnelPlan, isSimple } from './funnel-plan.ts'
import { countByPerson, countInEngine } from './run-funnel.ts'

const dayMs = 86_400_000
const zone = 'Europe/Berlin'
const firstDay = dayNumberOf('2026-03-27')

let rig: QueryRig
beforeAll(async () => {
  rig = await openQueryRig()
})
afterAll(() => rig.close())

const someEvents = (random: Random): readonly RigEvent[] =>
  Array.from({ length: 240 }, () => ({
    event: random.pick(['A', 'B', 'C', 'X', 'other']),
    // Near each other, often within two seconds, and often at the ends of windows.
    timeMs:
      (firstDay - 1) * dayMs +
      Math.floor(random.next() * 26) * 21_600_000 +
      random.pick([0, 1_000, 2_000, 2_001, 9e5, 36e5]),
    who: random.pick(['', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7']),
    properties: {
      ...random.pick<object>([
        { v: 'x', s: 'one' },
        { v: 'x', ok: true, s: '' },
        { v: ['x', 'y'], s: 'one' },
        { v: null, ok: true, s: 'two' },
        { v: 'y', ok: false, s: null },
        {},
      ]),
      ...random.pick<object>([{ g: 'acme' }, { g: ['acme', 'beta', 'acme'] }, { g: 7 }, { g: '' }, { g: [] }, {}]),
      ...random.pick<object>([{ n: 1 }, { n: 2.5 }, { n: -4 }, { n: '3' }, { n: null }, {}]),
    } as never,
  }))

const match = (event: string, isFirst = false) => ({
  selection: { label: event, parts: [{ event, where: null }] },
  where: null,
  isFirst,
})
const groupsOf = (value: unknown): readonly string[] =>
  [...new Set((Array.isArray(value) ? value : [value ?? '']).map(String))].filter((id) => id !== '')

const aPlan = (random: Random, simple: boolean): FunnelPlan => {
  const names = simple
    ? random.pick([['A', 'B'], ['A', 'B', 'C'], ['C', 'A', 'B'], ['B']])
    : random.pick([
        ['A', 'B', 'C'],
        ['A', 'A', 'B'],
        ['B', 'A', 'B'],
        ['A', 'A'],
        ['A', 'B'],
      ])
  const [unit, dayCount] = random.pick<readonly [Unit, number]>([
    ['day', 1],
    ['day', 3],
    ['week', 1],
    ['month', 1],
  ])
  const steps = names.map((name) => match(name, random.next() < 0.15))
  const last = steps.length - 1
  const blocks = simple || random.next() < 0.6 ? names.map((_, at) => [at]) : [names.map((_, at) => at)]
  const plan: FunnelPlan = {
    steps,
    excluded: [],
    held: [],
    blocks,
    stepCount: steps.length,
    windowMs: random.pick([2_000, 3_600_000, 7_200_000, 3 * dayMs]),
    sessionCount: null,
    exclusions: [],
    isOptimized: false,
    counting: 'uniques',
    attribution: 'first',
    isBreakdownHeld: false,
    buckets: bucketsOfDays(zone, { fromDay: firstDay, toDay: firstDay + 4 }, unit, dayCount),
    where: null,
    by: null,
    sessions: null,
    virtual: [],
    entity: random.pick([null, null, 'g']),
    sumOf: null,
    isTimed: false,
  }
  const attribution = random.pick(['first', 'last', { step: random.pick([0, last]) }] as const)
  const by = random.pick([null, { on: parseBreakdown('v'), limit: 100 }, { on: parseBreakdown('s'), limit: 2 }])
  if (simple) return { ...plan, attribution, by }
  const counting = random.pick(['uniques', 'totals', 'sessions'] as const)
  const isExcluding = random.pick([true, false])
  return {
    ...plan,
    counting,
    ...(counting === 'sessions'
      ? { sessions: random.pick(sessionRules), sessionCount: random.pick([1, 2]), entity: null }
      : {}),
    sumOf: random.pick([null, 'n']),
    isTimed: random.pick([true, false]),
    ...(isExcluding ? { excluded: [match('X')], exclusions: [{ part: steps.length, from: 0, to: last }] } : {}),
    held: random.pick([[], ['v']]),
    isBreakdownHeld: random.pick([true, false]),
    isOptimized: random.pick([true, false]),
    attribution: random.pick(['first', 'last', { step: last }] as const),
    where: random.pick([null, parseExpression('properties["ok"]')]),
    by: random.pick([null, { on: parseBreakdown('v'), limit: 100 }]),
  }
}

const sessionRules: readonly SessionRules[] = [
  defaultSessionMode,
  { kind: 'timeout', timeoutMs: 7_200_000 },
  { kind: 'events', start: 'A', end: 'B' },
  { kind: 'events', start: 'A', end: 'X' },
  { kind: 'property', property: 's' },
]
const isOf = ({ sessions }: FunnelPlan, event: string, part: 'start' | 'end') =>
  sessions?.kind === 'events' && sessions[part] === event
/** Of one instant a start comes first and an end last. */
const rank = ({ isStart, isEnd }: { isStart: boolean; isEnd: boolean }) => (isStart ? 0 : isEnd ? 2 : 1)

/** The same events, gathered without the engine. */
const peopleOf = (plan: FunnelPlan, events: readonly RigEvent[]): readonly PersonEvents[] => {
  const { dayOf } = entryRanges(plan.buckets)
  const all = [...plan.steps, ...plan.excluded]
  const { fromMs, toMs } = plan.buckets.range
  const text = (value: unknown) => (value === undefined ? '' : JSON.stringify(value))
  const owned = events.flatMap((event) =>
    (plan.entity === null ? groupsOf(event.who) : groupsOf(event.properties?.[plan.entity])).map(
      (who) => [who, event] as const,
    ),
  )
  return [...Map.groupBy(owned, ([who]) => who).values()].flatMap((pairs) => {
    const own = pairs.map(([, event]) => event)
    const isFirst = ({ event, timeMs }: RigEvent) =>
      !own.some((other) => other.event === event && other.timeMs < timeMs)
    const rows = own
      .map((whole) => ({ ...whole, properties: {}, ...whole, isFirst: isFirst(whole) }))
      .map(({ event, timeMs, properties, isFirst }) => ({
        timeMs,
        n: typeof properties['n'] === 'number' ? properties['n'] : 0,
        parts: all.flatMap((part, at) => (part.selection?.label === event && (isFirst || !part.isFirst) ? [at] : [])),
        mark: {
          isStart: isOf(plan, event, 'start'),
          isEnd: isOf(plan, event, 'end'),
          sessionId: (properties['s'] ?? null) as string | null,
        },
        v: text(properties['v']),
        s: text(properties['s'] ?? undefined),
        filter: (properties['ok'] === true ? 1 : 0) + (properties['ok'] === undefined ? 0 : 2),
      }))
      .filter(
        ({ timeMs }) =>
          timeMs >= fromMs - 2_000 - (plan.sessions === null ? 0 : dayMs) && timeMs <= toMs + plan.windowMs,
      )
      .filter(({ parts }) => plan.sessions !== null || parts.length > 0)
      .toSorted(
        (a, b) =>
          a.timeMs - b.timeMs ||
          rank(a.mark) - rank(b.mark) ||
          compared(a.parts.map(String).join(), b.parts.map(String).join()) ||
          compared(plan.by === null ? '' : a.v, plan.by === null ? '' : b.v) ||
          (plan.where === null ? 0 : a.filter - b.filter) ||
          (plan.held.length === 0 ? 0 : compared(a.v, b.v)) ||
          (plan.sessions?.kind === 'property' ? compared(a.s, b.s) : 0) ||
          (plan.sumOf === null ? 0 : a.n - b.n),
      )
    const person: PersonEvents = {
      times: rows.map(({ timeMs }) => timeMs),
      parts: rows.map(({ parts }) => parts),
      values: rows.map(({ v }) => v),
      numbers: rows.map(({ n }) => n),
      ...(plan.where === null ? {} : { filters: rows.map(({ filter }) => filter) }),
      ...(plan.held.length === 0 ? {} : { held: rows.map(({ v }) => (v === '' || v === 'null' ? null : v)) }),
      ...(plan.sessions === null
        ? {}
        : {
            sessions: sessionsOf(
              plan.sessions,
              rows.map(({ timeMs, mark }) => ({ timeMs, day: dayOf(timeMs), ...mark })),
            ),
          }),
    }
    return [person]
  })
}
const compared = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const plain = (tallies: ReadonlyMap<string, Tally> | undefined) =>
  Object.fromEntries(
    [...(tallies ?? [])]
      .filter(([, { counts }]) => counts[0] !== 0)
      .toSorted(([a], [b]) => compared(a, b))
      .map(([key, { durations, ...tally }]) => {
        // Persons come in any order.
        const sorted = (lists: readonly number[][] = []) => lists.map((list) => list.toSorted((a, b) => a - b))
        return [key, { ...tally, previous: sorted(durations?.sincePreviousMs), start: sorted(durations?.sinceStartMs) }]
      }),
  )

const expected = (plan: FunnelPlan, events: readonly RigEvent[]) => {
  const all = new Map<string, Tally>()
  const byKey = new Map<string, Map<string, Tally>>()
  const tally = (of: Map<string, Tally>, date: string) =>
    of.set(date, of.get(date) ?? emptyTally(plan.stepCount)).get(date) as Tally
  const dates = plan.buckets.keys
  for (const person of peopleOf(plan, events)) {
    for (const [at, date] of dates.entries()) {
      const startOf = (key: string) =>
        bucketsOfDays(zone, { fromDay: dayNumberOf(key), toDay: dayNumberOf(key) }, 'day').range.fromMs
      const next = dates[at + 1]
      const range = {
        fromMs: Math.max(startOf(date), plan.buckets.range.fromMs),
        toMs: next === undefined ? plan.buckets.range.toMs : startOf(next),
      }
      const ofKey = (key: string) => byKey.set(key, byKey.get(key) ?? new Map()).get(key) as Map<string, Tally>
      for (const isOfTimes of plan.isTimed ? [false, true] : [false]) {
        const rules = isOfTimes && plan.counting === 'uniques' ? { ...plan, counting: 'totals' as const } : plan
        const add = (to: Tally, attempt: Attempt) => {
          if (isOfTimes) addDurations(to, person.times, attempt)
          else addAttempt(to, person.times, attempt)
          if (!isOfTimes && plan.sumOf !== null) addNumbers(to, person.numbers ?? [], attempt)
        }
        for (const attempt of countedAttempts(rules, person, range)) add(tally(all, date), attempt)
        if (plan.by === null) continue
        for (const [key, attempt] of countedByKey(rules, person, range, bucketKeys))
          add(tally(ofKey(key), date), attempt)
      }
    }
  }
  return { all: plain(all), byKey: Object.fromEntries([...byKey].map(([key, one]) => [key, plain(one)])) }
}

describe('funnels', () => {
  it.each([1, 2, 3])('one statement, and people counted one by one, say the same (seed %i)', async (seed) => {
    const random = seeded(seed)
    const events = someEvents(random)
    await rig.insert(seed, events)
    const call = await rig.call(seed, zone, firstDay * dayMs)
    let conversions = 0
    for (let round = 0; round < 40; round += 1) {
      const plan = aPlan(random, true)
      expect(isSimple(plan)).toBe(true)
      const [fast, slow] = [await countInEngine(call, plan), await countByPerson(call, plan)]
      const label = JSON.stringify({ seed, round, ...plan })
      expect(plain(fast.all), label).toEqual(plain(slow.all))
      expect(plain(fast.all), label).toEqual(expected(plan, events).all)
      const keysOf = ({ byKey }: typeof fast) => byKey && [...byKey].map(([key, one]) => [key, plain(one)])
      expect(keysOf(fast), label).toEqual(keysOf(slow))
      for (const { counts } of fast.all.values()) conversions += counts.at(-1) ?? 0
    }
    expect(conversions).toBeGreaterThan(20)
  })

  it.each([11, 12, 13, 14])('of every kind count what the plain rules count (seed %i)', async (seed) => {
    const random = seeded(seed)
    const events = someEvents(random)
    await rig.insert(seed, events)
    const call = await rig.call(seed, zone, firstDay * dayMs)
    for (let round = 0; round < 30; round += 1) {
      const plan = aPlan(random, false)
      const { all, byKey } = await countByPerson(call, plan)
      const label = JSON.stringify({ seed, round, ...plan })
      const wanted = expected(plan, events)
      expect(plain(all), label).toEqual(wanted.all)
      if (byKey === null) continue
      expect(Object.fromEntries([...byKey].map(([key, one]) => [key, plain(one)])), label).toEqual(wanted.byKey)
    }
  })

  it('reads days by the wall clock', () => {
    const { dayOf } = entryRanges(bucketsOfDays(zone, { fromDay: firstDay, toDay: firstDay }, 'day'))
    const midnight = Date.parse('2026-03-29T22:00:00Z')
    expect([dayOf(midnight - 1), dayOf(midnight)]).toEqual([firstDay + 2, firstDay + 3])
    expect(Math.floor(wallMs(zone, midnight) / dayMs)).toBe(firstDay + 3)
  })

  it('puts the keys with the fewest entries together', async () => {
    const timeMs = firstDay * dayMs + 36e5 * 10
    const visit = (who: string, v: string) => ({ event: 'A', timeMs, who, properties: { v } })
    await rig.insert(50, [
      visit('1', 'x'),
      visit('2', 'x'),
      visit('3', 'y'),
      visit('4', 'y'),
      visit('5', 'z'),
      visit('6', 'w'),
    ])
    const plan = { ...aPlan(seeded(1), true), steps: [match('A')], blocks: [[0]], stepCount: 1, entity: null }
    const by = { on: parseBreakdown('v'), limit: 2 }
    const { byKey } = await countByPerson(await rig.call(50, zone, timeMs), { ...plan, by })
    expect([...(byKey ?? [])].map(([key, one]) => [key, [...one.values()][0]?.counts])).toEqual([
      ['x', [2]],
      ['y', [2]],
      ['$other', [2]],
    ])
  })
})

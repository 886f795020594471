import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openQueryRig, type QueryRig, type RigEvent } from '../../../../test/support/query-rig.ts'
import { type Random, seeded } from '../../../../test/support/random-expressions.ts'
import { runAddiction } from '../addiction/addiction.ts'
import { addictionSql } from '../addiction/addiction-sql.ts'
import { createBinder } from '../compile/sql-context.ts'
import { atLeast, exactly } from '../domain/addiction.ts'
import { parseBreakdown } from '../domain/expression/parse.ts'
import type { IntervalClock } from '../domain/retention/intervals.ts'
import { type Cohort, type RetentionEvent, retentionByKey } from '../domain/retention/retention.ts'
import { bucketsOfDays } from '../domain/time/buckets.ts'
import { dayNumberOf } from '../domain/time/days.ts'
import { wallMs } from '../domain/time/zones.ts'
import { retentionUnitMs } from './retention.ts'
import type { RetentionPlan } from './retention-sql.ts'
import { runRetention } from './run-retention.ts'

const dayMs = 86_400_000
const zone = 'Europe/Berlin'
// Clocks go forward on 29 March.
const firstDay = dayNumberOf('2026-03-20')
const nowMs = (firstDay + 90) * dayMs

let rig: QueryRig
beforeAll(async () => {
  rig = await openQueryRig()
})
afterAll(() => rig.close())

const someEvents = (random: Random): readonly RigEvent[] =>
  Array.from({ length: 140 }, () => ({
    event: random.pick(['A', 'B', 'C']),
    // Whole hours, and few of them, so that instants and ends of intervals coincide.
    timeMs: (firstDay - 2) * dayMs + Math.floor(random.next() * 24 * 30) * random.pick([3_600_000, 7_200_000]),
    who: random.pick(['', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6']),
    properties: {
      ...random.pick<RigEvent['properties'] & object>([{}, { x: 'one' }, { x: ['one', 2] }, { x: null }, { x: 2 }]),
      ...random.pick<object>([{}, { n: 1 }, { n: 2.5 }, { n: -4 }, { n: '3' }]),
      ...random.pick<object>([{}, { g: 'acme' }, { g: ['acme', 'beta', 'acme'] }, { g: 7 }, { g: '' }]),
    },
  }))

const keysOf = (x: unknown): readonly string[] => {
  if (Array.isArray(x)) return x.map(String)
  return [x === undefined || x === null ? 'undefined' : String(x)]
}

const match = (event: string | null) => ({
  selection: event === null ? null : { label: event, parts: [{ event, where: null }] },
  where: null,
})

const bucketOf = (unit: 'day' | 'week' | 'month', timeMs: number): number => {
  const day = Math.floor(wallMs(zone, timeMs) / dayMs)
  if (unit === 'day') return day - firstDay
  if (unit === 'week') return day - ((day + 3) % 7)
  const date = new Date(day * dayMs)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) / dayMs
}

const groupsOf = (value: unknown): readonly string[] =>
  [...new Set((Array.isArray(value) ? value : [value ?? '']).map(String))].filter((id) => id !== '')

const plain = (found: ReadonlyMap<string, Iterable<Cohort>>, isSummed: boolean) =>
  Object.fromEntries(
    [...found].map(([key, cohorts]) => [
      key,
      [...cohorts]
        .toSorted((a, b) => a.bucket - b.bucket)
        .map(({ bucket, first, counts, sums }) => [bucket, first, counts, isSummed ? sums : null]),
    ]),
  )

describe('retention in the engine', () => {
  it.each([1, 2, 3, 4])('says what the plain rules say (seed %i)', async (seed) => {
    const random = seeded(seed)
    const events = someEvents(random)
    await rig.insert(seed, events)
    const call = await rig.call(seed, zone, nowMs)
    for (let round = 0; round < 40; round += 1) {
      const unit = random.pick(['day', 'week', 'month'] as const)
      const of = random.pick(['nothing', 'birth', 'return'] as const)
      const on = parseBreakdown('x')
      const names = random.pick<readonly [string, string | null]>([
        ['A', 'B'],
        ['A', 'A'],
        ['B', null],
        ['C', 'A'],
      ])
      const [entity, isFirst] = [random.pick([null, null, 'g']), random.next() < 0.2]
      const sumOf = of === 'return' ? null : random.pick([null, 'n'])
      const plan: RetentionPlan = {
        entity,
        type: random.pick(['birth', 'compounded']),
        birth: { ...match(names[0]), isFirst },
        return: match(names[1]),
        buckets: bucketsOfDays(zone, { fromDay: firstDay, toDay: firstDay + 20 }, unit),
        intervals: {
          clock: random.pick<IntervalClock>([
            { kind: 'rolling', unitMs: retentionUnitMs[random.pick(['day', 'week'] as const)] * random.pick([1, 2]) },
            { kind: 'calendar', unit: random.pick(['day', 'week', 'month'] as const), zone },
          ]),
          ends: random.pick([[1], [1, 2], [1, 2, 3, 4, 5], [2, 3, 7], [1, 7, 30]]),
        },
        ...(of === 'return'
          ? { criterion: random.pick(['on', 'on-or-after'] as const), by: { on, of, limit: 100 }, sumOf: null }
          : {
              criterion: random.pick(['on', 'on-or-after', 'on-or-before', 'streak'] as const),
              by: of === 'nothing' ? null : { on, of, limit: 100 },
              sumOf,
            }),
      }
      const { fromMs, toMs } = plan.buckets.range
      const owned = events.flatMap((event) =>
        groupsOf(entity === null ? event.who : event.properties?.[entity]).map((who) => ({ ...event, who })),
      )
      const isBirth = (one: RigEvent) =>
        one.event === names[0] &&
        !(
          isFirst &&
          owned.some(({ who, event, timeMs }) => who === one.who && event === one.event && timeMs < one.timeMs)
        )
      const known = owned.map(({ event, timeMs, who, properties }): RetentionEvent & { readonly who: string } => ({
        who,
        number: typeof properties?.['n'] === 'number' ? properties['n'] : 0,
        timeMs,
        bucket: timeMs >= fromMs && timeMs < toMs ? bucketOf(unit, timeMs) : null,
        isBirth: isBirth({ event, timeMs, who }),
        isReturn: names[1] === null || event === names[1],
        keys: keysOf(properties?.['x']),
      }))
      const people = [...Map.groupBy(known, ({ who }) => who).values()]
      const { all, byKey } = await runRetention(call, plan)
      const label = JSON.stringify({ seed, round, ...plan, buckets: unit })
      if (all !== null) {
        const wanted = retentionByKey(plan, people, 'nothing')
        expect(plain(new Map([['', all.values()]]), sumOf !== null), label).toEqual({
          '': [],
          ...plain(wanted, sumOf !== null),
        })
      }
      if (byKey === null) continue
      const got = plain(new Map([...byKey].map(([key, cohorts]) => [key, cohorts.values()])), sumOf !== null)
      const wanted = new Map(
        [...retentionByKey(plan, people, of)].map(([key, cohorts]) => [
          key,
          // By what came back, the size is that of the whole cohort.
          cohorts.map((one) => (of === 'birth' ? one : { ...one, first: all?.get(one.bucket)?.first ?? 0 })),
        ]),
      )
      expect(got, label).toEqual(plain(wanted, sumOf !== null))
    }
  })

  it('counts what comes right after, and no event as a return to itself', async () => {
    const at = (text: string) => Date.parse(text)
    await rig.insert(90, [
      { event: 'A', timeMs: at('2026-03-20T10:00:00Z'), who: 'p' },
      { event: 'A', timeMs: at('2026-03-21T09:59:59Z'), who: 'p' },
      { event: 'A', timeMs: at('2026-03-20T10:00:00Z'), who: 'q' },
      { event: 'A', timeMs: at('2026-03-21T10:00:00Z'), who: 'q' },
      { event: 'A', timeMs: at('2026-03-20T10:00:00Z'), who: 'r' },
    ])
    const plan: RetentionPlan = {
      type: 'birth',
      birth: match('A'),
      return: match('A'),
      buckets: bucketsOfDays('UTC', { fromDay: firstDay, toDay: firstDay }, 'day'),
      intervals: { clock: { kind: 'rolling', unitMs: dayMs }, ends: [1, 2] },
      criterion: 'on',
      by: null,
      entity: null,
      sumOf: null,
    }
    const { all } = await runRetention(await rig.call(90, 'UTC', nowMs), plan)
    expect(all?.get(0)).toEqual({ bucket: 0, first: 3, counts: [1, 1] })
  })
})

describe('frequency in the engine', () => {
  it('says what the plain rules say', async () => {
    const random = seeded(77)
    const events = someEvents(random)
    await rig.insert(77, events)
    const call = await rig.call(77, zone, nowMs)
    for (let round = 0; round < 20; round += 1) {
      const unit = random.pick(['day', 'week', 'month'] as const)
      const addictionUnit = random.pick(['hour', 'day'] as const)
      const event = random.pick(['A', null])
      const isKeyed = random.pick([true, false])
      const buckets = bucketsOfDays(zone, { fromDay: firstDay, toDay: firstDay + 20 }, unit)
      const by = isKeyed ? { on: parseBreakdown('x'), limit: 100 } : null
      const entity = random.pick([null, 'g'])
      const rows = await runAddiction(call, { match: match(event), buckets, addictionUnit, by, entity })
      const got = rows.map(({ key, points }) => [key, Object.fromEntries(atLeast(buckets, addictionUnit, points))])

      const inRange = events.filter(
        ({ who, timeMs, event: name }) =>
          (entity !== null || who !== '') &&
          timeMs >= buckets.range.fromMs &&
          timeMs < buckets.range.toMs &&
          (event ?? name) === name,
      )
      const units = new Map<string, Set<number>>()
      const owned = inRange.flatMap((one) =>
        groupsOf(entity === null ? one.who : one.properties?.[entity]).map((who) => ({ ...one, who })),
      )
      for (const { who, timeMs, properties } of owned) {
        const at = Math.floor(wallMs(zone, timeMs) / (addictionUnit === 'hour' ? 3_600_000 : dayMs))
        for (const key of isKeyed ? keysOf(properties?.['x']) : ['']) {
          const id = JSON.stringify([key, bucketOf(unit, timeMs), who])
          units.set(id, (units.get(id) ?? new Set()).add(at))
        }
      }
      const wanted = new Map<string, Record<string, number[]>>()
      for (const [id, seen] of units) {
        const [key, bucket] = JSON.parse(id)
        const date =
          buckets.keys.find((_, n) =>
            unit === 'day' ? n === bucket : dayNumberOf(buckets.keys[n] ?? '') === bucket,
          ) ?? ''
        const empty = () => Object.fromEntries(atLeast(buckets, addictionUnit, [])) as Record<string, number[]>
        const line = wanted.get(key) ?? empty()
        for (let n = 0; n < seen.size; n += 1) (line[date] as number[])[n] = (line[date]?.[n] ?? 0) + 1
        wanted.set(key, line)
      }
      for (const [, dates] of got) {
        for (const counts of Object.values(dates as Record<string, readonly number[]>)) {
          // Exactly n + 1 units is at least so many, and not one more.
          expect(
            exactly(counts).map((_, n) =>
              exactly(counts)
                .slice(n)
                .reduce((a, b) => a + b, 0),
            ),
          ).toEqual(counts)
        }
      }
      expect(Object.fromEntries(got), JSON.stringify({ round, unit, addictionUnit, event, isKeyed })).toEqual(
        Object.fromEntries(wanted),
      )
    }
  })

  it('binds what was asked for', async () => {
    const { view } = await rig.call(78, zone, nowMs)
    const buckets = bucketsOfDays(zone, { fromDay: firstDay, toDay: firstDay }, 'day')
    const by = { on: parseBreakdown('properties["it\'s"]'), limit: 5 }
    const binder = createBinder(view)
    const sql = addictionSql(view, binder, {
      match: match(`o'clock`),
      buckets,
      addictionUnit: 'hour',
      by,
      entity: null,
    })
    expect(sql).not.toMatch(/it's|o'clock/)
    expect(Object.values(binder.params)).toEqual(expect.arrayContaining([`it's`, `o'clock`]))
  })
})

import { afterAll, beforeAll, expect, it } from 'vitest'
import { openQueryRig, type QueryRig, type RigEvent } from '../../../../test/support/query-rig.ts'
import { type Random, seeded } from '../../../../test/support/random-expressions.ts'
import type { CustomPropertyDefinition } from '../../reports/index.ts'
import { bucketKeys } from '../domain/expression/bucket-keys.ts'
import { type ExpressionRecord, evaluate } from '../domain/expression/evaluate.ts'
import { parseBreakdown, parseExpression } from '../domain/expression/parse.ts'
import { jsonText } from '../domain/expression/values.ts'
import { type ProjectSessions, type SessionRules, sessionsOf } from '../domain/sessions/sessions.ts'
import { bucketsOfDays } from '../domain/time/buckets.ts'
import { dayNumberOf, dayOfNumber } from '../domain/time/days.ts'
import { wallMs } from '../domain/time/zones.ts'
import { noCustomFacts } from '../read-view.ts'
import { breakdownSeriesSql, type SeriesRow } from './series.ts'
import { createBinder } from './sql-context.ts'

// RPT-07, RPT-08: what the engine makes of custom properties and of the events of sessions, beside plain loops.

const dayMs = 86_400_000
const zone = 'Europe/Berlin'
// Clocks go forward on 29 March.
const firstDay = dayNumberOf('2026-03-27')
const dayCount = 5

let rig: QueryRig
beforeAll(async () => {
  rig = await openQueryRig()
})
afterAll(() => rig.close())

const someEvents = (random: Random): readonly RigEvent[] =>
  Array.from({ length: 260 }, (_, at) => ({
    event: random.pick(['A', 'B', 'C', '$identify', 'quiet']),
    // No two are of one instant but those of the last share, which are of the same name.
    timeMs: (firstDay - 9) * dayMs + Math.floor(random.next() * 24 * 15) * 3_600_000 + at * 1_000,
    who: random.pick(['', 'p1', 'p2', 'p3', 'p4']),
    properties: random.pick<object>([
      { n: 1, v: 'x', s: '', $browser: 'Firefox' },
      { n: 12.5, v: ['x', 'y'], utm_source: 'mail' },
      { n: -3, v: 'Zebra', s: 'two' },
      { n: 'no', v: null, s: null, $browser: 'Safari', own: 'o' },
      { n: 2_000, v: 'zoo', s: 'two', utm_source: null },
      { v: '', own: true },
    ]) as never,
  }))

const properties = new Map<number, CustomPropertyDefinition>([
  [1, { type: 'formula', of: 'event', formula: 'if(properties["v"] == "X", properties["n"] * 2, properties["v"])' }],
  [2, { type: 'borrowed', events: ['A', 'B'], property: 'v' }],
  [3, { type: 'borrowed', property: 'n', buckets: { type: 'even', min: 0, max: 20, size: 7 } }],
  [
    4,
    {
      type: 'formula',
      of: 'event',
      formula: 'string(properties["$custom_property:2"], "nothing")',
      buckets: {
        type: 'text',
        groups: [
          { label: 'z', contains: ['z', 'Z'] },
          { label: 'both', values: ['x', 'Zebra'] },
        ],
      },
    },
  ],
  [
    5,
    {
      type: 'formula',
      of: 'event',
      formula: 'properties["n"]',
      buckets: { type: 'varied', groups: [{ to: 1 }, { from: 1, to: 100, label: 'some' }] },
    },
  ],
])

const ruleKinds: readonly SessionRules[] = [
  { kind: 'timeout', timeoutMs: 7_200_000 },
  { kind: 'timeout', timeoutMs: 60_000 },
  { kind: 'events', start: 'A', end: 'B' },
  { kind: 'events', start: 'C', end: 'C' },
  { kind: 'property', property: 's' },
]

type Texts = Readonly<Record<string, string>>
interface Plain {
  readonly event: string
  readonly timeMs: number
  readonly who: string
  readonly texts: Texts
}

const textsOf = (values: object): Texts =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]))
const plainOf = ({ event, timeMs, who, properties: values = {} }: RigEvent): Plain => ({
  event,
  timeMs,
  who,
  texts: textsOf(values),
})
const recordOf = ({ event, timeMs, who, texts }: Plain): ExpressionRecord => ({
  event: texts,
  user: {},
  behaviors: {},
  columns: { distinctId: who, insertId: '', eventName: event },
  timeMs,
  timezone: zone,
  nowMs: (firstDay + 30) * dayMs,
})

/** The range by counting up from its beginning. */
const evenGroup = (value: unknown): string | undefined => {
  if (typeof value !== 'number') return undefined
  if (value < 0) return '< 0'
  for (const [from, to] of [
    [0, 7],
    [7, 14],
    [14, 20],
  ] as const) {
    if (value >= from && value < to) return `${from} - ${to}`
  }
  return '>= 20'
}
const textGroup = (value: string): string => {
  if (value.toLowerCase().includes('z')) return 'z'
  return value === 'x' ? 'both' : '$other'
}
const variedGroup = (value: unknown): string | undefined => {
  if (typeof value !== 'number') return undefined
  return value < 1 ? '< 1' : value < 100 ? 'some' : '$other'
}

const lastEarlier = (all: readonly Plain[], of: Plain, names: readonly string[] | null, name: string): unknown => {
  let best: Plain | undefined
  for (const one of all) {
    const text = one.texts[name]
    if (of.who === '' || one.who !== of.who || (names !== null && !names.includes(one.event))) continue
    if (text === undefined || text === 'null' || text.startsWith('[')) continue
    if (one.timeMs >= of.timeMs || one.timeMs < of.timeMs - 7 * dayMs) continue
    if (best === undefined || one.timeMs > best.timeMs) best = one
  }
  return best === undefined ? undefined : JSON.parse(best.texts[name] ?? '')
}

/** An event with its custom properties among its own. */
const withCustom = (all: readonly Plain[], one: Plain): Plain => {
  const v = one.texts['v'] === undefined ? undefined : JSON.parse(one.texts['v'])
  const n = one.texts['n'] === undefined ? undefined : JSON.parse(one.texts['n'])
  // Formulas do not look at the case of letters.
  const first = typeof v === 'string' && v.toLowerCase() === 'x' ? (typeof n === 'number' ? n * 2 : undefined) : v
  const second = lastEarlier(all, one, ['A', 'B'], 'v')
  const made = [
    first,
    second,
    evenGroup(lastEarlier(all, one, null, 'n')),
    textGroup(second === undefined ? 'nothing' : String(second)),
    variedGroup(n),
  ]
  const entries = made.flatMap((value, at) =>
    value === undefined ? [] : [[`$custom_property:${at + 1}`, jsonText(value as never)] as const],
  )
  return { ...one, texts: { ...one.texts, ...Object.fromEntries(entries) } }
}

const notInAny = ['$identify', 'quiet']

/** Events of sessions, from a list of each person's events. */
const sessionEvents = (all: readonly Plain[], rules: ProjectSessions): readonly Plain[] =>
  [
    ...Map.groupBy(
      all.filter(({ who, event }) => who !== '' && !notInAny.includes(event)),
      ({ who }) => who,
    ).values(),
  ].flatMap((own) => {
    const sorted = own.toSorted((a, b) => a.timeMs - b.timeMs)
    const isOf = (event: string, part: 'start' | 'end') => rules.kind === 'events' && rules[part] === event
    const numbers = sessionsOf(
      rules,
      sorted.map(({ event, timeMs, texts }) => ({
        timeMs,
        day: Math.floor(wallMs(zone, timeMs) / dayMs),
        isStart: isOf(event, 'start'),
        isEnd: isOf(event, 'end'),
        sessionId: rules.kind === 'property' ? JSON.parse(texts[rules.property] ?? 'null') : null,
      })),
    )
    const sessions = Map.groupBy(sorted.keys(), (at) => numbers[at] as number)
    sessions.delete(-1)
    return [...sessions.values()].flatMap((places) => {
      const members = places.map((at) => sorted[at] as Plain)
      const [first, last] = [members[0] as Plain, members.at(-1) as Plain]
      const inherit = (name: string) =>
        members.map(({ texts }) => texts[name]).find((text) => text !== undefined && text !== 'null')
      const texts = Object.fromEntries(
        Object.entries({
          ...Object.fromEntries(['$browser', 'utm_source', 'own'].map((name) => [name, inherit(name)])),
          $duration_s: String((last.timeMs - first.timeMs) / 1_000),
          $event_count: String(members.length),
          $origin_start: JSON.stringify(first.event),
          $origin_end: JSON.stringify(last.event),
        }).filter(([, text]) => text !== undefined),
      ) as Texts
      return [
        { event: '$session_start', timeMs: first.timeMs, who: first.who, texts },
        { event: '$session_end', timeMs: last.timeMs, who: last.who, texts },
      ]
    })
  })

it.each([1, 2, 3])('custom properties and events of sessions are those of plain loops (seed %i)', async (seed) => {
  const random = seeded(seed)
  const sent = someEvents(random)
  await rig.insert(seed, sent)
  const stored = sent.map(plainOf)
  const withAll = stored.map((one) => withCustom(stored, one))
  let found = 0
  for (let round = 0; round < 30; round += 1) {
    const sessions = {
      ...random.pick(ruleKinds),
      excluded: ['quiet'],
      inherited: [...noCustomFacts.sessions.inherited, 'own'],
    }
    const call = await rig.call(seed, zone, (firstDay + 30) * dayMs, { properties, sessions })
    const event = random.pick(['A', 'B', '$session_start', '$session_end'])
    const isVirtual = event.startsWith('$')
    const on = isVirtual
      ? random.pick([
          '$duration_s',
          '$event_count',
          '$origin_start',
          '$origin_end',
          '$browser',
          'utm_source',
          'own',
          'v',
        ])
      : `$custom_property:${random.pick([1, 2, 3, 4, 5])}`
    const where = random.pick(
      isVirtual
        ? [null, 'properties["$event_count"] > 1', 'defined(properties["$browser"])']
        : [
            null,
            'defined(properties["$custom_property:2"])',
            'properties["$custom_property:1"] == "Zebra"',
            'properties["$custom_property:3"] == "7 - 14"',
          ],
    )
    const measure = random.pick(['general', 'unique'] as const)
    const buckets = bucketsOfDays(zone, { fromDay: firstDay, toDay: firstDay + dayCount - 1 }, 'day')
    const binder = createBinder(call.view)
    const plan = {
      selection: { label: event, parts: [{ event, where: null }] },
      buckets,
      measure,
      where: where === null ? null : parseExpression(where),
      on: parseBreakdown(on),
      keys: null,
      limit: 1_000,
    }
    const rows = await call.run.rows<SeriesRow>(call.view, binder, breakdownSeriesSql(call.view, binder, plan))
    const chosen = (isVirtual ? sessionEvents(stored, sessions) : withAll).filter(
      (one) =>
        one.event === event &&
        (measure === 'general' || one.who !== '') &&
        (plan.where === null || evaluate(plan.where, recordOf(one)) === true),
    )
    const wanted = new Map<string, Set<string>>()
    for (const [at, one] of chosen.entries()) {
      const day = Math.floor(wallMs(zone, one.timeMs) / dayMs)
      if (day < firstDay || day >= firstDay + dayCount) continue
      for (const key of bucketKeys(jsonText(evaluate(plan.on, recordOf(one)) as never))) {
        const place = JSON.stringify([key, dayOfNumber(day)])
        const set = wanted.get(place) ?? new Set()
        wanted.set(place, set.add(measure === 'general' ? String(at) : one.who))
      }
    }
    const got = rows.flatMap(({ key, points }) =>
      points.map(([day, value]) => [JSON.stringify([key, dayOfNumber(firstDay + day)]), value] as const),
    )
    found += got.length
    const label = JSON.stringify({ seed, round, event, on, where, measure, sessions })
    expect(Object.fromEntries(got), label).toEqual(
      Object.fromEntries([...wanted].map(([place, { size }]) => [place, size])),
    )
  }
  expect(found).toBeGreaterThan(50)
})

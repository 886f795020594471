import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../../test/support/engines.ts'
import { projectScope } from '../../../kernel/scope.ts'
import { migrateClickhouse } from '../../../platform/clickhouse/migrate.ts'
import { createBinder } from '../compile/sql-context.ts'
import { type ReadView, rawReadView } from '../read-view.ts'
import { createRun, type Run } from '../run.ts'
import { createCohortSql } from './cohort-sql.ts'
import type { Comparison, Occurrences, ResolvedCohort } from './resolve-cohort.ts'

// Random cohorts against a plain loop over the same few people.

const eventNames = ['A', 'B'] as const
const plans = ['free', 'pro'] as const
const version = '6a1d5a2c-0f5e-4c1e-9b9b-2c4a0d1f9c11'

interface Person {
  readonly id: string
  /** Prices of each event that they did. */
  readonly events: Readonly<Record<(typeof eventNames)[number], readonly number[]>>
  readonly plan: (typeof plans)[number] | null
  readonly isMember: boolean
}
const people: readonly Person[] = [
  { id: 'p1', events: { A: [1, 5], B: [] }, plan: 'free', isMember: true },
  { id: 'p2', events: { A: [], B: [2, 2, 9] }, plan: 'pro', isMember: false },
  { id: 'p3', events: { A: [], B: [] }, plan: 'pro', isMember: true },
  { id: 'p4', events: { A: [7], B: [1] }, plan: null, isMember: false },
  { id: 'p5', events: { A: [], B: [] }, plan: null, isMember: true },
  { id: 'p6', events: { A: [3, 3, 3], B: [4] }, plan: 'free', isMember: false },
]

let engines: TestEngines
let view: ReadView
let run: Run
beforeAll(async () => {
  engines = await openTestEngines()
  const { region } = engines
  await migrateClickhouse(region, 'server/migrations/clickhouse', (_name, work) => work())
  const insert = (table: string, rows: readonly object[]) =>
    region.insert(table, rows.map((row) => JSON.stringify(row)).join('\n'))
  const noTime = '2024-01-01 00:00:00.000'
  // What costs more happened later.
  const timeOf = (price: number) => `2024-01-01 00:00:0${price}.000`
  const events = people.flatMap(({ id, events: done }) =>
    eventNames.flatMap((event) =>
      done[event].map((price, at) => {
        const properties = { price: String(price) }
        return {
          project_id: 1,
          event,
          time: timeOf(price),
          distinct_id: id,
          insert_id: `${id}${event}${at}`,
          properties,
        }
      }),
    ),
  )
  const nobody = {
    project_id: 1,
    event: 'A',
    time: noTime,
    distinct_id: '',
    insert_id: 'n',
    properties: { price: '1' },
  }
  const stranger = { ...nobody, project_id: 2, distinct_id: 'stranger' }
  await insert('event', [...events, nobody, stranger])
  await insert(
    'profile',
    people
      .filter(({ plan }) => plan !== null)
      .map(({ id, plan }) => {
        const properties = { plan: JSON.stringify(plan) }
        return { project_id: 1, distinct_id: id, version: 1, is_deleted: 0, properties }
      }),
  )
  const members = people.filter(({ isMember }) => isMember)
  await insert(
    'cohort_member',
    members.map(({ id }) => ({ project_id: 1, cohort_id: 9, version, distinct_id: id })),
  )
  view = rawReadView(
    { scope: projectScope(1, 'US'), project: { timezone: 'UTC' }, nowMs: Date.now() },
    { event: [], profile: [] },
  )
  const limits = { timeoutMs: 60_000, memoryBytesMax: 1_000_000_000 }
  run = createRun({ regionDb: () => region, limits }, AbortSignal.timeout(60_000))
})
afterAll(() => engines?.close())

const compare: Record<Comparison, (a: number, b: number) => boolean> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
}

const totals = {
  count: (prices: readonly number[]) => prices.length,
  distinct: (prices: readonly number[]) => new Set(prices).size,
  sum: (prices: readonly number[]) => (prices.length === 0 ? null : prices.reduce((a, b) => a + b, 0)),
  average: (prices: readonly number[]) =>
    prices.length === 0 ? null : prices.reduce((a, b) => a + b, 0) / prices.length,
  min: (prices: readonly number[]) => (prices.length === 0 ? null : Math.min(...prices)),
  max: (prices: readonly number[]) => (prices.length === 0 ? null : Math.max(...prices)),
}

const isIn = (cohort: ResolvedCohort, person: Person): boolean => {
  switch (cohort.kind) {
    case 'and':
      return cohort.terms.every((term) => isIn(term, person))
    case 'or':
      return cohort.terms.some((term) => isIn(term, person))
    case 'not':
      return !isIn(cohort.term, person)
    case 'members':
      return cohort.version !== null && person.isMember
    case 'profile':
      return person.plan !== null && cohort.where.includes(JSON.stringify(person.plan))
    case 'sequence': {
      const occurrences = (step: Occurrences) =>
        (step.selectors?.map(({ event }) => event) ?? eventNames)
          .flatMap((event) => person.events[event as 'A'])
          .filter((price) => step.where === null || price > 2)
      const goesOn = (first: number, last: number, [next, ...rest]: readonly Occurrences[]): boolean =>
        next === undefined
          ? cohort.withinMs === null || (last - first) * 1_000 <= cohort.withinMs
          : occurrences(next).some((price) => price > last && goesOn(first, price, rest))
      const [begin, ...rest] = cohort.steps
      return occurrences(begin as Occurrences).some((price) => goesOn(price, price, rest))
    }
    case 'did': {
      const names = cohort.selectors?.map(({ event }) => event) ?? eventNames
      const prices = eventNames.flatMap((event) => (names.includes(event) ? person.events[event] : []))
      const counted = cohort.where === null ? prices : prices.filter((price) => price > 2)
      const total = totals[cohort.aggregate](counted)
      return total !== null && compare[cohort.comparison](total, cohort.value)
    }
  }
}

const leaf = fc.oneof(
  fc.record({
    kind: fc.constant('did' as const),
    selectors: fc.constantFrom(null, [{ event: 'A' }], [{ event: 'B' }], [{ event: 'A' }, { event: 'B' }]),
    where: fc.constantFrom(null, 'properties["price"] > 2'),
    aggregate: fc.constantFrom(...(Object.keys(totals) as (keyof typeof totals)[])),
    property: fc.constant('price'),
    comparison: fc.constantFrom(...(Object.keys(compare) as Comparison[])),
    value: fc.integer({ min: 0, max: 4 }),
    range: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant('sequence' as const),
    steps: fc.array(
      fc.record({
        selectors: fc.constantFrom(null, [{ event: 'A' }], [{ event: 'B' }]),
        where: fc.constantFrom(null, null, 'properties["price"] > 2'),
      }),
      { minLength: 2, maxLength: 3 },
    ),
    withinMs: fc.constantFrom(null, 2_000, 4_000, 6_999),
    range: fc.constant(null),
  }),
  fc.constantFrom(...plans).map((plan) => ({ kind: 'profile' as const, where: `properties["plan"] == "${plan}"` })),
  fc.constantFrom(version, null).map((uploaded) => ({ kind: 'members' as const, cohortId: 9, version: uploaded })),
)
const cohorts = fc.letrec<{ tree: ResolvedCohort }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    tie('tree').map((term) => ({ kind: 'not' as const, term })),
    fc.record({ kind: fc.constant('and' as const), terms: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ kind: fc.constant('or' as const), terms: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
  ),
})).tree

it('has the members that a plain loop finds', async () => {
  // Known by an event or a profile: an upload alone makes nobody known who is in no upload that is asked for.
  const isKnown = ({ events, plan }: Person) => plan !== null || events.A.length + events.B.length > 0
  await fc.assert(
    fc.asyncProperty(cohorts, async (cohort) => {
      const binder = createBinder(view)
      const sql = createCohortSql(view, binder)
      const all = await run.rows<{ person: string }>(view, binder, sql.members(cohort))
      const found = all.map(({ person }) => person)
      expect(new Set(found).size).toBe(found.length)
      const known = people.filter(isKnown)
      const expected = known.filter((person) => isIn(cohort, person)).map(({ id }) => id)
      expect(found.filter((id) => known.some((person) => person.id === id)).sort()).toEqual(expected)
      // Whoever is only in an upload is found, if at all, for being in it.
      expect(
        found.filter((id) => !expected.includes(id)).every((id) => id === 'p5' && isIn(cohort, people[4] as Person)),
      ).toBe(true)
      const ids = createBinder(view)
      const isMember = createCohortSql(view, ids).isMember(cohort, 'person')
      const asked = `SELECT person FROM (SELECT arrayJoin(${ids.bind(
        people.map(({ id }) => id),
        'Array(String)',
      )}) AS person) WHERE ${isMember}`
      const single = await run.rows<{ person: string }>(view, ids, asked)
      expect(single.map(({ person }) => person).sort()).toEqual(
        people.filter((person) => isIn(cohort, person)).map(({ id }) => id),
      )
    }),
    { numRuns: 60, endOnFailure: true },
  )
}, 120_000)

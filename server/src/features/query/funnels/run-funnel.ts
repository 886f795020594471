import { InvalidRequest } from '../../../kernel/errors.ts'
import { createBinder } from '../compile/sql-context.ts'
import { bucketKeys } from '../domain/expression/bucket-keys.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import type { Attempt, EntryRange } from '../domain/funnel/attempts.ts'
import { countedAttempts, countedByKey, type PersonEvents } from '../domain/funnel/person.ts'
import { addAttempt, addDurations, addNumbers, addTally, emptyTally, type Tally } from '../domain/funnel/tally.ts'
import { type SessionEvent, type SessionRules, sessionsOf } from '../domain/sessions/sessions.ts'
import { keyOfBucket } from '../domain/time/buckets.ts'
import type { QueryCall } from '../http/query-route.ts'
import { entryRanges } from './entry-ranges.ts'
import { type FunnelByValueRow, funnelByValueSql, rowKinds } from './funnel-by-value-sql.ts'
import { type FunnelPlan, isSimple } from './funnel-plan.ts'
import { type FunnelRow, personRowsSql, simpleFunnelSql } from './funnel-sql.ts'
import { withSessionEvents } from './session-events.ts'

/** By date of the bucket. `byKey` has the keys with the most entries; the others add up to `$other`. */
export interface FunnelAnswer {
  readonly all: ReadonlyMap<string, Tally>
  readonly byKey: ReadonlyMap<string, ReadonlyMap<string, Tally>> | null
}

type Call = Pick<QueryCall, 'run' | 'view'>

/** In the engine where one statement can say it; otherwise the engine gathers and narrows, and people are counted here. */
export const runFunnel = (call: Call, plan: FunnelPlan): Promise<FunnelAnswer> =>
  isSimple(plan) ? countInEngine(call, plan) : countByPerson(call, plan)

export const countInEngine = (call: Call, plan: FunnelPlan): Promise<FunnelAnswer> =>
  plan.by === null ? countAll(call, plan) : countByValue(call, plan, plan.by.on)

const countAll = async ({ run, view }: Call, plan: FunnelPlan): Promise<FunnelAnswer> => {
  const binder = createBinder(view)
  const rows = await run.rows<FunnelRow>(view, binder, simpleFunnelSql(view, binder, plan))
  const found = rows.map(({ b, counts, previous, start }): [string, Tally] => [
    keyOfBucket(plan.buckets, b),
    { counts: [...counts], sincePreviousMs: [...previous], sinceStartMs: [...start] },
  ])
  return { all: new Map(found), byKey: null }
}

const countByValue = async ({ run, view }: Call, plan: FunnelPlan, on: Expression): Promise<FunnelAnswer> => {
  const binder = createBinder(view)
  const tallies = createTallies(plan)
  for await (const row of run.each<FunnelByValueRow>(view, binder, funnelByValueSql(view, binder, plan, on))) {
    const [kind, text, bucket, counts, previous, start] = row
    const date = keyOfBucket(plan.buckets, bucket)
    const tally: Tally = { counts: [...counts], sincePreviousMs: [...previous], sinceStartMs: [...start] }
    if (kind === rowKinds.all || kind === rowKinds.allAndValue) addTally(tallies.of(date, null), tally)
    const keys = kind === rowKinds.key ? [text] : kind === rowKinds.all ? [] : bucketKeys(text)
    for (const key of keys) addTally(tallies.of(date, key), tally)
  }
  return tallies.answer()
}

type EventRow = readonly [
  ms: number,
  parts: readonly number[],
  value: string,
  filter: number,
  held: readonly string[],
  mark: string | number | undefined,
  number: number | undefined,
]

/** Persons come one after another, so what is held is one person and the sums. */
export const countByPerson = async ({ run, view }: Call, plan: FunnelPlan): Promise<FunnelAnswer> => {
  const binder = createBinder(view)
  const ranges = entryRanges(plan.buckets)
  const tallies = createTallies(plan)
  for await (const [rows] of run.each<readonly [readonly EventRow[]]>(
    view,
    binder,
    personRowsSql(view, binder, plan),
  )) {
    const person = personOf(plan, rows, ranges.dayOf)
    const numbers = plan.sumOf === null ? null : (person.numbers ?? [])
    for (const { date, range } of ranges.of(person.times)) {
      for (const { key, attempt } of countedIn(plan, person, range)) {
        const tally = tallies.of(date, key)
        addAttempt(tally, person.times, attempt)
        if (numbers !== null) addNumbers(tally, numbers, attempt)
      }
      if (!plan.isTimed) continue
      // How long people take is told of all that they tried, however they are counted.
      const rules = plan.counting === 'uniques' ? ({ ...plan, counting: 'totals' } as const) : plan
      for (const { key, attempt } of countedIn(rules, person, range)) {
        tallies.addDurations(date, key, person.times, attempt)
      }
    }
  }
  return tallies.answer()
}

/** Attempts of everybody under the key null, and those of values where there is a breakdown. */
const countedIn = (plan: FunnelPlan, person: PersonEvents, range: EntryRange) => [
  ...countedAttempts(plan, person, range).map((attempt) => ({ key: null, attempt })),
  ...(plan.by === null ? [] : countedByKey(plan, person, range, bucketKeys)).map(([key, attempt]) => ({
    key,
    attempt,
  })),
]

const personOf = (plan: FunnelPlan, rows: readonly EventRow[], dayOf: (ms: number) => number): PersonEvents => {
  const person: PersonEvents = {
    times: rows.map(([ms]) => ms),
    parts: rows.map(([, parts]) => parts),
    values: rows.map(([, , value]) => value),
    ...(plan.where === null ? {} : { filters: rows.map(([, , , filter]) => filter) }),
    ...(plan.held.length === 0 ? {} : { held: rows.map(([, , , , held]) => heldText(held)) }),
    ...(plan.sumOf === null ? {} : { numbers: rows.map(([, , , , , , number]) => number ?? 0) }),
  }
  if (plan.sessions === null) return person
  const rules = plan.sessions
  const sessions = sessionsOf(
    rules,
    rows.map(([timeMs, , , , , mark]) => ({ timeMs, day: dayOf(timeMs), ...markOf(rules, mark) })),
  )
  return withSessionEvents(plan.virtual, { ...person, sessions }, sessions)
}

/** What `sessionMarkSql` says of an event. */
const markOf = ({ kind }: SessionRules, mark: EventRow[5]): Pick<SessionEvent, 'isStart' | 'isEnd' | 'sessionId'> => {
  if (kind === 'events') return { isStart: mark === 1 || mark === 3, isEnd: mark === 2 || mark === 3 }
  return kind === 'property' ? { sessionId: typeof mark === 'string' && mark !== '' ? mark : null } : {}
}

const heldText = (held: readonly string[]): string | null =>
  held.some((one) => one === '' || one === 'null') ? null : held.join('\n')

// A key per person would be an answer about nobody; this many sums are some hundred megabytes.
const keyCountMax = 100_000
// Two numbers each.
const durationCountMax = 10_000_000

const createTallies = ({ stepCount, by }: FunnelPlan) => {
  const all = new Map<string, Tally>()
  const byKey = new Map<string, Map<string, Tally>>()
  const tallyOf = (tallies: Map<string, Tally>, date: string): Tally => {
    const tally = tallies.get(date) ?? emptyTally(stepCount)
    tallies.set(date, tally)
    return tally
  }
  /** Of everybody where the key is null. */
  const of = (date: string, key: string | null): Tally => {
    if (key === null) return tallyOf(all, date)
    const tallies = byKey.get(key) ?? new Map<string, Tally>()
    byKey.set(key, tallies)
    if (byKey.size > keyCountMax) throw new InvalidRequest(`on has more than ${keyCountMax} different values`)
    return tallyOf(tallies, date)
  }
  let durationCount = 0
  return {
    of,
    addDurations: (date: string, key: string | null, times: readonly number[], attempt: Attempt) => {
      durationCount += attempt.taken.length
      if (durationCount > durationCountMax) throw new InvalidRequest('there are too many attempts to tell their times')
      addDurations(of(date, key), times, attempt)
    },
    answer: (): FunnelAnswer => {
      if (by === null) return { all, byKey: null }
      const entriesOf = (tallies: ReadonlyMap<string, Tally>) =>
        [...tallies.values()].reduce((sum, { counts }) => sum + (counts[0] ?? 0), 0)
      const ranked = [...byKey].toSorted(([a, x], [b, y]) => entriesOf(y) - entriesOf(x) || (a < b ? -1 : 1))
      const kept = new Map<string, Map<string, Tally>>(ranked.slice(0, by.limit))
      const others = new Map<string, Tally>()
      for (const [, tallies] of ranked.slice(by.limit)) {
        for (const [date, tally] of tallies) addTally(tallyOf(others, date), tally)
      }
      return { all, byKey: others.size === 0 ? kept : kept.set('$other', others) }
    },
  }
}

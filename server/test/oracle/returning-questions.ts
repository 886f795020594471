import { aBreakdown, aFilter, type Filter } from './filters.ts'
import type { SeenEvent } from './model.ts'
import {
  byBytes,
  chosen,
  isWithin,
  jsonQuestion,
  type Params,
  type Question,
  type Selection,
  someDays,
  someEvent,
  someFilters,
  type World,
} from './question.ts'
import { eventNames } from './random-project.ts'
import { bucketOf, bucketsOf, dayMs, plusDays } from './zone-clock.ts'

const intervalMs = { day: dayMs, week: 7 * dayMs, month: 30 * dayMs } as const
type Unit = keyof typeof intervalMs
const units: readonly Unit[] = ['day', 'week', 'month']

interface Cohort {
  readonly counts: number[]
  first: number
}

/** Keys with the most of something first. */
const ranked = <T>(
  entries: Iterable<readonly [string, T]>,
  rank: (value: T) => number,
): readonly (readonly [string, T])[] => [...entries].sort(([a, x], [b, y]) => rank(y) - rank(x) || byBytes(a, b))

const byPerson = (events: readonly SeenEvent[]): Iterable<readonly SeenEvent[]> =>
  Map.groupBy(
    events.filter(({ person }) => person !== ''),
    ({ person }) => person,
  ).values()

/** QRY-04 (query §2.4, reports §4). */
export const retention = (world: World): Question => {
  const { model, random } = world
  const { next, pick } = random
  const type = pick(['birth', 'birth', 'compounded'] as const)
  const unit = pick(units)
  const days = someDays(world, unit)
  const interval = next() < 0.3 ? pick(unit === 'day' ? [2, 7] : unit === 'week' ? [2, 12] : [2, 3]) : 1
  const intervalCount = pick([1, 3, 10])
  const isUnbounded = next() < 0.3
  const born: Selection = someEvent(world, eventNames)
  const back: Selection | null = next() < 0.7 ? someEvent(world, eventNames) : null
  const bornWhere = next() < 0.4 ? aFilter(random) : null
  const { params: asked, filters } = someFilters(world, () => aFilter(random))
  const [where = null, view = null] = filters
  const on = next() < 0.4 ? aBreakdown(random) : null
  const limit = pick([1, 2, 255])
  const params: Params = {
    ...{ from_date: days.from, to_date: days.to, retention_type: type, unit, interval, interval_count: intervalCount },
    ...(type === 'birth' ? { born_event: born.label } : {}),
    ...(back === null ? {} : { event: back.label }),
    ...(bornWhere === null ? {} : { born_where: bornWhere.text }),
    ...(isUnbounded ? { unbounded_retention: 'true' } : {}),
    ...(on === null ? {} : { on: on.text, limit }),
    ...asked,
  }
  // Who comes back again and again is born by the event that is asked for.
  const birth = type === 'birth' ? { selection: born, where: bornWhere } : { selection: back, where }
  const matched = (selection: Selection | null, filter: Filter | null, nowMs: number) =>
    new Set(chosen(world, world.events, selection, [filter, view], nowMs))

  return jsonQuestion('retention', params, (nowMs) => {
    const [births, returns] = [matched(birth.selection, birth.where, nowMs), matched(back, where, nowMs)]
    const all = new Map<string, Cohort>()
    const keyed = new Map<string, Map<string, Cohort>>()
    const cohortIn = (cohorts: Map<string, Cohort>, date: string): Cohort => {
      const found = cohorts.get(date) ?? { counts: Array.from({ length: intervalCount + 1 }, () => 0), first: 0 }
      cohorts.set(date, found)
      return found
    }
    const add = (cohort: Cohort, bornMs: number, later: readonly SeenEvent[]): void => {
      for (let k = 0; k <= intervalCount; k += 1) {
        const isIn = ({ timeMs }: SeenEvent): boolean => {
          const sinceMs = timeMs - bornMs
          const step = intervalMs[unit] * interval
          return sinceMs >= k * step && (isUnbounded || sinceMs < (k + 1) * step)
        }
        if (later.some(isIn)) cohort.counts[k] = (cohort.counts[k] ?? 0) + 1
      }
    }
    for (const events of byPerson(world.events)) {
      const started = events
        .filter((event) => births.has(event) && isWithin(model, days, event.timeMs))
        .toSorted((a, b) => a.timeMs - b.timeMs)
      const dates = new Set<string>()
      for (const { timeMs: bornMs } of started) {
        const date = bucketOf(model.timezone, unit, bornMs)
        if (dates.has(date) || (type === 'birth' && dates.size > 0)) continue
        dates.add(date)
        const later = events.filter((event) => returns.has(event) && event.timeMs > bornMs)
        const cohort = cohortIn(all, date)
        cohort.first += 1
        add(cohort, bornMs, later)
        if (on === null) continue
        const keysOf = new Map(later.map((event) => [event, on.keys(model.recordOf(event, nowMs))]))
        for (const key of new Set([...keysOf.values()].flat())) {
          const cohorts = keyed.get(key) ?? new Map<string, Cohort>()
          keyed.set(key, cohorts)
          const some = later.filter((event) => keysOf.get(event)?.includes(key))
          const before = cohorts.get(date)
          const made = cohortIn(cohorts, date)
          add(made, bornMs, some)
          // Whoever came back too late for every interval is in no line.
          if (before === undefined && made.counts.every((count) => count === 0)) cohorts.delete(date)
        }
      }
    }
    const dates = bucketsOf(model.timezone, unit, days.from, days.to)
    const none = { counts: Array.from({ length: intervalCount + 1 }, () => 0), first: 0 }
    if (on === null) return Object.fromEntries(dates.map((date) => [date, all.get(date) ?? none]))
    const total = (cohorts: Map<string, Cohort>): number =>
      [...cohorts.values()].flatMap(({ counts }) => counts).reduce((a, b) => a + b, 0)
    const shown = ranked(
      [...keyed].filter(([, cohorts]) => cohorts.size > 0),
      total,
    ).slice(0, limit)
    return Object.fromEntries(
      dates.map((date) => {
        const lines = shown.flatMap(([key, cohorts]) => {
          const cohort = cohorts.get(date)
          return cohort === undefined
            ? []
            : [[key, { counts: cohort.counts, first: all.get(date)?.first ?? 0 }] as const]
        })
        return [date, Object.fromEntries(lines)]
      }),
    )
  })
}

/** QRY-05 (query §2.5). */
export const addiction = (world: World): Question => {
  const { model, random } = world
  const { next, pick } = random
  const { timezone } = model
  const unit = pick(units)
  const addictionUnit = pick(['hour', 'day'] as const)
  const days = someDays(world, unit)
  const selection = next() < 0.7 ? someEvent(world, eventNames) : null
  const { params: asked, filters } = someFilters(world, () => aFilter(random))
  const on = next() < 0.4 ? aBreakdown(random) : null
  const limit = pick([1, 2, 255])
  const params: Params = {
    ...{ from_date: days.from, to_date: days.to, unit, addiction_unit: addictionUnit },
    ...(selection === null ? {} : { event: selection.label }),
    ...(on === null ? {} : { on: on.text, limit }),
    ...asked,
  }
  const lengthOf = (date: string): number => {
    const month = plusDays(`${plusDays(date, 31).slice(0, 7)}-01`, 0)
    const dayCount = unit === 'day' ? 1 : unit === 'week' ? 7 : (Date.parse(month) - Date.parse(date)) / dayMs
    return addictionUnit === 'hour' ? dayCount * 24 : dayCount
  }
  /** By date: of how many people each number of hours or days is the least. */
  const countsOf = (events: readonly SeenEvent[]): ReadonlyMap<string, readonly number[]> => {
    const found = new Map<string, number[]>()
    for (const some of byPerson(events)) {
      for (const [date, inBucket] of Map.groupBy(some, ({ timeMs }) => bucketOf(timezone, unit, timeMs))) {
        const times = new Set(inBucket.map(({ timeMs }) => bucketOf(timezone, addictionUnit, timeMs)))
        const counts = found.get(date) ?? Array.from({ length: lengthOf(date) }, () => 0)
        found.set(
          date,
          counts.map((count, at) => (at < times.size ? count + 1 : count)),
        )
      }
    }
    return found
  }
  return jsonQuestion('retention/addiction', params, (nowMs) => {
    const within = world.events.filter(({ timeMs }) => isWithin(model, days, timeMs))
    const events = chosen(world, within, selection, filters, nowMs)
    const dates = bucketsOf(timezone, unit, days.from, days.to)
    if (on === null) {
      const counts = countsOf(events)
      const none = (date: string) => Array.from({ length: lengthOf(date) }, () => 0)
      return { data: Object.fromEntries(dates.map((date) => [date, counts.get(date) ?? none(date)])) }
    }
    const keyed = new Map<string, SeenEvent[]>()
    for (const event of events.filter(({ person }) => person !== '')) {
      for (const key of on.keys(model.recordOf(event, nowMs))) keyed.set(key, [...(keyed.get(key) ?? []), event])
    }
    const people = (counts: ReadonlyMap<string, readonly number[]>): number =>
      [...counts.values()].reduce((sum, [first = 0]) => sum + first, 0)
    const shown = ranked(
      [...keyed].map(([key, some]) => [key, countsOf(some)] as const),
      people,
    ).slice(0, limit)
    return {
      data: Object.fromEntries(
        dates.map((date) => [
          date,
          Object.fromEntries(
            shown.flatMap(([key, counts]) => (counts.has(date) ? [[key, counts.get(date)] as const] : [])),
          ),
        ]),
      ),
    }
  })
}

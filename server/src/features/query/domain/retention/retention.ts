import { type Intervals, intervalAt, unitsBetween } from './intervals.ts'

// Retention by plain loops (query §2.4, query §8): what the engine has to answer, and the average over cohorts.

/** An event of one person, with the parts it plays. */
export interface RetentionEvent {
  readonly timeMs: number
  /** Number of the bucket of time it is in; null outside of the asked days, where nobody is born. */
  readonly bucket: number | null
  readonly isBirth: boolean
  readonly isReturn: boolean
  /** Keys of its value in a breakdown. */
  readonly keys: readonly string[]
  /** What is added up of it; 0 where it has none. */
  readonly number: number
}

export interface RetentionRules {
  /** `birth`: born once, by the first event. `compounded`: in every bucket, by its first event there. */
  readonly type: 'birth' | 'compounded'
  readonly intervals: Intervals
  readonly criterion: Criterion
}

/**
 * When somebody counts in an interval: who came back in it; in it or any later one; in it or any before; in it and all
 * before, where what comes back may be the event of birth itself.
 */
export type Criterion = 'on' | 'on-or-after' | 'on-or-before' | 'streak'

/** Whoever was born in one bucket: how many, and how many of them came back in each interval. */
export interface Cohort {
  readonly bucket: number
  readonly first: number
  readonly counts: readonly number[]
  /** By interval, of the events by which people count in it; left out where no number is asked for. */
  readonly sums?: readonly number[]
}

interface Birth {
  readonly timeMs: number
  readonly bucket: number
  readonly keys: readonly string[]
}

const birthsOf = (rules: RetentionRules, events: readonly RetentionEvent[]): readonly Birth[] => {
  const births = new Map<number, Birth>()
  for (const { isBirth, bucket, timeMs, keys } of events.toSorted((a, b) => a.timeMs - b.timeMs)) {
    if (!isBirth || bucket === null) continue
    if (rules.type === 'birth' && births.size > 0) break
    if (!births.has(bucket)) births.set(bucket, { timeMs, bucket, keys })
  }
  return [...births.values()]
}

interface Returns {
  readonly isIn: boolean
  readonly sum: number
}

/** Whether somebody counts, by interval, and by what number; an event is no return to itself, except in a streak. */
const returnsOf = (
  { intervals: { clock, ends }, criterion }: RetentionRules,
  birth: Birth,
  events: readonly RetentionEvent[],
): readonly Returns[] => {
  const fromMs = criterion === 'streak' ? birth.timeMs : birth.timeMs + 1
  const returned = events
    .filter(({ isReturn, timeMs }) => isReturn && timeMs >= fromMs)
    .map(({ timeMs, number }) => ({ at: intervalAt(ends, unitsBetween(clock, birth.timeMs, timeMs)), number }))
  const places = returned.map(({ at }) => at)
  return ends.map((_, k) => {
    const isIn = countsIn(criterion, places, k)
    const meant = returned.filter(({ at }) => isIn && isMeant(criterion, at, k))
    return { isIn, sum: meant.reduce((sum, { number }) => sum + number, 0) }
  })
}

/** Whether what came back in one interval is what somebody counts by in another. */
const isMeant = (criterion: Criterion, at: number, k: number): boolean => {
  if (criterion === 'on-or-after') return at >= k
  return criterion === 'on-or-before' ? at <= k : at === k
}

const countsIn = (criterion: Criterion, returned: readonly number[], k: number): boolean => {
  switch (criterion) {
    case 'on':
      return returned.includes(k)
    case 'on-or-after':
      return returned.some((interval) => interval >= k)
    case 'on-or-before':
      return returned.some((interval) => interval <= k)
    case 'streak':
      return Array.from({ length: k + 1 }, (_, earlier) => earlier).every((one) => returned.includes(one))
  }
}

/** Cohorts by key, of the events of each person; without a breakdown there is one key, ''. */
export const retentionByKey = (
  rules: RetentionRules,
  people: readonly (readonly RetentionEvent[])[],
  by: 'nothing' | 'birth' | 'return',
): ReadonlyMap<string, readonly Cohort[]> => {
  const found = new Map<string, Map<number, { first: number; counts: number[]; sums: number[] }>>()
  const add = (key: string, bucket: number, returns: readonly Returns[]): void => {
    const cohorts = found.get(key) ?? new Map<number, { first: number; counts: number[]; sums: number[] }>()
    const cohort = cohorts.get(bucket) ?? { first: 0, counts: returns.map(() => 0), sums: returns.map(() => 0) }
    const counts = cohort.counts.map((count, k) => count + (returns[k]?.isIn === true ? 1 : 0))
    const sums = cohort.sums.map((sum, k) => sum + (returns[k]?.sum ?? 0))
    found.set(key, cohorts.set(bucket, { first: cohort.first + 1, counts, sums }))
  }
  for (const events of people) {
    for (const birth of birthsOf(rules, events)) {
      if (by === 'nothing') add('', birth.bucket, returnsOf(rules, birth, events))
      if (by === 'birth') for (const key of birth.keys) add(key, birth.bucket, returnsOf(rules, birth, events))
      if (by !== 'return') continue
      for (const key of new Set(events.flatMap(({ keys }) => keys))) {
        const returns = returnsOf(
          rules,
          birth,
          events.filter(({ keys }) => keys.includes(key)),
        )
        if (returns.some(({ isIn }) => isIn)) add(key, birth.bucket, returns)
      }
    }
  }
  return new Map(
    [...found].map(([key, cohorts]) => [
      key,
      [...cohorts].map(([bucket, cohort]) => ({ bucket, ...cohort })).toSorted((a, b) => a.bucket - b.bucket),
    ]),
  )
}

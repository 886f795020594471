import type { Attempt } from './attempts.ts'

/** What attempts add up to, by how many steps they took. */
export interface Tally {
  readonly counts: number[]
  /** Milliseconds since the step before, summed over the attempts that took the step. */
  readonly sincePreviousMs: number[]
  /** Milliseconds since the first step. */
  readonly sinceStartMs: number[]
  /** Of the events that took the steps; where it was asked for. */
  sums?: number[]
  /** One by one, of every attempt that took the step; where it was asked for. */
  durations?: Durations
}

export interface Durations {
  readonly sincePreviousMs: number[][]
  readonly sinceStartMs: number[][]
}

export const emptyTally = (stepCount: number): Tally => {
  const zeros = () => new Array<number>(stepCount).fill(0)
  return { counts: zeros(), sincePreviousMs: zeros(), sinceStartMs: zeros() }
}

const addAt = (list: number[], at: number, value: number): void => {
  list[at] = (list[at] ?? 0) + value
}

interface Taken {
  readonly step: number
  readonly sincePreviousMs: number
  readonly sinceStartMs: number
}

/** Steps that came within two seconds, the later one first, took no time. */
const takenSteps = (times: readonly number[], { taken }: Attempt): readonly Taken[] => {
  const startMs = times[taken[0] as number] as number
  let previousMs = startMs
  return taken.map((at, step) => {
    const ms = Math.max(previousMs, times[at] as number)
    const found = { step, sincePreviousMs: ms - previousMs, sinceStartMs: ms - startMs }
    previousMs = ms
    return found
  })
}

export const addAttempt = (tally: Tally, times: readonly number[], attempt: Attempt): void => {
  for (const { step, sincePreviousMs, sinceStartMs } of takenSteps(times, attempt)) {
    addAt(tally.counts, step, 1)
    addAt(tally.sincePreviousMs, step, sincePreviousMs)
    addAt(tally.sinceStartMs, step, sinceStartMs)
  }
}

/** `numbers`: of each event; 0 where it has none. */
export const addNumbers = (tally: Tally, numbers: readonly number[], { taken }: Attempt): void => {
  tally.sums ??= tally.counts.map(() => 0)
  for (const [step, at] of taken.entries()) addAt(tally.sums, step, numbers[at] ?? 0)
}

export const addDurations = (tally: Tally, times: readonly number[], attempt: Attempt): void => {
  const lists = () => tally.counts.map((): number[] => [])
  tally.durations ??= { sincePreviousMs: lists(), sinceStartMs: lists() }
  for (const { step, sincePreviousMs, sinceStartMs } of takenSteps(times, attempt)) {
    tally.durations.sincePreviousMs[step]?.push(sincePreviousMs)
    tally.durations.sinceStartMs[step]?.push(sinceStartMs)
  }
}

export const addTally = (tally: Tally, other: Tally): void => {
  for (const [step, count] of other.counts.entries()) {
    addAt(tally.counts, step, count)
    addAt(tally.sincePreviousMs, step, other.sincePreviousMs[step] ?? 0)
    addAt(tally.sinceStartMs, step, other.sinceStartMs[step] ?? 0)
  }
  if (other.sums !== undefined) {
    tally.sums ??= tally.counts.map(() => 0)
    for (const [step, sum] of other.sums.entries()) addAt(tally.sums, step, sum)
  }
  if (other.durations === undefined) return
  const { sincePreviousMs = [], sinceStartMs = [] } = tally.durations ?? {}
  const joined = (ours: readonly number[][], theirs: readonly number[][]) =>
    tally.counts.map((_, step) => [...(ours[step] ?? []), ...(theirs[step] ?? [])])
  tally.durations = {
    sincePreviousMs: joined(sincePreviousMs, other.durations.sincePreviousMs),
    sinceStartMs: joined(sinceStartMs, other.durations.sinceStartMs),
  }
}

export interface Duration {
  readonly count: number
  readonly average: number | null
  readonly median: number | null
  readonly min: number | null
  readonly max: number | null
  readonly percentiles: Readonly<Record<string, number | null>>
}

/** Of lengths of time in seconds; what lies between two of them is in proportion. Null: there are none. */
export const durationOf = (lengthsMs: readonly number[], percentiles: readonly number[]): Duration => {
  const sorted = lengthsMs.toSorted((a, b) => a - b)
  const at = (share: number): number | null => {
    const place = share * (sorted.length - 1)
    const low = sorted[Math.floor(place)]
    if (low === undefined) return null
    const high = sorted[Math.ceil(place)] ?? low
    return Math.round(low + (high - low) * (place - Math.floor(place))) / 1_000
  }
  return {
    count: sorted.length,
    average: averageSeconds(
      sorted.reduce((sum, ms) => sum + ms, 0),
      sorted.length,
    ),
    median: at(0.5),
    min: at(0),
    max: at(1),
    percentiles: Object.fromEntries(percentiles.map((percentile) => [String(percentile), at(percentile / 100)])),
  }
}

export interface StepResult {
  readonly count: number
  /** Seconds since the step before, on average; null for the first, and where nobody came. */
  readonly avgTime: number | null
  readonly avgTimeFromStart: number | null
  readonly stepConversion: number
  readonly overallConversion: number
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
const averageSeconds = (sumMs: number, count: number): number | null =>
  count === 0 ? null : Math.round(sumMs / count) / 1_000

export const stepResults = ({ counts, sincePreviousMs, sinceStartMs }: Tally): readonly StepResult[] =>
  counts.map((count, step) => ({
    count,
    avgTime: step === 0 ? null : averageSeconds(sincePreviousMs[step] ?? 0, count),
    avgTimeFromStart: step === 0 ? null : averageSeconds(sinceStartMs[step] ?? 0, count),
    stepConversion: step === 0 ? 1 : ratio(count, counts[step - 1] ?? 0),
    overallConversion: step === 0 ? 1 : ratio(count, counts[0] ?? 0),
  }))

/** The step before which most were lost; null for a funnel of one. */
export const worstStep = ({ counts }: Tally): number | null => {
  const losses = counts.map((count, step) => (counts[step - 1] ?? count) - count).slice(1)
  return losses.length === 0 ? null : losses.indexOf(Math.max(...losses)) + 1
}

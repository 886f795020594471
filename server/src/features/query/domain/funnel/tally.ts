import type { Attempt } from './attempts.ts'

/** What attempts add up to, by how many steps they took. */
export interface Tally {
  readonly counts: number[]
  /** Milliseconds since the step before, summed over the attempts that took the step. */
  readonly sincePreviousMs: number[]
  /** Milliseconds since the first step. */
  readonly sinceStartMs: number[]
}

export const emptyTally = (stepCount: number): Tally => {
  const zeros = () => new Array<number>(stepCount).fill(0)
  return { counts: zeros(), sincePreviousMs: zeros(), sinceStartMs: zeros() }
}

const addAt = (list: number[], at: number, value: number): void => {
  list[at] = (list[at] ?? 0) + value
}

/** Steps that came within two seconds, the later one first, took no time. */
export const addAttempt = (tally: Tally, times: readonly number[], { taken }: Attempt): void => {
  const startMs = times[taken[0] as number] as number
  let previousMs = startMs
  for (const [step, at] of taken.entries()) {
    const ms = Math.max(previousMs, times[at] as number)
    addAt(tally.counts, step, 1)
    addAt(tally.sincePreviousMs, step, ms - previousMs)
    addAt(tally.sinceStartMs, step, ms - startMs)
    previousMs = ms
  }
}

export const addTally = (tally: Tally, other: Tally): void => {
  for (const [step, count] of other.counts.entries()) {
    addAt(tally.counts, step, count)
    addAt(tally.sincePreviousMs, step, other.sincePreviousMs[step] ?? 0)
    addAt(tally.sinceStartMs, step, other.sinceStartMs[step] ?? 0)
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

import type { Filter } from './filters.ts'
import type { SeenEvent } from './model.ts'
import { byBytes, type Selection } from './question.ts'

// Funnels by plain loops (query §7): attempts of one person, and what they add up to.

export interface Step {
  readonly selection: Selection
  readonly filter: Filter | null
  readonly isFirst: boolean
}

/** An event as an attempt sees it. */
export interface Row {
  readonly event: SeenEvent
  readonly steps: readonly number[]
  readonly isExcluded: boolean
  readonly value: string
  readonly filter: number
  readonly held: string | null
  readonly number: number
}

export interface Rules {
  readonly stepCount: number
  readonly windowMs: number
  readonly isAnyOrder: boolean
  /** The exclusion holds after so many steps, and until so many are taken. */
  readonly excludedBetween: readonly [from: number, to: number]
  readonly attribution: 'first' | 'last' | number
  readonly isFiltered: boolean
}

const togetherMs = 2_000
export const isKnown = (json: string): boolean => json !== '' && json !== 'null'

/** Of one instant: by the steps, then by what else is told of them. */
export const inOrder = (a: Row, b: Row): number => {
  const partsOf = ({ steps, isExcluded }: Row) => [...steps, ...(isExcluded ? [1_000] : [])]
  const [x, y] = [partsOf(a), partsOf(b)]
  const at = x.findIndex((part, place) => part !== y[place])
  const ofParts = at === -1 ? x.length - y.length : (x[at] as number) - (y[at] ?? -1)
  const ofHeld = byBytes(a.held ?? '', b.held ?? '')
  return (
    a.event.timeMs - b.event.timeMs ||
    ofParts ||
    byBytes(a.value, b.value) ||
    a.filter - b.filter ||
    ofHeld ||
    a.number - b.number
  )
}

/** What an attempt that begins with a row takes, and the first row that may begin another. */
const attempt = (rules: Rules, rows: readonly Row[], entry: number) => {
  const begun = rows[entry] as Row
  const taken = [begun]
  const endMs = begun.event.timeMs + rules.windowMs
  const left = new Set(Array.from({ length: rules.stepCount }, (_, step) => step))
  left.delete(rules.isAnyOrder ? Math.min(...begun.steps) : 0)
  let reachedMs = begun.event.timeMs
  while (left.size > 0) {
    const open = rules.isAnyOrder ? [...left] : [Math.min(...left)]
    const isFit = (row: Row) =>
      !taken.includes(row) &&
      row.held === begun.held &&
      row.event.timeMs >= reachedMs - togetherMs &&
      row.event.timeMs <= endMs &&
      open.some((step) => row.steps.includes(step))
    const next = rows.find(isFit)
    const [from, to] = rules.excludedBetween
    const stopper = rows.find(
      (row) =>
        row.isExcluded &&
        from < taken.length &&
        taken.length <= to &&
        !isFit(row) &&
        !taken.includes(row) &&
        (row.held === null || row.held === begun.held) &&
        row.event.timeMs > reachedMs + togetherMs &&
        row.event.timeMs <= endMs,
    )
    const isStopped =
      stopper !== undefined && (next === undefined || stopper.event.timeMs < next.event.timeMs - togetherMs)
    if (isStopped) return { taken, next: rows.indexOf(stopper) + 1 }
    if (next === undefined) {
      const after = rows.findIndex(({ event }) => event.timeMs > endMs)
      return { taken, next: after === -1 ? rows.length : after }
    }
    taken.push(next)
    reachedMs = Math.max(reachedMs, next.event.timeMs)
    left.delete(open.find((step) => next.steps.includes(step)) as number)
  }
  return { taken, next: Math.max(...taken.map((row) => rows.indexOf(row))) + 1 }
}

export const attemptsIn = function* (rules: Rules, rows: readonly Row[], isIn: (row: Row) => boolean) {
  for (let at = 0; at < rows.length; ) {
    const row = rows[at] as Row
    const isEntry = isIn(row) && row.held !== null && (rules.isAnyOrder ? row.steps.length > 0 : row.steps.includes(0))
    if (!isEntry) {
      at += 1
      continue
    }
    const made = attempt(rules, rows, at)
    yield made.taken
    at = Math.max(made.next, at + 1)
  }
}

export const attributed = (
  { attribution }: Rules,
  taken: readonly Row[],
  knows: (row: Row) => boolean,
): Row | undefined => {
  if (typeof attribution === 'number') return taken[attribution]
  return attribution === 'first' ? (taken.find(knows) ?? taken[0]) : (taken.findLast(knows) ?? taken.at(-1))
}

export const passes = (rules: Rules, taken: readonly Row[]): boolean => {
  if (!rules.isFiltered) return true
  const row = attributed(rules, taken, ({ filter }) => filter >= 2)
  return row !== undefined && row.filter % 2 === 1
}

const middle = (sorted: readonly number[]): number | null => {
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}
const seconds = (ms: number | null | undefined): number | null =>
  ms === null || ms === undefined ? null : Math.round(ms) / 1_000
const average = (list: readonly number[]): number | null =>
  list.length === 0 ? null : list.reduce((a, b) => a + b, 0) / list.length

/** Milliseconds since the step before, and since the first, of a step. */
const lengths = (attempts: readonly (readonly Row[])[], step: number, since: 'previous' | 'first') =>
  attempts.flatMap((taken) => {
    const reached = (count: number) => Math.max(...taken.slice(0, count + 1).map(({ event }) => event.timeMs))
    const begin = taken[0]?.event.timeMs ?? 0
    return taken.length > step ? [reached(step) - (since === 'first' ? begin : reached(step - 1))] : []
  })

const durationOf = (ms: readonly number[]) => {
  const sorted = ms.toSorted((a, b) => a - b)
  return {
    count: ms.length,
    average: seconds(average(ms)),
    median: seconds(middle(sorted)),
    min: seconds(sorted[0]),
    max: seconds(sorted.at(-1)),
    percentiles: { 100: seconds(sorted.at(-1)) },
  }
}

export interface Shown {
  readonly steps: readonly Step[]
  readonly isSummed: boolean
  readonly isTimed: boolean
}

export const shapeOf = (shown: Shown, counted: readonly (readonly Row[])[], timed: readonly (readonly Row[])[]) => {
  const countOf = (step: number) => counted.filter((taken) => taken.length > step).length
  const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole)
  return shown.steps.map(({ selection: { label } }, step) => {
    const custom = /^\$custom_event:(\d+)$/.exec(label)?.[1]
    return {
      count: countOf(step),
      avg_time: step === 0 ? null : seconds(average(lengths(counted, step, 'previous'))),
      avg_time_from_start: step === 0 ? null : seconds(average(lengths(counted, step, 'first'))),
      step_conv_ratio: step === 0 ? 1 : ratio(countOf(step), countOf(step - 1)),
      goal: label,
      ...(custom === undefined ? {} : { step_label: 'saved', custom_event: true, custom_event_id: Number(custom) }),
      overall_conv_ratio: step === 0 ? 1 : ratio(countOf(step), countOf(0)),
      event: label,
      ...(shown.isSummed ? { property_sum: counted.reduce((sum, taken) => sum + (taken[step]?.number ?? 0), 0) } : {}),
      ...(shown.isTimed && step > 0
        ? {
            time_to_convert: durationOf(lengths(timed, step, 'previous')),
            time_to_convert_from_start: durationOf(lengths(timed, step, 'first')),
          }
        : {}),
    }
  })
}

import {
  type Attempt,
  attemptsBySession,
  attemptsIn,
  type EntryRange,
  type FunnelEvents,
  type FunnelRules,
} from './attempts.ts'

/** A person's events with what an attempt is judged by, once it is over. */
export interface PersonEvents extends FunnelEvents {
  /** JSON text of the breakdown's value; '' and null: the event has none. */
  readonly values?: readonly string[]
  /** The filter on whole attempts: 1 it is true of the event; 2 the event has what it asks for. Both: 3. */
  readonly filters?: readonly number[]
  /** What is added up of each event; left out where nothing is. */
  readonly numbers?: readonly number[]
}

export type Attribution = 'first' | 'last' | { readonly step: number }

export interface CountingRules extends FunnelRules {
  readonly counting: 'uniques' | 'totals' | 'sessions'
  readonly attribution: Attribution
  /** The breakdown's value is held constant: attempts of different values do not wait for each other. */
  readonly isBreakdownHeld: boolean
}

const isThere = (json: string | undefined): boolean => json !== undefined && json !== '' && json !== 'null'

/** The event of an attempt that says what the attempt is counted under: the first or last that knows, or a given step. */
const attributed = (
  attribution: Attribution,
  { taken }: Attempt,
  knows: (at: number) => boolean,
): number | undefined => {
  if (typeof attribution === 'object') return taken[attribution.step]
  return attribution === 'first' ? (taken.find(knows) ?? taken[0]) : (taken.findLast(knows) ?? taken.at(-1))
}

/** JSON text of an attempt's value in the breakdown; '' when there is none. */
export const valueOfAttempt = (
  { attribution }: CountingRules,
  { values = [] }: PersonEvents,
  attempt: Attempt,
): string => {
  const at = attributed(attribution, attempt, (one) => isThere(values[one]))
  return at === undefined ? '' : (values[at] ?? '')
}

/** Whether the filter on whole attempts lets it pass. */
const passes = ({ attribution }: CountingRules, { filters }: PersonEvents, attempt: Attempt): boolean => {
  if (filters === undefined) return true
  const at = attributed(attribution, attempt, (one) => ((filters[one] ?? 0) & 2) !== 0)
  return at !== undefined && ((filters[at] ?? 0) & 1) !== 0
}

/** Of several attempts that count once: the first; optimized, the first that converts, or else that came furthest. */
const chosen = (rules: FunnelRules, attempts: readonly Attempt[]): Attempt | undefined => {
  if (!rules.isOptimized) return attempts[0]
  const furthest = Math.max(0, ...attempts.map(({ taken }) => taken.length))
  return attempts.find(({ taken }) => taken.length === furthest)
}

/** The attempts of a person that count in a range without a breakdown. */
export const countedAttempts = (rules: CountingRules, events: PersonEvents, range: EntryRange): readonly Attempt[] => {
  const keep = (attempt: Attempt | undefined) => attempt !== undefined && passes(rules, events, attempt)
  if (rules.counting === 'sessions') return [...attemptsBySession(rules, events, range)].filter(keep)
  if (rules.counting === 'totals') return [...attemptsIn(rules, events, range)].filter(keep)
  const first = firstOrChosen(rules, events, range)
  return first !== undefined && keep(first) ? [first] : []
}

const firstOrChosen = (rules: CountingRules, events: PersonEvents, range: EntryRange): Attempt | undefined => {
  if (rules.isOptimized) return chosen(rules, [...attemptsIn(rules, events, range)])
  const { value } = attemptsIn(rules, events, range)[Symbol.iterator]().next()
  return value ?? undefined
}

/**
 * The same by key. Uniques: a person counts once under each key, by attempts one after the other, or, where the value is
 * held constant, by those of each value.
 */
export const countedByKey = (
  rules: CountingRules,
  events: PersonEvents,
  range: EntryRange,
  keysOf: (json: string) => readonly string[],
): readonly (readonly [key: string, attempt: Attempt])[] => {
  const keyed = (attempt: Attempt) =>
    keysOf(valueOfAttempt(rules, events, attempt)).map((key) => [key, attempt] as const)
  if (rules.counting !== 'uniques') return countedAttempts(rules, events, range).flatMap(keyed)
  const byKey = Map.groupBy(attemptsForKeys(rules, events, range).flatMap(keyed), ([key]) => key)
  return [...byKey].flatMap(([key, pairs]) => {
    const attempt = chosen(
      rules,
      pairs.map(([, one]) => one),
    )
    return attempt !== undefined && passes(rules, events, attempt) ? [[key, attempt] as const] : []
  })
}

const attemptsForKeys = (rules: CountingRules, events: PersonEvents, range: EntryRange): readonly Attempt[] => {
  const { held } = events
  if (!rules.isBreakdownHeld || held === undefined) return [...attemptsIn(rules, events, range)]
  const values = new Set(held.filter((value) => value !== null))
  return [...values].flatMap((value) => [
    ...attemptsIn(rules, { ...events, held: held.map((one) => (one === value ? one : null)) }, range),
  ])
}

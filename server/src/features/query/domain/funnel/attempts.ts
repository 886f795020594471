// Funnels, one person at a time (query §7). Steps that are taken in any order form a block; in a specific order every
// block is one step. An attempt takes the earliest event that brings it on, and every event once.

/** What a person did that matters to a funnel, by time; the arrays have one element per event. */
export interface FunnelEvents {
  /** Milliseconds since 1970, ascending. */
  readonly times: readonly number[]
  /** Numbers of the steps that the event qualifies for; exclusions follow after the steps. */
  readonly parts: readonly (readonly number[])[]
  /** The values that are held constant, as one text; null where one is missing. Left out: nothing is held. */
  readonly held?: readonly (string | null)[]
  /** The session that the event is in; left out where sessions do not matter. */
  readonly sessions?: readonly number[]
}

export interface FunnelRules {
  /** Numbers of steps; each block comes after the one before it. */
  readonly blocks: readonly (readonly number[])[]
  readonly stepCount: number
  readonly windowMs: number
  /** How many sessions an attempt may last; null: as many as fit. */
  readonly sessionCount: number | null
  /** `part`: its number in `FunnelEvents`. It ends attempts that have taken more than `from` and at most `to` steps. */
  readonly exclusions: readonly { readonly part: number; readonly from: number; readonly to: number }[]
  readonly isOptimized: boolean
}

export interface Attempt {
  /** Numbers of the events that took the steps, in the order of the steps' turns. */
  readonly taken: readonly number[]
  /** The first event that may begin another attempt. */
  readonly next: number
}

/** Half-open; entries have to lie in it. */
export interface EntryRange {
  readonly fromMs: number
  readonly toMs: number
}

/** Steps this close to each other may come in either order. */
export const simultaneousMs = 2_000

/** The first event at or after an instant. */
export const firstFrom = (times: readonly number[], ms: number): number => {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] as number) < ms) low = middle + 1
    else high = middle
  }
  return low
}

const timeOf = ({ times }: FunnelEvents, at: number): number => times[at] as number
const partsOf = ({ parts }: FunnelEvents, at: number): readonly number[] => parts[at] as readonly number[]

/** Whether the event can begin an attempt. One that lasts for sessions begins in one. */
export const isEntry = ({ blocks, sessionCount }: FunnelRules, events: FunnelEvents, at: number): boolean =>
  partsOf(events, at).some((part) => blocks[0]?.includes(part)) &&
  events.held?.[at] !== null &&
  (sessionCount === null || events.sessions?.[at] !== -1)

const isSameSession = ({ sessionCount }: FunnelRules, { sessions }: FunnelEvents, entry: number, at: number) =>
  sessionCount === null ||
  sessions === undefined ||
  ((sessions[at] as number) >= (sessions[entry] as number) &&
    (sessions[at] as number) < (sessions[entry] as number) + sessionCount)

const isSameValue = ({ held }: FunnelEvents, entry: number, at: number): boolean =>
  held === undefined || held[at] === held[entry]

type Next =
  | { readonly kind: 'taken'; readonly at: number; readonly step: number }
  | { readonly kind: 'excluded'; readonly at: number }
  | { readonly kind: 'expired' }

interface Progress {
  readonly entry: number
  readonly taken: readonly number[]
  readonly reachedMs: number
  readonly open: readonly number[]
}

/** The event that takes one of the open steps, or what ends the attempt before it. */
const nextOf = (rules: FunnelRules, events: FunnelEvents, { entry, taken, reachedMs, open }: Progress): Next => {
  const { times } = events
  const endMs = timeOf(events, entry) + rules.windowMs
  const exclusions = rules.exclusions.filter(({ from, to }) => from < taken.length && taken.length <= to)
  let excluded = -1
  for (let at = firstFrom(times, reachedMs - simultaneousMs); at < times.length; at += 1) {
    const ms = timeOf(events, at)
    if (ms > endMs) break
    if (taken.includes(at) || !isSameSession(rules, events, entry, at)) continue
    const parts = partsOf(events, at)
    const step = isSameValue(events, entry, at) ? open.find((one) => parts.includes(one)) : undefined
    if (step !== undefined) {
      const isBefore = excluded !== -1 && timeOf(events, excluded) < ms - simultaneousMs
      return isBefore ? { kind: 'excluded', at: excluded } : { kind: 'taken', at, step }
    }
    const isExcluding = excluded === -1 && ms > reachedMs + simultaneousMs
    const isMeant = isExcluding && (events.held?.[at] == null || isSameValue(events, entry, at))
    if (isMeant && exclusions.some(({ part }) => parts.includes(part))) excluded = at
  }
  return excluded === -1 ? { kind: 'expired' } : { kind: 'excluded', at: excluded }
}

/** The attempt that begins with an event, which has to be an entry. */
export const attemptFrom = (rules: FunnelRules, events: FunnelEvents, entry: number): Attempt => {
  const blocks = rules.blocks.map((block) => [...block])
  const taken = [entry]
  let reachedMs = timeOf(events, entry)
  const take = (step: number): void => {
    blocks[0] = blocks[0]?.filter((one) => one !== step) ?? []
    while (blocks[0]?.length === 0) blocks.shift()
  }
  take(blocks[0]?.find((step) => partsOf(events, entry).includes(step)) ?? 0)
  while (blocks[0] !== undefined) {
    const next = nextOf(rules, events, { entry, taken, reachedMs, open: blocks[0] })
    if (next.kind === 'excluded') return { taken, next: next.at + 1 }
    if (next.kind === 'expired')
      return { taken, next: firstFrom(events.times, timeOf(events, entry) + rules.windowMs + 1) }
    taken.push(next.at)
    reachedMs = Math.max(reachedMs, timeOf(events, next.at))
    take(next.step)
  }
  return { taken, next: Math.max(...taken) + 1 }
}

/**
 * Optimized re-entry: the entry is given up for the last one in its window, as long as its second step is not taken
 * (A A A B: the last A).
 */
const nearestEntry = (rules: FunnelRules, events: FunnelEvents, first: number, range: EntryRange): number => {
  const { times } = events
  let entry = first
  for (;;) {
    const { taken } = attemptFrom({ ...rules, exclusions: [] }, events, entry)
    const second = taken[1]
    const untilMs = Math.min(
      second === undefined ? timeOf(events, entry) + rules.windowMs : timeOf(events, second),
      range.toMs - 1,
    )
    let later = entry
    for (let at = entry + 1; at < times.length && timeOf(events, at) <= untilMs; at += 1) {
      if (at === second || !isEntry(rules, events, at)) continue
      if (
        isSameValue(events, entry, at) &&
        isSameSession({ ...rules, sessionCount: rules.sessionCount && 1 }, events, entry, at)
      )
        later = at
    }
    if (later === entry) return entry
    entry = later
    if (second !== undefined) return entry
  }
}

/** The attempts of one person that begin in a range, one after the other: the next begins when the last one has ended. */
export function* attemptsIn(rules: FunnelRules, events: FunnelEvents, range: EntryRange): Generator<Attempt> {
  const { times } = events
  for (let at = firstFrom(times, range.fromMs); at < times.length && timeOf(events, at) < range.toMs; ) {
    if (!isEntry(rules, events, at)) {
      at += 1
      continue
    }
    const entry = rules.isOptimized ? nearestEntry(rules, events, at, range) : at
    const attempt = attemptFrom(rules, events, entry)
    yield attempt
    at = Math.max(attempt.next, at + 1)
  }
}

/** One attempt for each session that has an entry in the range. */
export function* attemptsBySession(rules: FunnelRules, events: FunnelEvents, range: EntryRange): Generator<Attempt> {
  const { times, sessions = [] } = events
  const seen = new Set<number>()
  for (let at = firstFrom(times, range.fromMs); at < times.length && timeOf(events, at) < range.toMs; at += 1) {
    const session = sessions[at] as number
    if (seen.has(session) || !isEntry(rules, events, at)) continue
    seen.add(session)
    yield attemptFrom(rules, events, rules.isOptimized ? nearestEntry(rules, events, at, range) : at)
  }
}

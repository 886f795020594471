import { readNumberOf } from './accessors.ts'
import { percentilesOf } from './percentiles.ts'
import { fail, type Item, isRecord } from './values.ts'

/** Turns many items into one value. A state is handed from call to call and is nobody else's. */
export interface Reducer<State = unknown> {
  start(): State
  add(state: State, item: Item): State
  result(state: State): unknown
  /** Works off what was only put aside. */
  settle?(state: State): State
}

const builtIns = new WeakSet<object>()
const factories = new WeakSet<object>()

export const isBuiltIn = (value: unknown): value is Reducer =>
  typeof value === 'object' && value !== null && builtIns.has(value)
/** `mixpanel.reducer.count` where `mixpanel.reducer.count()` was meant. */
export const isFactory = (value: unknown): boolean => typeof value === 'function' && factories.has(value)

const builtIn = <State>(reducer: Reducer<State>): object => {
  builtIns.add(Object.freeze(reducer))
  return reducer
}

interface Sums {
  count: number
  sum: number
  squares: number
}

const sums = <Result>(name: string, accessor: unknown, result: (sums: Sums) => Result): object => {
  const read = readNumberOf(accessor, `mixpanel.reducer.${name}`)
  return builtIn<Sums>({
    start: () => ({ count: 0, sum: 0, squares: 0 }),
    add: (state, item) => {
      const value = read(item)
      if (value === undefined) return state
      state.count += 1
      state.sum += value
      state.squares += value * value
      return state
    },
    result,
  })
}

const summaryOf = ({ count, sum, squares }: Sums): object => {
  const avg = count === 0 ? null : sum / count
  const variance = avg === null ? null : Math.max(0, squares / count - avg * avg)
  return { count, sum, sum_squares: squares, avg, stddev: variance === null ? null : Math.sqrt(variance) }
}

type Better = (a: number, b: number) => boolean
const less: Better = (a, b) => a < b
const greater: Better = (a, b) => a > b

const extreme = (name: string, accessor: unknown, isBetter: Better): object => {
  const read = readNumberOf(accessor, `mixpanel.reducer.${name}`)
  return builtIn<number | null>({
    start: () => null,
    add: (state, item) => {
      const value = read(item)
      return value !== undefined && (state === null || isBetter(value, state)) ? value : state
    },
    result: (state) => state,
  })
}

interface Best {
  readonly value: number
  readonly item: Item
}

const extremeBy = (name: string, accessor: unknown, isBetter: Better): object => {
  const read = readNumberOf(accessor, `mixpanel.reducer.${name}`)
  return builtIn<Best | null>({
    start: () => null,
    add: (state, item) => {
      const value = read(item)
      return value !== undefined && (state === null || isBetter(value, state.value)) ? { value, item } : state
    },
    result: (state) => state?.item ?? null,
  })
}

/** The best so far, best first; the earlier one of equals stays ahead. */
const top = (limit: unknown): object => {
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) {
    return fail('mixpanel.reducer.top: expected how many, a whole number from 1')
  }
  const read = readNumberOf('value', 'mixpanel.reducer.top')
  return builtIn<Best[]>({
    start: () => [],
    add: (best, item) => {
      const value = read(item)
      if (value === undefined) return best
      const last = best[limit - 1]
      if (last !== undefined && last.value >= value) return best
      const place = best.findIndex((other) => other.value < value)
      best.splice(place < 0 ? best.length : place, 0, { value, item })
      if (best.length > limit) best.pop()
      return best
    },
    result: (best) => best.map(({ item }) => item),
  })
}

/** Objects become one: numbers at the leaves are added up, of anything else the last one stays. */
const merged = (a: unknown, b: unknown): unknown => {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (!isRecord(a) || !isRecord(b)) return b
  const all = new Map(Object.entries(a))
  for (const [name, value] of Object.entries(b)) {
    all.set(name, all.has(name) ? merged(all.get(name), value) : value)
  }
  return Object.fromEntries(all)
}

const percentiles = (accessor: unknown, wanted: unknown): object => {
  const read = readNumberOf(accessor, 'mixpanel.reducer.numeric_percentiles')
  const result = percentilesOf(wanted)
  return builtIn<number[]>({
    start: () => [],
    add: (values, item) => {
      const value = read(item)
      if (value !== undefined) values.push(value)
      return values
    },
    result,
  })
}

/** mixpanel.reducer.… (jql §2.3). Sampling is not done here, so `account_for_sampling` changes nothing. */
export const reducers = {
  count: () => builtIn<number>({ start: () => 0, add: (count) => count + 1, result: (count) => count }),
  sum: (accessor?: unknown) => sums('sum', accessor, ({ sum }) => sum),
  avg: (accessor?: unknown) => sums('avg', accessor, ({ count, sum }) => (count === 0 ? null : sum / count)),
  numeric_summary: (accessor?: unknown) => sums('numeric_summary', accessor, summaryOf),
  numeric_percentiles: percentiles,
  min: (accessor?: unknown) => extreme('min', accessor, less),
  max: (accessor?: unknown) => extreme('max', accessor, greater),
  min_by: (accessor?: unknown) => extremeBy('min_by', accessor, less),
  max_by: (accessor?: unknown) => extremeBy('max_by', accessor, greater),
  top,
  object_merge: () =>
    builtIn<unknown>({
      start: () => undefined,
      add: (all, item) => (all === undefined ? item : merged(all, item)),
      result: (all) => all ?? null,
    }),
  any: () =>
    builtIn<unknown>({
      start: () => undefined,
      add: (found, item) => (found === undefined ? item : found),
      result: (found) => found ?? null,
    }),
  null: () => builtIn<null>({ start: () => null, add: () => null, result: () => null }),
}
for (const factory of Object.values(reducers)) factories.add(factory)

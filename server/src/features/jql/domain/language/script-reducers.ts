import { isBuiltIn, isFactory, type Reducer } from './reducers.ts'
import { fail, type Item, throughJson } from './values.ts'

// Items are put aside and handed to a function of the script in lists, as it expects them.
const itemsPerCall = 1_000

/** (accumulators, items) → accumulator, of reduce and groupBy. */
type Combine = (accumulators: unknown[], items: Item[]) => unknown
/** (state, events) → state, of groupByUser. */
type Step = (state: unknown, items: Item[]) => unknown

interface Pending {
  readonly done: readonly unknown[]
  readonly items: Item[]
}

const combining = (combine: Combine): Reducer<Pending> => {
  const settle = ({ done, items }: Pending): Pending =>
    items.length === 0 ? { done, items } : { done: [throughJson(combine([...done], items))], items: [] }
  return {
    start: () => ({ done: [], items: [] }),
    add: (state, item) => {
      state.items.push(item)
      return state.items.length < itemsPerCall ? state : settle(state)
    },
    settle,
    result: (state) => {
      const { done } = settle(state)
      return done.length === 0 ? throughJson(combine([], [])) : done[0]
    },
  }
}

const stepping = (step: Step): Reducer<Pending> => {
  const settle = ({ done, items }: Pending): Pending => {
    if (items.length === 0) return { done, items }
    const next = step(done[0], items)
    // The first call sees undefined, and so does the next one when nothing was returned.
    return { done: next === undefined ? [] : [throughJson(next)], items: [] }
  }
  return {
    start: () => ({ done: [], items: [] }),
    add: (state, item) => {
      state.items.push(item)
      return state.items.length < itemsPerCall ? state : settle(state)
    },
    settle,
    result: (state) => settle(state).done[0] ?? null,
  }
}

/** Several reducers at once; the value is the list of theirs. */
const together = (reducers: readonly Reducer[]): Reducer<unknown[]> => ({
  start: () => reducers.map((reducer) => reducer.start()),
  add: (states, item) => {
    for (let index = 0; index < reducers.length; index += 1) {
      states[index] = (reducers[index] as Reducer).add(states[index], item)
    }
    return states
  },
  settle: (states) => reducers.map((reducer, index) => reducer.settle?.(states[index]) ?? states[index]),
  result: (states) => reducers.map((reducer, index) => reducer.result(states[index])),
})

/** Reads the reducer of a transformation: a built-in, a function of the script, or a list of them. */
export const reducerOf = (spec: unknown, where: 'reduce' | 'groupBy' | 'groupByUser'): Reducer => {
  if (Array.isArray(spec)) return together(spec.map((one) => reducerOf(one, where))) as Reducer
  if (isBuiltIn(spec)) return spec
  if (isFactory(spec)) return fail(`${where}: call the built-in reducer, as in mixpanel.reducer.count()`)
  if (typeof spec !== 'function') return fail(`${where}: expected a reducer: a function, mixpanel.reducer.… or a list`)
  return (where === 'groupByUser' ? stepping(spec as Step) : combining(spec as Combine)) as Reducer
}

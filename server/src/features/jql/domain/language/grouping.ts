import type { KeysOf } from './keys.ts'
import type { Reducer } from './reducers.ts'
import type { Sink, Stage } from './stages.ts'
import { type Item, isRecord, type Scalar } from './values.ts'

interface Group {
  readonly key: readonly Scalar[]
  state: unknown
}

// Items that groups may have put aside together before all of them are worked off.
const pendingCountMax = 20_000

/** The groups of a stage, in the order of their first items. */
const createGroups = (reducer: Reducer, prefix: readonly Scalar[]) => {
  const groups = new Map<string, Group>()
  let pendingCount = 0

  const settleAll = (): void => {
    pendingCount = 0
    if (reducer.settle === undefined) return
    for (const group of groups.values()) group.state = reducer.settle(group.state)
  }

  return {
    add(key: readonly Scalar[], item: Item): void {
      const text = JSON.stringify(key)
      let group = groups.get(text)
      if (group === undefined) {
        group = { key: [...prefix, ...key], state: reducer.start() }
        groups.set(text, group)
      }
      group.state = reducer.add(group.state, item)
      pendingCount += 1
      if (pendingCount >= pendingCountMax) settleAll()
    },
    /** Hands over what became of each group, and forgets it. */
    drainInto(next: Sink): void {
      for (const [text, { key, state }] of groups) {
        groups.delete(text)
        next.push({ key, value: reducer.result(state) })
      }
    },
  }
}

export const groupBy =
  (keysOf: KeysOf, reducer: Reducer): Stage =>
  (next) => {
    const groups = createGroups(reducer, [])
    return {
      push: (item) => {
        for (const key of keysOf(item)) groups.add(key, item)
      },
      end: () => {
        groups.drainInto(next)
        next.end()
      },
    }
  }

const distinctIdOf = (item: Item): string | undefined => {
  const id = isRecord(item) ? item['distinct_id'] : undefined
  return typeof id === 'string' && id !== '' ? id : undefined
}

/**
 * Items come person by person, each person's in the order of time (the source is asked for that), so only one person
 * is held at a time. Events without a distinct_id belong to nobody.
 */
export const groupByUser =
  (keysOf: KeysOf, reducer: Reducer): Stage =>
  (next) => {
    let person: string | undefined
    let groups = createGroups(reducer, [])
    return {
      push: (item) => {
        const id = distinctIdOf(item)
        if (id === undefined) return
        if (id !== person) {
          groups.drainInto(next)
          person = id
          groups = createGroups(reducer, [id])
        }
        for (const key of keysOf(item)) groups.add(key, item)
      },
      end: () => {
        groups.drainInto(next)
        next.end()
      },
    }
  }

import { kindOf, type Read } from './accessors.ts'
import type { Reducer } from './reducers.ts'
import { compareScalars, fail, type Item, isRecord, isScalar, type Scalar, throughJson } from './values.ts'

/** Where items go. Nothing is pushed after `end`. */
export interface Sink {
  push(item: Item): void
  end(): void
}

/** A transformation, given what follows it. Items flow through; only what has to see all of them holds any. */
export type Stage = (next: Sink) => Sink

export const filter =
  (keeps: (item: Item) => unknown): Stage =>
  (next) => ({
    push: (item) => {
      if (keeps(item)) next.push(item)
    },
    end: () => next.end(),
  })

export const map =
  (change: (item: Item) => unknown): Stage =>
  (next) => ({ push: (item) => next.push(throughJson(change(item))), end: () => next.end() })

export const flatten = (): Stage => (next) => ({
  push: (item) => {
    if (!Array.isArray(item)) next.push(item)
    else for (const element of item) next.push(element)
  },
  end: () => next.end(),
})

/** One element, also of an empty collection. */
export const reduce =
  (reducer: Reducer): Stage =>
  (next) => {
    let state = reducer.start()
    return {
      push: (item) => {
        state = reducer.add(state, item)
      },
      end: () => {
        next.push(reducer.result(state))
        next.end()
      },
    }
  }

const sortKeyOf = (value: unknown): Scalar => {
  if (value === undefined) return null
  return isScalar(value)
    ? value
    : fail(`a sort key must be a string, a number, a boolean or null, not ${kindOf(value)}`)
}

/** Holds the whole collection. Equal ones stay in their order. */
export const sort =
  (read: Read, direction: 1 | -1): Stage =>
  (next) => {
    const rows: { readonly key: Scalar; readonly item: Item }[] = []
    return {
      push: (item) => {
        rows.push({ key: sortKeyOf(read(item)), item })
      },
      end: () => {
        rows.sort((a, b) => direction * compareScalars(a.key, b.key))
        for (const { item } of rows) next.push(item)
        next.end()
      },
    }
  }

const isLimit = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0

/**
 * applyGroupLimits([n0, n1, …], global): of every group of keys that begin alike, the first n different next
 * components; of all, the first `global` rows. The order of the collection says what is first.
 */
export const applyGroupLimits = (limits: unknown, globalLimit: unknown): Stage => {
  if (!Array.isArray(limits) || !limits.every(isLimit)) {
    return fail('applyGroupLimits: expected a list of whole numbers, one for each part of the key')
  }
  if (globalLimit !== undefined && !isLimit(globalLimit)) {
    return fail('applyGroupLimits: expected a whole number as the limit of all rows')
  }
  return (next) => {
    const seen = new Map<string, Set<string>>()
    let left = globalLimit ?? Number.POSITIVE_INFINITY
    return {
      push: (item) => {
        const key = isRecord(item) ? item['key'] : undefined
        if (!Array.isArray(key)) return fail('applyGroupLimits: expected the {key, value} rows of groupBy')
        if (left <= 0 || !isWithin(limits, key, seen)) return
        left -= 1
        next.push(item)
      },
      end: () => next.end(),
    }
  }
}

const isWithin = (limits: readonly number[], key: readonly unknown[], seen: Map<string, Set<string>>): boolean => {
  const fresh: (readonly [string, string])[] = []
  for (const [depth, limit] of limits.entries()) {
    if (depth >= key.length) break
    const group = JSON.stringify(key.slice(0, depth))
    const part = JSON.stringify(key[depth] ?? null)
    const known = seen.get(group)
    if (known?.has(part)) continue
    if ((known?.size ?? 0) >= limit) return false
    fresh.push([group, part])
  }
  // Only a row that is kept uses up a place.
  for (const [group, part] of fresh) seen.set(group, (seen.get(group) ?? new Set()).add(part))
  return true
}

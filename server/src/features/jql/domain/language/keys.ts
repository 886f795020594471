import { kindOf, type Read, readOf } from './accessors.ts'
import { fail, type Item, isScalar, type Scalar } from './values.ts'

/** Every group an item belongs to: one, or several with mixpanel.multiple_keys, or none. */
export type KeysOf = (item: Item) => readonly (readonly Scalar[])[]

interface Part {
  readonly read: Read
  /** A group of its own for each element of a list. */
  readonly explodes: boolean
}

const exploding = new WeakMap<object, readonly Part[]>()

const partsOf = (spec: unknown, where: string): readonly Part[] => {
  if (Array.isArray(spec)) return spec.flatMap((one) => partsOf(one, where))
  const several = typeof spec === 'object' && spec !== null ? exploding.get(spec) : undefined
  return several ?? [{ read: readOf(spec, where), explodes: false }]
}

/** mixpanel.multiple_keys([…]): marks keys whose lists make several groups. */
export const multipleKeys = (spec: unknown): object => {
  const mark = Object.freeze({})
  exploding.set(
    mark,
    partsOf(spec, 'mixpanel.multiple_keys').map(({ read }) => ({ read, explodes: true })),
  )
  return mark
}

const scalarOf = (value: unknown): Scalar => {
  if (value === undefined) return null
  if (typeof value === 'number' && !Number.isFinite(value)) return null
  if (isScalar(value)) return value
  if (value instanceof Date) return value.toJSON()
  return fail(`a group key can only hold strings, numbers, booleans and nulls, not ${kindOf(value)}`)
}

/** What one part adds to the keys so far. A list is put in as it stands, or makes a key for each element. */
const choicesOf = ({ read, explodes }: Part, item: Item): readonly (readonly Scalar[])[] => {
  const value = read(item)
  if (!Array.isArray(value)) return [[scalarOf(value)]]
  return explodes ? value.map((element) => [scalarOf(element)]) : [value.map(scalarOf)]
}

const severalKeys = (parts: readonly Part[], item: Item): readonly (readonly Scalar[])[] => {
  let keys: readonly (readonly Scalar[])[] = [[]]
  for (const part of parts) {
    const choices = choicesOf(part, item)
    keys = keys.flatMap((key) => choices.map((choice) => [...key, ...choice]))
  }
  return keys
}

const oneKey = (parts: readonly Part[], item: Item): readonly Scalar[] => {
  const key: Scalar[] = []
  for (const { read } of parts) {
    const value = read(item)
    if (!Array.isArray(value)) key.push(scalarOf(value))
    else for (const element of value) key.push(scalarOf(element))
  }
  return key
}

/** Reads the first argument of groupBy: paths and functions, in a list or alone. */
export const keysOf = (spec: unknown, where: string): KeysOf => {
  const parts = partsOf(spec, where)
  const isOne = parts.every(({ explodes }) => !explodes)
  return isOne ? (item) => [oneKey(parts, item)] : (item) => severalKeys(parts, item)
}

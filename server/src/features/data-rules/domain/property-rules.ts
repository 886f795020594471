import { isJsonObject, isNumberLike, type JsonValue } from '../../../kernel/json.ts'
import type { PropertyRule } from './data-rules.ts'
import { storedName } from './names.ts'

type Properties = { readonly [name: string]: JsonValue }
export type HashText = (text: string) => string

/** What becomes of one value; undefined: it is gone. */
type Change = (value: JsonValue) => JsonValue | undefined

/** The rules of one kind of record, by the name of the property. */
export type Changes = ReadonlyMap<string, Change>

export const changesOf = (rules: readonly PropertyRule[], hash: HashText): Changes => {
  const changes = new Map<string, Change>()
  for (const rule of rules) {
    const before = changes.get(rule.name)
    const change = changeOf(rule, hash)
    changes.set(rule.name, before === undefined ? change : both(before, change))
  }
  return changes
}

const both =
  (first: Change, second: Change): Change =>
  (value) => {
    const between = first(value)
    return between === undefined ? undefined : second(between)
  }

/** `properties` as the rules leave them; the same object when no rule is about any of them. */
export const changed = (properties: Properties, changes: Changes): Properties => {
  if (changes.size === 0) return properties
  let left: Record<string, JsonValue> | null = null
  for (const name in properties) {
    const change = changes.get(storedName(name))
    if (change === undefined) continue
    left ??= Object.assign(Object.create(null) as Record<string, JsonValue>, properties)
    const value = change(properties[name] as JsonValue)
    if (value === undefined) delete left[name]
    else left[name] = value
  }
  return left ?? properties
}

const changeOf = (rule: PropertyRule, hash: HashText): Change => {
  switch (rule.do) {
    case 'drop':
      return () => undefined
    case 'hash':
      return (value) => hashed(value, hash)
    case 'truncate':
      return (value) => truncated(value, rule.length ?? 0, 0)
  }
}

/** Null says nothing and stays; of a list each element is hashed, so that adding one gives what adding all gives. */
const hashed = (value: JsonValue, hash: HashText): JsonValue | undefined => {
  if (value === null) return null
  if (Array.isArray(value)) return value.map((element) => hashedText(element, hash))
  return hashedText(value, hash)
}

const hashedText = (value: JsonValue, hash: HashText): string | null => {
  if (value === null) return null
  if (typeof value === 'string') return hash(value)
  // What is nested deeper than is stored has no text that could be kept.
  return isDeeper(value, depthMax) ? null : hash(JSON.stringify(value))
}

// Deeper than anything that is stored, far less than the stack holds.
const depthMax = 40

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)))

/** Texts, and numbers as the texts that they are: a telephone number is one whether or not it has quotes. */
const truncated = (value: JsonValue, length: number, depth: number): JsonValue => {
  if (typeof value === 'string') return firstCharacters(value, length)
  if (isNumberLike(value)) {
    const text = JSON.stringify(value)
    return text.length > length ? firstCharacters(text, length) : value
  }
  if (typeof value !== 'object' || value === null) return value
  if (depth >= depthMax) return null
  if (Array.isArray(value)) return value.map((element) => truncated(element, length, depth + 1))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, truncated(inner, length, depth + 1)]))
}

/** Whole characters, however many units or bytes they take; nothing is taken apart beyond what is kept. */
const firstCharacters = (text: string, length: number): string => {
  if (text.length <= length) return text
  let end = 0
  for (let kept = 0; kept < length && end < text.length; kept += 1) {
    end += (text.codePointAt(end) as number) > 0xffff ? 2 : 1
  }
  return text.slice(0, end)
}

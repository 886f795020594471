import type { JsonValue } from '../../../../kernel/json.ts'
import { asRead, isList, valueOfJson } from './values.ts'

const keyOf = (value: JsonValue | undefined): string => {
  if (value === undefined || value === null) return 'undefined'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/**
 * The keys under which a value is counted in a breakdown, from its JSON text: one per different element of a list,
 * `undefined` for what is missing, null or an empty list (expressions §6). `compile/expression-lists.ts` says the same in SQL.
 */
export const bucketKeys = (json: string): readonly string[] => {
  const value = valueOfJson(json)
  const keys = value !== undefined && isList(value) ? asRead(value).map(keyOf) : [keyOf(value)]
  return keys.length === 0 ? ['undefined'] : [...new Set(keys)]
}

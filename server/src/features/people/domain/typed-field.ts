import type { JsonValue } from '../../../kernel/json.ts'

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** The value of a CSV field; null: there is none. A number that a double would not give back stays a text. */
export const typedField = (text: string): JsonValue | null => {
  if (text === '') return null
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  return number.test(text) && String(Number(text)) === text ? Number(text) : text
}

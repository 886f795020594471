import { parseJson } from '../../../kernel/json.ts'

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const dateTime = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/**
 * ingestion §15: the type of a CSV field, as JSON text; null for an empty one, which means undefined. Numbers keep their
 * digits. Times become UTC, in the form that dates have in events. What only looks like one of these is a text.
 */
export const typedValue = (text: string): string | null => {
  if (text === '') return null
  if (number.test(text) && Number.isFinite(Number(text))) return text
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase()
  return JSON.stringify(utcTime(text) ?? textList(text) ?? text)
}

/** `YYYY-MM-DDTHH:MM:SS` in UTC, with milliseconds where there are some; null for what is no RFC 3339 time. */
const utcTime = (text: string): string | null => {
  const [, day = '', time = '', fraction = '', zone = ''] = dateTime.exec(text) ?? []
  // A day such as 2024-02-30 would roll over to March: it must come out as it went in.
  const midnight = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return null
  const ms = Date.parse(`${day}T${time}${fraction.slice(0, 4)}${zone.toUpperCase()}`)
  if (Number.isNaN(ms)) return null
  const iso = new Date(ms).toISOString().slice(0, -1)
  // An offset may lead out of the years of four digits.
  if (!/^\d/.test(iso)) return null
  return iso.endsWith('.000') ? iso.slice(0, -4) : iso
}

const textList = (text: string): readonly string[] | null => {
  if (!text.startsWith('[')) return null
  try {
    const list = parseJson(text)
    return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : null
  } catch {
    // It only begins like a list.
    return null
  }
}

/** A join key must say something: blank texts, zero, false and the empty list do not (ingestion §15). */
export const isFalsyKey = (text: string): boolean => {
  const typed = typedValue(text.trim())
  // A text is in quotes here, and so no number.
  return typed === null || typed === 'false' || typed === '[]' || Number(typed) === 0
}

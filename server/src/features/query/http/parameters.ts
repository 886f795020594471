import type { Received } from '../../../http/route.ts'
import { InvalidRequest } from '../../../kernel/errors.ts'
import { type DayRange, rangeDays } from '../domain/time/days.ts'

/** Parameters by name, as texts: those of the query, the form or the JSON body alike. Unknown ones are nobody's business. */
export type Params = Readonly<Record<string, string>>

/** The body wins over the query. Values of a JSON body that are no texts become their JSON text. */
export const parametersOf = ({ query, body }: Pick<Received, 'query' | 'body'>): Params => {
  const inBody = body.length === 0 ? {} : isJson(body) ? jsonFields(body) : formFieldsOf(body)
  return Object.assign(Object.create(null), query, inBody)
}

// Clients send JSON under any Content-Type, and no form begins like this.
const isJson = (body: Buffer): boolean => /^\s*[[{]/.test(body.toString('utf8', 0, 64))

const formFieldsOf = (body: Buffer): Params => Object.fromEntries(new URLSearchParams(body.toString('utf8')))

const jsonFields = (body: Buffer): Params => {
  const fields = parseObject(body.toString('utf8'))
  const isSent = ([, value]: [string, unknown]) => value !== null && value !== undefined
  return Object.fromEntries(
    Object.entries(fields)
      .filter(isSent)
      .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
}

const parseObject = (text: string): object => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Told below: the parser's own text would quote the body.
  }
  throw new InvalidRequest('the body must be a form or a JSON object of parameters')
}

/** The text of a parameter; undefined when it was not sent or is empty. */
export const optionalText = (params: Params, name: string): string | undefined => {
  const text = params[name]
  return text === undefined || text === '' ? undefined : text
}

export const requiredText = (params: Params, name: string): string => {
  const text = optionalText(params, name)
  if (text === undefined) throw new InvalidRequest(`${name} is required`)
  return text
}

/** One of a few words; `fallback` null: it is required. */
export const oneOf = <Word extends string>(
  params: Params,
  name: string,
  words: readonly Word[],
  fallback: Word | null,
): Word => {
  const text = optionalText(params, name)
  if (text === undefined && fallback !== null) return fallback
  const found = words.find((word) => word === text)
  if (found !== undefined) return found
  throw new InvalidRequest(
    `${name} ${text === undefined ? 'is required' : 'is unknown'}; it is one of ${words.join(', ')}`,
  )
}

/** A whole number from `min` to `max`; undefined when it was not sent. */
export const wholeNumber = (params: Params, name: string, min: number, max: number): number | undefined => {
  const text = optionalText(params, name)
  if (text === undefined) return undefined
  const number = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(number >= min && number <= max)) {
    throw new InvalidRequest(`${name} must be a whole number from ${min} to ${max}`)
  }
  return number
}

const yes: ReadonlySet<string> = new Set(['1', 'true', 'yes'])
const no: ReadonlySet<string> = new Set(['0', 'false', 'no'])

export const yesOrNo = (params: Params, name: string, fallback: boolean): boolean => {
  const text = optionalText(params, name)?.toLowerCase()
  if (text === undefined) return fallback
  if (!yes.has(text) && !no.has(text)) throw new InvalidRequest(`${name} must be true or false`)
  return yes.has(text)
}

/** `from_date` and `to_date`, both inclusive, in the project's zone. */
export const dayRange = (params: Params): DayRange =>
  rangeDays(requiredDate(params, 'from_date'), requiredDate(params, 'to_date'))

const requiredDate = (params: Params, name: 'from_date' | 'to_date'): string => {
  const text = optionalText(params, name)
  if (text === undefined) throw new InvalidRequest(`${name} is required (YYYY-MM-DD)`)
  return text
}

/** A JSON array of texts; one bare text stands for an array of it. Null when it was not sent. */
export const textList = (params: Params, name: string): readonly string[] | null => {
  const text = optionalText(params, name)
  if (text === undefined) return null
  const trimmed = text.trim()
  if (!trimmed.startsWith('[')) return [bareText(trimmed)]
  const parsed = parseArray(trimmed)
  if (parsed === null || !parsed.every((item) => typeof item === 'string')) {
    throw new InvalidRequest(`${name} must be a JSON array of texts`)
  }
  return parsed as readonly string[]
}

/** One name; it may come as a JSON text or as an array of one. */
export const oneText = (params: Params, name: string): string => {
  const sent = requiredText(params, name)
  const list = sent.trim().startsWith('["') ? textList(params, name) : [bareText(sent)]
  if (list?.length !== 1 || list[0] === '') throw new InvalidRequest(`${name} must be one name`)
  return list[0] as string
}

const bareText = (text: string): string => {
  if (!/^".*"$/s.test(text)) return text
  try {
    return String(JSON.parse(text))
  } catch {
    return text
  }
}

const parseArray = (text: string): readonly unknown[] | null => {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

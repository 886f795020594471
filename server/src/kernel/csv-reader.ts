import { InvalidRequest } from './errors.ts'

/** One record of a CSV text. */
export interface CsvRecord {
  readonly fields: readonly string[]
  /** How its quotes break RFC 4180; null: not at all. With a fault the fields are only a guess. */
  readonly fault: string | null
}

export interface CsvReader {
  /** The records that end in this piece of the text. Must be read to the end before the next call. */
  push(text: string): Iterable<CsvRecord>
  /** The last record, when the text does not end with a line break. */
  end(): Iterable<CsvRecord>
}

/** As long as an event may be. Bounds what is held when a quote is never closed (invariant 9). */
export const recordCharsMax = 1_048_576

const bareQuote = 'bare " in non-quoted field'
const brokenQuote = 'extraneous or missing " in quoted-field'

/** `closed`: behind the quote that ends a quoted field, unless another quote follows. */
type State = 'start' | 'plain' | 'quoted' | 'closed' | 'closed-cr'

/**
 * Reads RFC 4180 in pieces, a record at a time. Lenient where clients are: lines may end in LF alone, empty lines are
 * skipped, and a record with stray quotes is reported and does not end the reading. Throws InvalidRequest for a record
 * of more than `charsMax` characters.
 */
export const createCsvReader = (charsMax = recordCharsMax): CsvReader => {
  let state: State = 'start'
  let fields: string[] = []
  let field = ''
  let fault: string | null = null
  let charCount = 0

  const count = (chars: number): void => {
    charCount += chars
    if (charCount > charsMax) throw new InvalidRequest(`a row is longer than ${charsMax} characters`)
  }
  const take = (text: string, next: State): void => {
    count(text.length)
    field += text
    state = next
  }
  const endField = (): void => {
    if (state === 'closed-cr') fault ??= brokenQuote
    count(1)
    fields.push(field)
    field = ''
    state = 'start'
  }
  /** Null for an empty line. */
  const endRecord = (): CsvRecord | null => {
    if (state === 'plain' && field.endsWith('\r')) field = field.slice(0, -1)
    const isEmptyLine = fields.length === 0 && field === '' && (state === 'start' || state === 'plain')
    const record = isEmptyLine ? null : { fields: [...fields, field], fault }
    fields = []
    field = ''
    fault = null
    charCount = 0
    state = 'start'
    return record
  }
  /** Text without comma, quote or line feed, outside of quotes. */
  const takePlain = (text: string): void => {
    if (state === 'closed' && text === '\r') {
      state = 'closed-cr'
      return
    }
    if (state === 'closed' || state === 'closed-cr') fault ??= brokenQuote
    take(state === 'closed-cr' ? `\r${text}` : text, 'plain')
  }
  const takeQuote = (): void => {
    if (state === 'start') state = 'quoted'
    else if (state === 'closed') take('"', 'quoted')
    else {
      fault ??= state === 'plain' ? bareQuote : brokenQuote
      take('"', 'plain')
    }
  }

  return {
    *push(text) {
      let at = 0
      while (at < text.length) {
        if (state === 'quoted') {
          const close = text.indexOf('"', at)
          take(text.slice(at, close < 0 ? text.length : close), close < 0 ? 'quoted' : 'closed')
          at = close < 0 ? text.length : close + 1
          continue
        }
        const end = endOfPlain(text, at)
        if (end > at) takePlain(text.slice(at, end))
        at = end + 1
        const sign = text[end]
        if (sign === ',') endField()
        else if (sign === '"') takeQuote()
        else if (sign === '\n') {
          const record = endRecord()
          if (record !== null) yield record
        }
      }
    },
    *end() {
      if (state === 'quoted') fault ??= brokenQuote
      const record = endRecord()
      if (record !== null) yield record
    },
  }
}

/** Where the next comma, quote or line feed stands, from `at` on; the length of the text when there is none. */
const endOfPlain = (text: string, at: number): number => {
  for (let end = at; end < text.length; end += 1) {
    const code = text.charCodeAt(end)
    if (code === 44 || code === 34 || code === 10) return end
  }
  return text.length
}

import { InvalidRequest } from '../../kernel/errors.ts'
import { optionalText, parseExpression, type QueryCall, textList, wholeNumber } from '../query/index.ts'

/** Everything older than `seenCount` rows of this instant. */
export interface Cursor {
  readonly timeMs: number
  readonly seenCount: number
}

export interface FeedRequest {
  /** Names; null: every event. */
  readonly events: readonly string[] | null
  readonly where: ReturnType<typeof parseExpression> | null
  /** Any id of a person. */
  readonly distinctId: string | null
  readonly before: Cursor | null
  /** Rows; with several names, rows of each. */
  readonly limit: number
}

// people §1: 100 latest samples per event.
const limitDefault = 100
const limitMax = 1_000
const nameCountMax = 20
const rowCountMax = 2_000
const madeByReports: ReadonlySet<string> = new Set(['$session_start', '$session_end'])

/** Parameters of the feed: `event`, `where`, `distinct_id`, `before`, `limit`. Throws InvalidRequest. */
export const feedRequest = (params: QueryCall['params']): FeedRequest => {
  const events = textList(params, 'event')
  const names = events === null || events.length === 0 ? null : [...new Set(events)]
  if (names !== null && names.length > nameCountMax) throw new InvalidRequest(`at most ${nameCountMax} events`)
  if (names?.some((name) => madeByReports.has(name)) === true) {
    throw new InvalidRequest('events of sessions are made by reports; the feed shows what was sent')
  }
  const where = optionalText(params, 'where')
  const limit = wholeNumber(params, 'limit', 1, limitMax) ?? limitDefault
  if (names !== null && names.length > 1 && names.length * limit > rowCountMax) {
    throw new InvalidRequest(`at most ${rowCountMax} rows: ask for fewer events, or for fewer rows of each`)
  }
  return {
    events: names,
    where: where === undefined ? null : parseExpression(where),
    distinctId: optionalText(params, 'distinct_id') ?? null,
    before: cursorIn(optionalText(params, 'before')),
    limit,
  }
}

const cursorIn = (text: string | undefined): Cursor | null => {
  if (text === undefined) return null
  const [, time, count] = /^(\d{1,15}):(\d{1,6})$/.exec(text) ?? []
  if (time === undefined) throw new InvalidRequest('before must be the value of older of another answer')
  return { timeMs: Number(time), seenCount: Number(count) }
}

export const cursorAfter = ({ timeMs, seenCount }: Cursor): string => `${timeMs}:${seenCount}`

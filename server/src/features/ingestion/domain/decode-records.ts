import { type JsonValue, parseJson } from '../../../kernel/json.ts'
import { formFields } from './form-fields.ts'
import { utf8Text } from './utf8-text.ts'

export interface SentBody {
  readonly contentType: string | undefined
  /** Already inflated when a Content-Encoding was announced. */
  readonly body: Buffer
  readonly query: Readonly<Record<string, string>>
}

/** How the records came, which also decides how /import answers (ingestion §2, §6). */
export type BodyForm = 'json' | 'ndjson' | 'form'

/** One record as sent; undefined: a line of NDJSON that is no JSON. */
export type SentRecord = JsonValue | undefined

export interface DecodedBody {
  readonly form: BodyForm
  /** Query and form fields in one namespace; the body wins. */
  readonly params: ReadonlyMap<string, string>
  /** Null: the whole body cannot be read. */
  readonly records: readonly SentRecord[] | null
}

/** Inflates gzip inside base64, within the route's bound. Throws BodyTooLarge beyond it; null when it is no gzip. */
export type Gunzip = (bytes: Buffer) => Buffer | null

/** Records of one request (ingestion §5, §6). */
export const recordCountMax = 2_000

/** ING-01, ING-02, ING-08: bytes → records, in every form that clients send (ingestion §2). Throws BodyTooLarge only. */
export const decodeRecords = (sent: SentBody, gunzip: Gunzip): DecodedBody => {
  const mediaType = (sent.contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const first = firstByte(sent.body)
  const params = new Map(Object.entries(sent.query))
  if (mediaType === 'application/x-ndjson' && first !== bracket) {
    return { form: 'ndjson', params, records: lineRecords(sent.body) }
  }
  if (mediaType === 'application/json' || first === bracket || first === brace) {
    const records = jsonRecords(utf8Text(sent.body))
    // NDJSON without its media type, as curl sends a file.
    const isLines = records === null && first === brace && mediaType !== 'application/json'
    return isLines ? { form: 'ndjson', params, records: lineRecords(sent.body) } : { form: 'json', params, records }
  }
  return decodeForm(sent.body, params, gunzip)
}

const decodeForm = (body: Buffer, params: Map<string, string>, gunzip: Gunzip): DecodedBody => {
  const fields = formFields(body)
  const queryData = params.get('data')
  params.delete('data')
  for (const [name, value] of fields) if (name !== 'data') params.set(name, value.toString('utf8'))
  const data = fields.get('data') ?? (queryData === undefined ? null : Buffer.from(queryData))
  return { form: 'form', params, records: data === null ? null : dataRecords(data, gunzip) }
}

const bracket = 0x5b
const brace = 0x7b
const newline = 0x0a

/** First byte that is no white space and no byte order mark; undefined when there is none. */
const firstByte = (bytes: Buffer): number | undefined => {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  return bytes.subarray(start).find((byte) => byte > 0x20)
}

/** `data=`: JSON, or base64 of it in either alphabet, with lost padding, line breaks, and spaces that were `+`. */
const dataRecords = (data: Buffer, gunzip: Gunzip): readonly SentRecord[] | null => {
  const first = firstByte(data)
  if (first === bracket || first === brace) return jsonRecords(utf8Text(data))
  const bytes = Buffer.from(data.toString('latin1').replaceAll(' ', '+'), 'base64')
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  const plain = isGzip ? gunzip(bytes) : bytes
  return plain === null ? null : jsonRecords(utf8Text(plain))
}

const jsonRecords = (text: string): readonly SentRecord[] | null => {
  const value = jsonOrUndefined(text)
  if (Array.isArray(value)) return value as readonly JsonValue[]
  return typeof value === 'object' && value !== null ? [value] : null
}

const jsonOrUndefined = (text: string): JsonValue | undefined => {
  try {
    return parseJson(text)
  } catch {
    // No JSON, or nested deeper than the parser goes: both are the sender's fault.
    return undefined
  }
}

/** ING-08: one bad line is one failed record; blank lines are none. Reads one more than the maximum, then stops. */
const lineRecords = (body: Buffer): readonly SentRecord[] => {
  const records: SentRecord[] = []
  for (let start = 0; start < body.length && records.length <= recordCountMax; ) {
    const stop = body.indexOf(newline, start)
    const end = stop === -1 ? body.length : stop
    const line = body.subarray(start, end)
    if (firstByte(line) !== undefined) records.push(jsonOrUndefined(utf8Text(line)))
    start = end + 1
  }
  return records
}

import { jsonReply, type Reply } from '../../http/route.ts'

export interface IngestResult {
  /** True when at least one record is valid (ingestion §4). */
  readonly isValid: boolean
  /** What was wrong with the first bad record; null when nothing was. */
  readonly error: string | null
}

type Params = ReadonlyMap<string, string>

// A transparent GIF of one pixel.
const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const callbackName = /^[A-Za-z_$][\w$.]{0,127}$/

/** ING-01…04: the dialects of `/track` and `/engage`, `img` before `callback` before `verbose` (ingestion §3). */
export const ingestReply = (params: Params, { isValid, error }: IngestResult): Reply => {
  if (params.get('img') === '1') {
    return { status: 200, headers: { 'Content-Type': 'image/gif', 'Cache-Control': 'no-store' }, body: pixel }
  }
  const status = isValid ? 1 : 0
  // A truthy `error` in a good answer makes one client fail its whole batch.
  const verboseBody = { status, error: isValid ? null : (error ?? 'the data could not be read') }
  const callback = params.get('callback') ?? ''
  if (callbackName.test(callback)) {
    const argument = isVerbose(params) ? JSON.stringify(verboseBody) : String(status)
    const headers = { 'Content-Type': 'text/javascript; charset=utf-8', 'X-Content-Type-Options': 'nosniff' }
    return { status: 200, headers, body: `${callback}(${argument});` }
  }
  // Clients compare with `1`: no line break may follow.
  return isVerbose(params) ? jsonReply(200, verboseBody) : { status: 200, body: String(status) }
}

/** ING-04: where `redirect` leads to, when its origin is one of those allowed; null: it is not asked for, or not followed. */
export const redirectReply = (params: Params, allowedOrigins: ReadonlySet<string>): Reply | null => {
  const target = params.get('redirect') ?? ''
  if (target === '' || allowedOrigins.size === 0 || !URL.canParse(target)) return null
  const url = new URL(target)
  if (!allowedOrigins.has(url.origin)) return null
  return { status: 302, headers: { Location: url.href, 'Cache-Control': 'no-store' }, body: null }
}

const isVerbose = (params: Params): boolean => !['', '0'].includes(params.get('verbose') ?? '')

export interface FailedRecord {
  /** Position in the batch as sent. */
  readonly index: number
  /** As sent; absent for profiles. */
  readonly insertId?: string
  readonly field: string
  readonly message: string
}

/** ING-09: some records failed, the others are stored. Clients read either spelling of the insert id. */
export const failedRecordsReply = (failed: readonly FailedRecord[], importedCount: number): Reply =>
  jsonReply(400, {
    code: 400,
    error: 'some data points in the request failed validation',
    failed_records: failed.map(({ index, insertId, field, message }) =>
      insertId === undefined
        ? { index, field, message }
        : { index, insert_id: insertId, $insert_id: insertId, field, message },
    ),
    num_records_imported: importedCount,
    status: 'Bad Request',
  })

export const importedReply = (importedCount: number): Reply =>
  jsonReply(200, { code: 200, num_records_imported: importedCount, status: 'OK' })

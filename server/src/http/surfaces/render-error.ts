import { STATUS_CODES } from 'node:http'
import { AppError } from '../../kernel/errors.ts'
import type { Reply, SurfaceName } from '../route.ts'

const hiddenText = 'internal error; the request id is in the X-Request-Id header'

/** HTTP's own name of a status, as /import spells it ("Request Entity Too Large" for 413). */
const statusText = (status: number): string =>
  status === 413 ? 'Request Entity Too Large' : (STATUS_CODES[status] ?? 'Error')

/** What is not an AppError is our fault and says nothing to the caller. */
export const asAppError = (error: unknown): AppError =>
  error instanceof AppError
    ? error
    : new AppError('INTERNAL', 'unexpected error', { status: 500, expose: false, cause: error })

type Body = (error: AppError, text: string, url: string) => object

const importBody: Body = (error, text) => ({
  code: error.status,
  error: text,
  ...(error.status === 400 ? { failed_records: [], num_records_imported: 0 } : {}),
  status: statusText(error.status),
})

const plainBody: Body = (_error, text) => ({ error: text, status: 'error' })

// ingestion §4: 401 and 403 in the plain shape, a wrong region with status 0, everything else as /import.
const ingestBody: Body = (error, text, url) => {
  if (error.code === 'WRONG_REGION') return { error: text, status: 0 }
  return error.status === 401 || error.status === 403 ? plainBody(error, text, url) : importBody(error, text, url)
}

// query §1: too many calls of the Query API are told in two fields; raw export and everything else say what was asked.
const queryBody: Body = (error, text, url) =>
  error.code === 'RATE_LIMITED' && !isExport.test(url)
    ? plainBody(error, text, url)
    : { error: text, status: 'error', request: url }
const isExport = /^\/api\/2\.0\/export\b/

// RFC 7644 §3.12.
const scimBody: Body = (error, text) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
  status: String(error.status),
  ...(error.code === 'CONFLICT' ? { scimType: 'uniqueness' } : {}),
  detail: text,
})

const bodies: Record<SurfaceName, Body> = {
  ingest: ingestBody,
  import: importBody,
  query: queryBody,
  app: plainBody,
  scim: scimBody,
  system: plainBody,
}

const mediaType: Partial<Record<SurfaceName, Readonly<Record<string, string>>>> = {
  scim: { 'Content-Type': 'application/scim+json; charset=utf-8' },
}

/** One renderer per surface; the same error looks as that family of the public API says. */
export const renderError = (surface: SurfaceName, error: AppError, url: string): Reply => {
  const text = error.expose ? error.message : hiddenText
  const retryAfter = error.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(error.retryAfterSeconds) }
  return {
    status: error.status,
    headers: { ...mediaType[surface], ...error.responseHeaders, ...retryAfter },
    body: bodies[surface](error, text, url),
  }
}

import type { Writable } from 'node:stream'
import pino from 'pino'

/** All that a log line may carry besides its fixed text (ARCHITECTURE, invariant 10). None of it comes from a body. */
const allowedFields = [
  'requestId',
  'regionId',
  'projectId',
  'organizationId',
  'surface',
  'method',
  /** The pattern of the route, never the path or query that came in. */
  'route',
  'status',
  'code',
  'errorName',
  'errorCode',
  'durationMs',
  'rowCount',
  'byteCount',
  'count',
  'reason',
  'taskId',
  'batchId',
  'holder',
  'table',
  'state',
  'store',
  'url',
  'folder',
  'pid',
] as const

export type LogFields = { readonly [Field in (typeof allowedFields)[number]]?: string | number | boolean }

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** `text` is a constant of the program: nothing is put together into it. */
export interface Log {
  debug(text: string, fields?: LogFields): void
  info(text: string, fields?: LogFields): void
  warn(text: string, fields?: LogFields): void
  error(text: string, fields?: LogFields): void
}

// Types do not bind callers who spread objects: the list does.
const onlyAllowed = (fields: LogFields): LogFields =>
  Object.fromEntries(allowedFields.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]))

/** What may be logged of an error: its kind. Messages and causes can hold rows. */
export const errorFields = (error: unknown): LogFields => {
  if (!(error instanceof Error)) return { errorName: typeof error }
  const { code } = error as { readonly code?: unknown }
  return { errorName: error.name, ...(typeof code === 'string' && /^\w{1,64}$/.test(code) ? { errorCode: code } : {}) }
}

/** JSON lines with UTC times, to stderr unless told otherwise. */
export const createLog = (options: { readonly level: LogLevel; readonly destination?: Writable }): Log => {
  const sink = options.destination ?? pino.destination({ dest: 2, sync: true })
  const logger = pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, sink)
  const at =
    (level: Exclude<LogLevel, 'silent'>) =>
    (text: string, fields: LogFields = {}): void =>
      logger[level](onlyAllowed(fields), text)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

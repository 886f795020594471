import { ClickHouseError } from '@clickhouse/client'
import { AppError, EngineUnavailable } from '../../kernel/errors.ts'

// Errors that say "not now" rather than "not so". The statement was not acknowledged and may be sent again.
const unavailableTypes: ReadonlySet<string> = new Set([
  'TIMEOUT_EXCEEDED',
  'TOO_MANY_SIMULTANEOUS_QUERIES',
  'SOCKET_TIMEOUT',
  'NETWORK_ERROR',
  'ABORTED',
  'MEMORY_LIMIT_EXCEEDED',
  'NOT_ENOUGH_SPACE',
  'CANNOT_WRITE_TO_FILE_DESCRIPTOR',
  'CANNOT_FSYNC',
  'NO_ZOOKEEPER',
  'TABLE_IS_READ_ONLY',
  'TOO_MANY_PARTS',
  'ALL_CONNECTION_TRIES_FAILED',
  'TOO_FEW_LIVE_REPLICAS',
  'UNKNOWN_STATUS_OF_INSERT',
  'QUERY_WAS_CANCELLED',
  'QUERY_WAS_CANCELLED_BY_CLIENT',
  'SERVER_OVERLOADED',
  'KEEPER_EXCEPTION',
  // The port of an engine that has just ended can belong to another one.
  'AUTHENTICATION_FAILED',
])

const networkCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
])

const isNotNow = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  if (error instanceof ClickHouseError) {
    return unavailableTypes.has(error.type ?? '') || error.message.includes('No space left on device')
  }
  const { code } = error as { readonly code?: unknown }
  return (
    (typeof code === 'string' && networkCodes.has(code)) ||
    error.message === 'socket hang up' ||
    error.message === 'aborted' ||
    error.message.startsWith('Timeout error')
  )
}

/** What the rest of the program sees of a driver error. Its text can hold rows, so it stays in `cause`. */
export const toAppError = (error: unknown): AppError => {
  if (error instanceof AppError) return error
  if (isNotNow(error)) return new EngineUnavailable('the region engine does not answer', error)
  return new AppError('INTERNAL', 'the region engine refused a statement', {
    status: 500,
    expose: false,
    cause: error,
  })
}

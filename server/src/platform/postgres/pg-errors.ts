import { AppError, EngineUnavailable, InvalidRequest } from '../../kernel/errors.ts'

// Classes of SQLSTATE that say "not now": connection, resources, operator intervention (also the statement timeout),
// and what a second attempt can cure (deadlock, serialization, lock not available).
const unavailableStates = /^(08|53|57|40001|40P01|55P03|25P03)/
const uniqueViolation = '23505'
// Postgres takes no NUL in a text: what a caller asks for with one cannot be there.
const unstorableText: ReadonlySet<string> = new Set(['22021', '22P05'])

const networkCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

// The driver gives these no code.
const lostConnection =
  /^(Connection terminated|Client has encountered a connection error|timeout e|Query read timeout|Client was closed|Cannot use a pool after)/

const codeOf = (error: Error): string => {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' ? code : ''
}

/** What the rest of the program sees of a driver error. Its text can hold values, so it stays in `cause`. */
export const toAppError = (error: unknown): AppError => {
  if (error instanceof AppError) return error
  const code = error instanceof Error ? codeOf(error) : ''
  if (code === uniqueViolation) {
    return new AppError('CONFLICT', 'this already exists', { status: 409, cause: error })
  }
  if (unstorableText.has(code)) return new InvalidRequest('a text holds a character that cannot be looked up (NUL)')
  const isLost = error instanceof Error && (networkCodes.has(code) || lostConnection.test(error.message))
  if (isLost || unavailableStates.test(code)) {
    return new EngineUnavailable('the control store does not answer', error)
  }
  return new AppError('INTERNAL', 'the control store refused a statement', { status: 500, expose: false, cause: error })
}

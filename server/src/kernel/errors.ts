/** What a caller can be told when a request cannot be served. Each code has a page in docs/errors/. */
export type ErrorCode =
  | 'INVALID_REQUEST'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'WRONG_REGION'
  | 'MISDIRECTED_HOST'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'CONFLICT'
  | 'BODY_TOO_LARGE'
  | 'RATE_LIMITED'
  | 'ENGINE_UNAVAILABLE'
  | 'OVERLOADED'
  | 'INTERNAL'

export interface AppErrorOptions {
  readonly status: number
  /** Whether the message may be shown to the caller; when false the surface answers its fixed text. Default true. */
  readonly expose?: boolean
  readonly retryable?: boolean
  readonly retryAfterSeconds?: number
  /** Extra response headers, such as Allow. */
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** The one error type that leaves a feature or an adapter. A renderer per surface turns it into bytes. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly expose: boolean
  readonly retryable: boolean
  readonly retryAfterSeconds: number | undefined
  readonly responseHeaders: Readonly<Record<string, string>>

  constructor(code: ErrorCode, message: string, options: AppErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.status = options.status
    this.expose = options.expose ?? true
    this.retryable = options.retryable ?? false
    this.retryAfterSeconds = options.retryAfterSeconds
    this.responseHeaders = options.headers ?? {}
  }
}

export class InvalidRequest extends AppError {
  constructor(message: string) {
    super('INVALID_REQUEST', message, { status: 400 })
  }
}

export class Unauthenticated extends AppError {
  constructor(message: string) {
    super('UNAUTHENTICATED', message, { status: 401 })
  }
}

export class Forbidden extends AppError {
  constructor(message: string) {
    super('FORBIDDEN', message, { status: 403 })
  }
}

export class NotFound extends AppError {
  constructor(message: string) {
    super('NOT_FOUND', message, { status: 404 })
  }
}

/** RES-13, RES-14: the project lives in another region; the message names the host to use. */
export class WrongRegion extends AppError {
  constructor(projectRegion: string, rightHost: string) {
    super('WRONG_REGION', `this project's data lives in region ${projectRegion}; send this request to ${rightHost}`, {
      status: 403,
    })
  }
}

export class BodyTooLarge extends AppError {
  constructor(maxBytes: number) {
    super('BODY_TOO_LARGE', `request exceeds max limit of ${maxBytes} bytes`, { status: 413 })
  }
}

export class RateLimited extends AppError {
  constructor(message: string, retryAfterSeconds: number) {
    super('RATE_LIMITED', message, { status: 429, retryable: true, retryAfterSeconds })
  }
}

/** A store does not answer. Nothing of the request was acknowledged. */
export class EngineUnavailable extends AppError {
  constructor(message: string, cause?: unknown) {
    super('ENGINE_UNAVAILABLE', message, {
      status: 503,
      retryable: true,
      retryAfterSeconds: 1,
      cause,
    })
  }
}

/** A bounded queue is full. Nothing of the request was kept. */
export class Overloaded extends AppError {
  constructor(message: string) {
    super('OVERLOADED', message, { status: 503, retryable: true, retryAfterSeconds: 1 })
  }
}

/** We were wrong. Ends the request or job, never the process because of what a client sent. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AppError('INTERNAL', message, { status: 500, expose: false })
}

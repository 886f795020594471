/** What the server refused, or that it could not be reached (status 0). */
export class ApiError extends Error {
  readonly status: number
  /** Quoted in reports of faults; empty when there was no answer. */
  readonly requestId: string
  readonly retryAfterSeconds: number | null
  constructor(status: number, message: string, requestId: string, retryAfterSeconds: number | null = null) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.requestId = requestId
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface Sent {
  readonly query?: Query
  /** Sent as JSON, unless it is text or a form. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

export const withQuery = (path: string, query: Query = {}): string => {
  const sent = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  return sent.length === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(sent)}`
}

/** One call of the API at this host, with the session's cookie. Throws ApiError. */
export const send = async (method: string, path: string, sent: Sent = {}): Promise<Response> => {
  const isText = typeof sent.body === 'string' || sent.body instanceof URLSearchParams || sent.body instanceof Blob
  const response = await fetch(withQuery(path, sent.query), {
    method,
    credentials: 'same-origin',
    headers: {
      Accept: 'application/json',
      'X-Lethe-Client': 'web',
      ...(sent.body === undefined || isText ? {} : { 'Content-Type': 'application/json' }),
      ...sent.headers,
    },
    ...(sent.body === undefined ? {} : { body: isText ? (sent.body as BodyInit) : JSON.stringify(sent.body) }),
    ...(sent.signal === undefined ? {} : { signal: sent.signal }),
  }).catch((error: unknown) => {
    if (sent.signal?.aborted) throw error
    throw new ApiError(0, 'the server could not be reached', '')
  })
  if (response.ok) return response
  const retryAfter = Number(response.headers.get('Retry-After') ?? Number.NaN)
  throw new ApiError(
    response.status,
    await sentenceOf(response),
    response.headers.get('X-Request-Id') ?? '',
    Number.isFinite(retryAfter) ? retryAfter : null,
  )
}

const sentenceOf = async (response: Response): Promise<string> => {
  try {
    const { error, detail } = (await response.json()) as { error?: unknown; detail?: unknown }
    if (typeof error === 'string') return error
    if (typeof detail === 'string') return detail
  } catch {
    // Not JSON: said below.
  }
  return `the server answered ${response.status}`
}

/** The answer's body, as it came. */
export const sendJson = async <T>(method: string, path: string, sent?: Sent): Promise<T> =>
  (await (await send(method, path, sent)).json()) as T

/** `results` of an answer in the envelope `{status, results}`. */
const results = async <T>(method: string, path: string, sent?: Sent): Promise<T> =>
  (await sendJson<{ readonly results: T }>(method, path, sent)).results

export const get = <T>(path: string, sent?: Sent): Promise<T> => results('GET', path, sent)
export const post = <T>(path: string, body: unknown, sent?: Sent): Promise<T> =>
  results('POST', path, { ...sent, body })
export const put = <T>(path: string, body: unknown, sent?: Sent): Promise<T> => results('PUT', path, { ...sent, body })
export const patch = <T>(path: string, body: unknown, sent?: Sent): Promise<T> =>
  results('PATCH', path, { ...sent, body })
export const remove = <T = void>(path: string, sent?: Sent): Promise<T> => results('DELETE', path, sent)

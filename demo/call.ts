export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  readonly text: string
  /** Throws when the body is not JSON. */
  json<T>(): T
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body?: Buffer | object
}

/** One request, read to its end. The host name of `url` is the Host header, and so decides the region. */
export const call = async (method: string, url: string, { headers = {}, body }: CallOptions = {}): Promise<Answer> => {
  const isJson = body !== undefined && !Buffer.isBuffer(body)
  const response = await fetch(url, {
    method,
    headers: { ...(isJson ? { 'Content-Type': 'application/json' } : {}), ...headers },
    ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : new Uint8Array(body) }),
    redirect: 'error',
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  const text = bytes.toString('utf8')
  return { status: response.status, headers: response.headers, bytes, text, json: <T>() => JSON.parse(text) as T }
}

/** `Authorization` of HTTP Basic. */
export const basic = (username: string, password: string): Readonly<Record<string, string>> => ({
  Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
})

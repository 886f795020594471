/** What a request brings to say who is asking. Nothing of it is checked yet. */
export type Credentials =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'cookie'; readonly token: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable' }

export const sessionCookieName = 'lethe_session'
/** Over HTTPS. Browsers take it from this very host only, so that no neighbour under the same domain can plant one. */
export const hostCookieName = `__Host-${sessionCookieName}`

/**
 * auth §1, CLIENTS A3: Basic as base64 (also url-safe, also without padding) and as plain text; without a colon the
 * whole text is the user name. An Authorization header outdoes a cookie. `hostCookieOnly`: everybody comes over HTTPS.
 */
export const parseCredentials = (
  authorization: string | undefined,
  cookie: string | undefined,
  { hostCookieOnly = false } = {},
): Credentials => {
  const header = (authorization ?? '').trim()
  if (header === '') return cookieCredentials(cookie, hostCookieOnly)
  const [, scheme = '', value = ''] = /^(\S+)\s*(.*)$/.exec(header) ?? []
  switch (scheme.toLowerCase()) {
    case 'basic':
      return basicCredentials(value.trim())
    case 'bearer':
      return value.trim() === '' ? { kind: 'unreadable' } : { kind: 'bearer', token: value.trim() }
    default:
      return { kind: 'unreadable' }
  }
}

const basicCredentials = (value: string): Credentials => {
  if (value === '') return { kind: 'unreadable' }
  // Base64 has no colon, so a colon means plain text.
  const text = value.includes(':') ? value : decodeBase64(value)
  if (text === null) return { kind: 'unreadable' }
  const colon = text.indexOf(':')
  const username = colon === -1 ? text : text.slice(0, colon)
  const password = colon === -1 ? '' : text.slice(colon + 1)
  return username === '' ? { kind: 'unreadable' } : { kind: 'basic', username, password }
}

const decodeBase64 = (value: string): string | null => {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(value)) return null
  try {
    // `base64` takes the url-safe alphabet too.
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'base64'))
  } catch {
    return null
  }
}

const cookieCredentials = (cookie: string | undefined, hostCookieOnly: boolean): Credentials => {
  const values = new Map<string, string>()
  for (const pair of (cookie ?? '').split(';')) {
    const [name = '', value = ''] = pair.trim().split('=', 2)
    if (value !== '' && !values.has(name)) values.set(name, value)
  }
  const token = values.get(hostCookieName) ?? (hostCookieOnly ? undefined : values.get(sessionCookieName))
  return token === undefined ? { kind: 'none' } : { kind: 'cookie', token }
}

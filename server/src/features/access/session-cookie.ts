import type { Received } from '../../http/route.ts'
import { hostCookieName, parseCredentials, sessionCookieName } from './domain/parse-credentials.ts'

export interface SessionCookieDeps {
  /** Everybody comes over TLS: cookies go over it only. */
  readonly secureCookies: boolean
  /** Origins of the served regions' web hosts. */
  readonly ownOrigins: ReadonlySet<string>
}

/**
 * Set-Cookie of a session. Of the host that is asked, and so of its region: no Domain attribute. Lax, not Strict: whoever
 * comes by a mailed link or from an identity provider is to be known. Over HTTPS its name holds browsers to all of that.
 */
const cookieText = (token: string, maxAgeSeconds: number, isSecure: boolean): string => {
  const attributes = ['HttpOnly', 'SameSite=Lax', 'Path=/', `Max-Age=${maxAgeSeconds}`, ...(isSecure ? ['Secure'] : [])]
  return [`${isSecure ? hostCookieName : sessionCookieName}=${token}`, ...attributes].join('; ')
}

/** The cookie of sessions: how it is set, ended, and read again. */
export const createSessionCookie = ({ secureCookies, ownOrigins }: SessionCookieDeps, maxAgeSeconds: number) => {
  // A proxy may end TLS without saying so: then the page that asks tells, if it is ours, or the host itself.
  const isSecure = ({ headers }: Pick<Received, 'headers'>): boolean => {
    const { host = '', origin = '' } = headers
    const asked = `https://${host}`
    return (
      secureCookies ||
      ownOrigins.has(asked) ||
      (origin.startsWith('https:') && (origin === asked || ownOrigins.has(origin)))
    )
  }
  return {
    set: (request: Pick<Received, 'headers'>, token: string): string =>
      cookieText(token, maxAgeSeconds, isSecure(request)),
    end: (request: Pick<Received, 'headers'>): string => cookieText('', 0, isSecure(request)),
    /** Token that the browser has; null: none. */
    read: ({ headers }: Pick<Received, 'headers'>): string | null => {
      const found = parseCredentials(undefined, headers.cookie, { hostCookieOnly: secureCookies })
      return found.kind === 'cookie' ? found.token : null
    },
  }
}

export type SessionCookie = ReturnType<typeof createSessionCookie>

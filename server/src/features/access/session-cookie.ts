import type { Received } from '../../http/route.ts'
import { hostCookieName, parseCredentials, sessionCookieName } from './domain/parse-credentials.ts'

export interface SessionCookieDeps {
  /** Everybody comes over TLS: cookies go over it only. */
  readonly secureCookies: boolean
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
export const createSessionCookie = ({ secureCookies }: SessionCookieDeps, maxAgeSeconds: number) => {
  // A proxy may end TLS without saying so: the page's own origin tells.
  const isSecure = ({ headers }: Pick<Received, 'headers'>) =>
    secureCookies || (headers.origin ?? '').startsWith('https:')
  return {
    set: (request: Pick<Received, 'headers'>, token: string): string =>
      cookieText(token, maxAgeSeconds, isSecure(request)),
    /** For answers to what another site's page sent: its origin says nothing of ours. */
    setUnasked: (token: string): string => cookieText(token, maxAgeSeconds, secureCookies),
    end: (request: Pick<Received, 'headers'>): string => cookieText('', 0, isSecure(request)),
    /** Token that the browser has; null: none. */
    read: ({ headers }: Pick<Received, 'headers'>): string | null => {
      const found = parseCredentials(undefined, headers.cookie, { hostCookieOnly: secureCookies })
      return found.kind === 'cookie' ? found.token : null
    },
  }
}

export type SessionCookie = ReturnType<typeof createSessionCookie>

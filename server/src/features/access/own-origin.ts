import type { Received } from '../../http/route.ts'
import { Forbidden } from '../../kernel/errors.ts'

const readOnly: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/** True: the page that sends this is one of ours. Null: the request does not say where it comes from. */
const isOwnOrigin = (request: Received, ownOrigins: ReadonlySet<string>): boolean | null => {
  const { origin } = request.headers
  if (origin === undefined) return null
  if (ownOrigins.has(origin)) return true
  return URL.canParse(origin) && new URL(origin).host === (request.headers.host ?? '').toLowerCase()
}

/**
 * Against cross-site requests: a cookie alone must not change anything. The page has to be ours, or the caller no
 * page at all, which it shows by a header that a foreign form cannot set.
 */
export const refuseForeignOrigin = (request: Received, ownOrigins: ReadonlySet<string>): void => {
  if (readOnly.includes(request.method)) return
  const isOwn = isOwnOrigin(request, ownOrigins)
  if (isOwn === true || (isOwn === null && request.headers['x-lethe-client'] !== undefined)) return
  throw new Forbidden(
    isOwn === null
      ? 'an Origin header, or an X-Lethe-Client header, is required with a session cookie'
      : 'this page may not act for a session of this server',
  )
}

/** For logging in, where there is no session yet to protect: only a foreign page is refused. */
export const refuseForeignLogin = (request: Received, ownOrigins: ReadonlySet<string>): void => {
  if (isOwnOrigin(request, ownOrigins) === false) throw new Forbidden('this page may not log in here')
}

import type { OpenRoute, Received, Reply, Route } from '../../http/route.ts'
import { InvalidRequest, NotFound } from '../../kernel/errors.ts'
import { type CameIn, relativeTarget } from './domain/addresses.ts'
import type { SignIn } from './sign-in.ts'

export interface SignInRouteDeps {
  readonly signIn: SignIn
  /** Set-Cookie of a session, for the host that is asked. */
  readonly sessionCookie: (token: string, request: Received) => string
}

// A response with a large certificate chain and many attributes is some tens of kilobytes.
const base = { surface: 'app', hostFamily: 'web', bodyBytesMax: 256 * 1024, access: { accepts: 'none' } } as const

/**
 * AUTH-23…25, RES-11: the three URLs by which identity providers know the server (auth §8), on the web host of every
 * region. Nobody is asked for an Origin: the page that posts is the provider's, and its proof is the signature.
 */
export const signInRoutes = (deps: SignInRouteDeps): readonly Route[] => {
  const start = (path: string, organizationOf: (request: Received) => number): OpenRoute => ({
    ...base,
    method: 'GET',
    path,
    handle: async (request) => {
      const relayState = relativeTarget(request.query['next'] ?? request.query['RelayState'])
      const url = withoutNext(request.url)
      return redirect(await deps.signIn.begin(organizationOf(request), { ...cameIn(request), url }, relayState))
    },
  })
  const take = (path: string, organizationOf: (request: Received) => number | null): OpenRoute => ({
    ...base,
    method: 'POST',
    path,
    handle: async (request) => {
      const form = new URLSearchParams(request.body.toString('utf8'))
      const samlResponse = form.get('SAMLResponse')
      if (samlResponse === null) throw new InvalidRequest('SAMLResponse is required, as a form field')
      const { clientIp, requestId } = request
      const organizationId = organizationOf(request)
      const userAgent = request.headers['user-agent']
      const posted = { cameIn: cameIn(request), organizationId, samlResponse, clientIp, requestId, userAgent }
      const token = await deps.signIn.finish(posted)
      return redirect(relativeTarget(form.get('RelayState') ?? undefined), deps.sessionCookie(token, request))
    },
  })
  const ofPath = ({ params }: Received): number => organizationId(params['organizationId'])
  const ofQuery = ({ query }: Received): number => organizationId(query['org_id'])
  return [
    start('/security/login/:organizationId', ofPath),
    take('/security/login/:organizationId', ofPath),
    start('/security/sso/v2/authorize', ofQuery),
    take('/security/sso/v2/authorize', ofQuery),
    take('/sso/saml2', () => null),
  ]
}

export const cameIn = ({ host, headers, region, url }: Received): CameIn => ({
  host,
  hostHeader: headers.host ?? '',
  region,
  url,
})

/** The URL to answer at is the one that began it, without where to go afterwards. */
const withoutNext = (text: string): string => {
  const url = new URL(text, 'https://path.invalid')
  const orgId = url.searchParams.get('org_id')
  return orgId === null ? url.pathname : `${url.pathname}?org_id=${encodeURIComponent(orgId)}`
}

const organizationId = (text: string | undefined): number => {
  if (!/^[1-9]\d{0,8}$/.test(text ?? '')) throw new NotFound('this organization has no single sign-on')
  return Number(text)
}

/** 303: whatever the method was, the next is a GET. */
const redirect = (location: string, cookie?: string): Reply => ({
  status: 303,
  headers: {
    Location: location,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    ...(cookie === undefined ? {} : { 'Set-Cookie': cookie }),
  },
  body: null,
})

import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import { z } from 'zod'
import { jsonReply, type OpenRoute, type Received, type Reply } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import { agentFamily, refuseForeignLogin, type SessionCookie } from '../access/index.ts'
import type { AskedHost, RelyingParty, WebOrigins } from './domain/web-origin.ts'
import type { Browser, Entered } from './enter.ts'
import type { Links } from './links.ts'
import type { Passkeys } from './passkeys.ts'
import type { Passwords } from './passwords.ts'
import type { SecondFactors } from './second-factor.ts'

export interface LoginRouteDeps {
  readonly passwords: Passwords
  readonly links: Links
  readonly secondFactors: SecondFactors
  readonly passkeys: Passkeys
  readonly webOrigins: WebOrigins
  readonly sessionCookie: SessionCookie
  readonly ownOrigins: ReadonlySet<string>
}

export const base = { surface: 'app', hostFamily: 'web', bodyBytesMax: 64 * 1024 } as const
export const noStore = { 'Cache-Control': 'no-store' }
const email = z.string().trim().min(1).max(254)
const ticket = z.string().min(1).max(100)
export const newPassword = z.string().min(8, 'at least 8 characters').max(256)
const loginBody = z.object({ email, password: z.string().min(1).max(256) })
const codeBody = z.object({ ticket, code: z.string().min(1).max(50) })
const emailBody = z.object({ email })
const tokenBody = z.object({ token: ticket })
const resetBody = z.object({ token: ticket, password: newPassword })
const short = z.string().min(1).max(20_000)
/** Its shape is the browser's; what is in it is verified by its signature. */
export const credential = z.looseObject({
  id: z.string().min(1).max(2_000),
  rawId: short,
  type: z.literal('public-key'),
  clientExtensionResults: z.looseObject({}),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional(),
})
const assertion = credential.extend({
  response: z.object({
    clientDataJSON: short,
    authenticatorData: short,
    signature: short,
    userHandle: short.optional(),
  }),
})
const passkeyBody = z.object({ ticket, response: assertion })

/** AUTH-21, AUTH-22: the ways in. All are open, and told alike whoever is asked about. */
export const loginRoutes = (deps: LoginRouteDeps): readonly OpenRoute[] => {
  const login = (path: string, handle: (request: Received) => Promise<Reply>): OpenRoute => ({
    ...base,
    method: 'POST',
    path: `/api/app/login${path}`,
    access: { accepts: 'none' },
    handle: (request) => {
      refuseForeignLogin(request, deps.ownOrigins)
      return handle(request)
    },
  })
  const browserOf = (request: Received): Browser => ({
    agent: agentFamily(request.headers['user-agent']),
    replaces: deps.sessionCookie.read(request),
    requestId: request.requestId,
    regionId: request.region?.id ?? null,
  })
  const entered = (request: Received, how: Entered): Reply =>
    how.kind === 'session'
      ? jsonReply(200, { status: 'ok' }, { ...noStore, 'Set-Cookie': deps.sessionCookie.set(request, how.token) })
      : // 202: right so far, and nobody is logged in yet.
        jsonReply(202, { status: 'ok', results: { second_factor: { ticket: how.ticket } } }, noStore)
  const askedLink = (request: Received) => {
    const { email } = sentJson(emailBody, request.body)
    const { clientIp } = request
    return {
      email,
      clientIp,
      origin: deps.webOrigins.linkOrigin(askedHost(request)),
      regionId: request.region?.id ?? null,
    }
  }
  const asked = () => jsonReply(202, { status: 'ok' }, noStore)

  return [
    login('', async (request) => {
      const { clientIp } = request
      const attempt = { ...sentJson(loginBody, request.body), clientIp }
      return entered(request, await deps.passwords.logIn(attempt, browserOf(request)))
    }),
    login('/second-factor', async (request) => {
      const { ticket, code } = sentJson(codeBody, request.body)
      return entered(request, await deps.secondFactors.finish(ticket, code, browserOf(request)))
    }),
    login('/link', async (request) => {
      deps.links.askForMagicLink(askedLink(request))
      return asked()
    }),
    login('/link/open', async (request) => {
      const { token } = sentJson(tokenBody, request.body)
      return entered(request, await deps.links.openMagicLink(token, request.clientIp, browserOf(request)))
    }),
    login('/reset', async (request) => {
      deps.links.askForReset(askedLink(request))
      return asked()
    }),
    login('/reset/confirm', async (request) => {
      const { clientIp } = request
      await deps.links.resetPassword({ ...sentJson(resetBody, request.body), clientIp }, browserOf(request))
      return jsonReply(200, { status: 'ok' }, noStore)
    }),
    login('/passkey/options', async (request) => {
      const party = relyingPartyOf(deps.webOrigins, request)
      const results = await deps.passkeys.beginSignIn(party, request.clientIp, request.region?.id ?? null)
      return jsonReply(200, { status: 'ok', results }, noStore)
    }),
    login('/passkey', async (request) => {
      const { ticket, response } = sentJson(passkeyBody, request.body)
      const party = relyingPartyOf(deps.webOrigins, request)
      const sent = { ticket, response: response as AuthenticationResponseJSON }
      return entered(request, await deps.passkeys.signIn(party, sent, request.clientIp, browserOf(request)))
    }),
  ]
}

export const askedHost = ({ host, headers, region }: Received): AskedHost => ({
  host,
  hostHeader: headers.host ?? '',
  region,
})

/** Throws InvalidRequest at an address: browsers make passkeys for names only. */
export const relyingPartyOf = (webOrigins: WebOrigins, request: Received): RelyingParty => {
  const party = webOrigins.relyingParty(askedHost(request))
  if (party === null) throw new InvalidRequest('passkeys need a host name, and this is an address')
  return party
}

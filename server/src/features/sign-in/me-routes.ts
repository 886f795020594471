import type { RegistrationResponseJSON } from '@simplewebauthn/server'
import { z } from 'zod'
import { type Authenticated, jsonReply, type Method, type PrincipalRoute, type Reply } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import { assert } from '../../kernel/errors.ts'
import type { OwnSession, SessionCookie } from '../access/index.ts'
import type { WebOrigins } from './domain/web-origin.ts'
import { base, credential, newPassword, noStore, relyingPartyOf } from './login-routes.ts'
import type { Passkeys } from './passkeys.ts'
import type { Passwords } from './passwords.ts'
import type { RecoveryCodes } from './recovery-codes.ts'
import type { SecondFactors } from './second-factor.ts'
import type { Security } from './security.ts'

export interface MeRouteDeps {
  readonly passwords: Passwords
  readonly secondFactors: SecondFactors
  readonly recoveryCodes: RecoveryCodes
  readonly passkeys: Passkeys
  readonly security: Security
  readonly webOrigins: WebOrigins
  readonly sessionCookie: SessionCookie
}

const current = z.string().min(1).max(256).optional()
const passwordBody = z.strictObject({ password: newPassword, current_password: current })
/** `password`: one's own again; whoever has none has signed in a moment ago. */
const proofBody = z.strictObject({ password: current })
const codeBody = z.strictObject({ code: z.string().trim().min(1).max(50) })
const name = z.string().trim().min(1).max(100)
const short = z.string().min(1).max(20_000)
const attestation = credential.extend({
  response: z.object({
    clientDataJSON: short,
    attestationObject: short,
    transports: z.array(z.string().max(20)).max(10).optional(),
  }),
})
const registerBody = z.strictObject({ ticket: z.string().min(1).max(100), name, response: attestation })

/** AUTH-21, AUTH-22: how one's own account signs in. */
export const meRoutes = (deps: MeRouteDeps): readonly PrincipalRoute[] => {
  const me = (
    method: Method,
    path: string,
    handle: (request: Authenticated, own: OwnSession) => Promise<Reply>,
    accepts: PrincipalRoute['access']['accepts'] = ['session'],
  ): PrincipalRoute => ({
    ...base,
    method,
    path: `/api/app/me/${path}`,
    access: { accepts },
    handle: (request) => {
      assert(request.principal.kind === 'session', 'only sessions come here')
      return handle(request, request.principal)
    },
  })
  /** What somebody has to be able to do whose organization waits for their second factor. */
  const always = ['session', 'limited-session'] as const
  const confirm = (request: Authenticated, own: OwnSession): Promise<void> => {
    const { password } = sentJson(proofBody, request.body.length === 0 ? Buffer.from('{}') : request.body)
    return deps.passwords.confirm(own, password, request.clientIp)
  }
  const reply = (status: number, results: object, cookie?: string): Reply =>
    jsonReply(
      status,
      { status: 'ok', results },
      { ...noStore, ...(cookie === undefined ? {} : { 'Set-Cookie': cookie }) },
    )

  return [
    me('GET', 'security', async (_request, own) => reply(200, await deps.security(own.userId)), always),
    me('PUT', 'password', async (request, own) => {
      const { password, current_password } = sentJson(passwordBody, request.body)
      const sent = { password, current: current_password, clientIp: request.clientIp }
      const token = await deps.passwords.change(own, sent, request.requestId)
      return reply(200, {}, deps.sessionCookie.set(request, token))
    }),
    me(
      'POST',
      'two-factor',
      async (request, own) => {
        await confirm(request, own)
        return reply(201, await deps.secondFactors.begin(own))
      },
      always,
    ),
    me(
      'POST',
      'two-factor/confirm',
      async (request, own) => {
        const { code } = sentJson(codeBody, request.body)
        const { codes, token } = await deps.secondFactors.confirm(own, code, request.requestId)
        return reply(200, { recovery_codes: codes }, deps.sessionCookie.set(request, token))
      },
      always,
    ),
    me('DELETE', 'two-factor', async (request, own) => {
      await confirm(request, own)
      const token = await deps.secondFactors.remove(own, request.requestId)
      return reply(200, {}, deps.sessionCookie.set(request, token))
    }),
    me('POST', 'recovery-codes', async (request, own) => {
      await confirm(request, own)
      return reply(201, { recovery_codes: await deps.recoveryCodes.renew(own, request.requestId) })
    }),
    me('GET', 'passkeys', async (_request, own) => reply(200, await deps.passkeys.list(own.userId)), always),
    me(
      'POST',
      'passkeys/options',
      async (request, own) => {
        await confirm(request, own)
        const party = relyingPartyOf(deps.webOrigins, request)
        return reply(200, await deps.passkeys.beginRegistration(own, party, request.region?.id ?? null))
      },
      always,
    ),
    me(
      'POST',
      'passkeys',
      async (request, own) => {
        const { ticket, name, response } = sentJson(registerBody, request.body)
        const party = relyingPartyOf(deps.webOrigins, request)
        const sent = { ticket, name, response: response as RegistrationResponseJSON }
        const { passkey, recoveryCodes, token } = await deps.passkeys.register(own, party, sent, request.requestId)
        return reply(201, { passkey, recovery_codes: recoveryCodes }, deps.sessionCookie.set(request, token))
      },
      always,
    ),
    me('PATCH', 'passkeys/:passkeyId', async (request, own) => {
      const sent = sentJson(z.strictObject({ name }), request.body)
      await deps.passkeys.rename(own, request.params['passkeyId'] ?? '', sent.name, request.requestId)
      return reply(200, {})
    }),
    me('DELETE', 'passkeys/:passkeyId', async (request, own) => {
      await confirm(request, own)
      await deps.passkeys.remove(own, request.params['passkeyId'] ?? '', request.requestId)
      return reply(200, {})
    }),
  ]
}

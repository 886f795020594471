import { queryOptions } from '@tanstack/react-query'
import { get, patch, post, put, remove, sendJson } from './request.ts'

/** Null: a session is open. Else the second step of the sign-in, which wants this ticket and a code. */
export type Entered = { readonly ticket: string } | null

interface EnteredBody {
  readonly results?: { readonly second_factor?: { readonly ticket: string } }
}

/** What every way in answers. */
export const enter = async (path: string, body: object): Promise<Entered> => {
  const { results } = await sendJson<EnteredBody>('POST', `/api/app/login${path}`, { body })
  return results?.second_factor ?? null
}

export const sendSecondStep = (ticket: string, code: string): Promise<Entered> =>
  enter('/second-factor', { ticket, code })
export const openLink = (token: string): Promise<Entered> => enter('/link/open', { token })
/** Answers the same whoever is asked about. */
export const askForLink = (email: string): Promise<unknown> =>
  sendJson('POST', '/api/app/login/link', { body: { email } })
export const askForReset = (email: string): Promise<unknown> =>
  sendJson('POST', '/api/app/login/reset', { body: { email } })
export const resetPassword = (token: string, password: string): Promise<unknown> =>
  sendJson('POST', '/api/app/login/reset/confirm', { body: { token, password } })

interface Ceremony<Options> {
  readonly ticket: string
  readonly options: Options
}

// The library comes with the press of the button: most people log in without it.
const webauthn = () => import('@simplewebauthn/browser')

/** Asks the browser for a passkey of this host, and logs in with it. */
export const logInWithPasskey = async (): Promise<Entered> => {
  const { startAuthentication } = await webauthn()
  const begun = await post<Ceremony<Parameters<typeof startAuthentication>[0]['optionsJSON']>>(
    '/api/app/login/passkey/options',
    {},
  )
  const response = await startAuthentication({ optionsJSON: begun.options })
  return enter('/passkey', { ticket: begun.ticket, response })
}

export interface Passkey {
  readonly id: string
  readonly name: string
  readonly host: string
  readonly created: string
  readonly last_used: string | null
}

export interface Security {
  readonly has_password: boolean
  readonly second_factor: boolean
  readonly recovery_codes_left: number
  readonly passkeys: readonly Passkey[]
  readonly second_factor_required: boolean
  readonly must_set_up: boolean
  readonly single_sign_on_required_by: number | null
}

/** How one's own account signs in. */
export const securityQuery = queryOptions({
  queryKey: ['me', 'security'],
  queryFn: ({ signal }) => get<Security>('/api/app/me/security', { signal }),
})

export interface OwnSession {
  readonly id: string
  readonly created: string
  readonly last_seen: string
  readonly expires: string
  readonly method: 'password' | 'magic-link' | 'passkey' | 'sso'
  readonly second_factor: boolean
  readonly agent: string
  readonly current: boolean
}

export const sessionsQuery = queryOptions({
  queryKey: ['me', 'sessions'],
  queryFn: ({ signal }) => get<readonly OwnSession[]>('/api/app/me/sessions', { signal }),
})

export const endSession = (id: string): Promise<unknown> => remove(`/api/app/me/sessions/${id}`)
export const endOtherSessions = (): Promise<unknown> => remove('/api/app/me/sessions')

/** `proof`: the password again; undefined for who has none. */
const withProof = (proof: string | undefined) => (proof === undefined ? {} : { password: proof })

export const setPassword = (password: string, current: string | undefined): Promise<unknown> =>
  put('/api/app/me/password', { password, ...(current === undefined ? {} : { current_password: current }) })

export interface FactorSetUp {
  readonly secret: string
  readonly uri: string
  readonly qr_svg: string
}

interface RecoveryCodes {
  readonly recovery_codes: readonly string[]
}

export const beginFactor = (proof: string | undefined): Promise<FactorSetUp> =>
  post('/api/app/me/two-factor', withProof(proof))
export const confirmFactor = (code: string): Promise<RecoveryCodes> => post('/api/app/me/two-factor/confirm', { code })
export const removeFactor = (proof: string | undefined): Promise<unknown> =>
  remove('/api/app/me/two-factor', { body: withProof(proof) })
export const renewCodes = (proof: string | undefined): Promise<RecoveryCodes> =>
  post('/api/app/me/recovery-codes', withProof(proof))

/** Asks the browser to make a passkey for this host. `recovery_codes` null: there are some already. */
export const addPasskey = async (
  name: string,
  proof: string | undefined,
): Promise<{ readonly recovery_codes: readonly string[] | null }> => {
  const { startRegistration } = await webauthn()
  const begun = await post<Ceremony<Parameters<typeof startRegistration>[0]['optionsJSON']>>(
    '/api/app/me/passkeys/options',
    withProof(proof),
  )
  const response = await startRegistration({ optionsJSON: begun.options })
  return post('/api/app/me/passkeys', { ticket: begun.ticket, name, response })
}

export const renamePasskey = (id: string, name: string): Promise<unknown> =>
  patch(`/api/app/me/passkeys/${id}`, { name })
export const removePasskey = (id: string, proof: string | undefined): Promise<unknown> =>
  remove(`/api/app/me/passkeys/${id}`, { body: withProof(proof) })

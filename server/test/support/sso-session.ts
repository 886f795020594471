import type { IdentityProvider } from './identity-provider.ts'
import type { Answer, Lethe } from './lethe.ts'
import { owner } from './provision.ts'
import type { TxtServer } from './txt-server.ts'

/** Headers of a session by password. */
export const logIn = async (lethe: Lethe, who: { readonly email: string; readonly password: string }) => {
  const answer = await lethe.post('/api/app/login', { body: { email: who.email, password: who.password } })
  if (answer.status !== 200) throw new Error(`login answered ${answer.status}`)
  return { Cookie: cookieOf(answer), 'X-Lethe-Client': 'test' }
}

/** `name=value` of the session that an answer sets; empty: none. */
export const cookieOf = (answer: Answer): string => String(answer.headers['set-cookie'] ?? '').split(';', 1)[0] ?? ''

/** Posts an answer of a provider as a browser does. */
export const postAnswer = (lethe: Lethe, address: string, xml: string, relayState?: string): Promise<Answer> => {
  const { host, pathname, search } = new URL(address)
  const form = new URLSearchParams({ SAMLResponse: Buffer.from(xml).toString('base64') })
  if (relayState !== undefined) form.set('RelayState', relayState)
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'https://idp.test' }
  return lethe.post(`${pathname}${search}`, { host, headers, body: form.toString() })
}

/** Organization 1 trusts the provider and has proved acme.test. */
export const setUpSso = async (
  lethe: Lethe,
  names: TxtServer,
  provider: IdentityProvider,
  changes: object = {},
): Promise<void> => {
  const headers = await logIn(lethe, owner)
  const root = '/api/app/organizations/1/sso'
  const claimed = await lethe.post(`${root}/domains`, {
    headers,
    body: { domain: 'acme.test', password: owner.password },
  })
  names.records.set('acme.test', ['v=spf1 -all', claimed.json().results.txt_record])
  const verified = await lethe.post(`${root}/domains/acme.test/verify`, { headers })
  if (verified.json().results?.verified !== true) throw new Error(`not verified: ${verified.text}`)
  const put = await lethe.send('PUT', root, { headers, body: { ...settingsOf(provider), ...changes } })
  if (put.status !== 200) throw new Error(put.text)
}

export const settingsOf = (provider: IdentityProvider) => ({
  issuer: provider.issuer,
  sign_in_url: 'https://idp.test/sso',
  certificates: [provider.certificate],
})

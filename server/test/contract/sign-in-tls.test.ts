import { once } from 'node:events'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { owner } from '../support/provision.ts'

// auth §7: over TLS, with no plain HTTP allowed, only the cookie of this very host counts.

const tls = join(import.meta.dirname, '../fixtures/tls')
let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({
    env: {
      LETHE_ALLOW_HTTP: 'false',
      LETHE_TLS_CERT: join(tls, 'cert.pem'),
      LETHE_TLS_KEY: join(tls, 'key.pem'),
    },
  })
})
afterAll(() => lethe?.stop())

const send = async (method: string, path: string, headers: Readonly<Record<string, string>>, body?: object) => {
  // The certificate is of the test's own: what is asked here is not who the server is.
  const sent = request({ host: '127.0.0.1', port: lethe.port, method, path, headers, rejectUnauthorized: false })
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  const [answer] = await once(sent, 'response')
  answer.resume()
  await once(answer, 'end')
  return { status: answer.statusCode as number, cookies: (answer.headers['set-cookie'] ?? []) as readonly string[] }
}

it('a session is a cookie of this host, for TLS, and no other cookie is one', async () => {
  const { email, password } = owner
  const { status, cookies } = await send(
    'POST',
    '/api/app/login',
    { 'Content-Type': 'application/json' },
    { email, password },
  )
  expect(status).toBe(200)
  const [cookie = ''] = cookies
  expect(cookie).toMatch(/^__Host-lethe_session=\w{43}; HttpOnly; SameSite=Lax; Path=\/; Max-Age=43200; Secure$/)
  const [pair = ''] = cookie.split(';')
  const me = async (Cookie: string) => (await send('GET', '/api/app/me', { Cookie })).status
  expect(await me(pair)).toBe(200)
  expect(await me(pair.replace('__Host-', ''))).toBe(401)
  expect(await me(`lethe_session=planted; ${pair}`)).toBe(200)
})

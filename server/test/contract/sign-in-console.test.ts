import { expect, it } from 'vitest'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import { owner } from '../support/provision.ts'
import { sessionOf } from '../support/sign-in-rig.ts'
import { waitFor } from '../support/wait-for.ts'

// AUTH-21 without a mail server: whoever started the server finds the links on its console.

it('prints the link of a mail and nothing of its reader, and says at the start that it will', async () => {
  const lethe: Lethe = await startLethe()
  try {
    await waitFor('the hint', () => lethe.logs().includes('no mail server (LETHE_SMTP_URL)'))
    const headers = await logIn(lethe, owner)
    const body = { emails: ['console@acme.test'] }
    const [{ token, mailed }] = (await lethe.post('/api/app/organizations/1/invitations', { headers, body })).json()
      .results
    expect(mailed).toBe(false)
    expect((await lethe.post('/api/app/invitations/accept', { body: { token } })).status).toBe(201)
    await lethe.post('/api/app/login/link', { body: { email: 'console@acme.test' } })
    const printed = await waitFor('the link', () => /mail "Your link to sign in": (\S+)/.exec(lethe.logs())?.[1])
    expect(printed).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/login\/link\?token=\w{43}$/)
    expect(lethe.logs()).not.toContain('console@acme.test')
    const link = new URL(printed)
    const opened = await lethe.post('/api/app/login/link/open', { body: { token: link.searchParams.get('token') } })
    const session = sessionOf(opened)
    // What has no link is not printed: it would only be in the way.
    await lethe.send('PUT', '/api/app/me/password', { headers: session, body: { password: 'correct horse battery' } })
    expect(lethe.logs()).not.toContain('Your sign-in was changed')
  } finally {
    await lethe.stop()
  }
})

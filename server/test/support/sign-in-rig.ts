import { generateSync } from 'otplib'
import { type Answer, type Lethe, type SendOptions, startLethe } from './lethe.ts'
import { logIn } from './log-in.ts'
import { type MailServer, openMailServer } from './mail-server.ts'
import { owner } from './provision.ts'

export type Headers = Readonly<Record<string, string>>

export interface SignInRig {
  readonly lethe: Lethe
  readonly mail: MailServer
  /** Sends JSON to `/api/app…`. */
  call(method: string, path: string, headers?: Headers, body?: object, host?: string): Promise<Answer>
  /** Invited and accepted; without `password` they sign in by links. */
  newMember(email: string, password?: string): Promise<void>
  /** Token of the `nth` mailed link to somebody. */
  linkTo(email: string, nth?: number): Promise<string>
  /** Types of what the log of organization 1 says somebody did, newest first. */
  auditOf(email: string): Promise<readonly string[]>
  close(): Promise<void>
}

/** A server with a mail server, and people that sign in by each way. */
export const openSignInRig = async (env: Readonly<Record<string, string>> = {}): Promise<SignInRig> => {
  const mail = await openMailServer()
  const lethe = await startLethe({
    env: { LETHE_SMTP_URL: mail.url, LETHE_MAIL_FROM: 'lethe@acme.test', ...env },
  }).catch(async (error: unknown) => {
    await mail.close()
    throw error
  })
  const call = (method: string, path: string, headers: Headers = {}, body?: object, host?: string) => {
    const sent: SendOptions = {
      headers,
      ...(body === undefined ? {} : { body }),
      ...(host === undefined ? {} : { host }),
    }
    return lethe.send(method, `/api/app${path}`, sent)
  }
  return {
    lethe,
    mail,
    call,
    newMember: async (email, password) => {
      const sent = { emails: [email], mail: false }
      // A session of its own: a test may end all of the owner's.
      const asOwner = await logIn(lethe, owner)
      const [{ token }] = (await call('POST', '/organizations/1/invitations', asOwner, sent)).json().results
      const body = password === undefined ? { token } : { token, password }
      const { status, text } = await call('POST', '/invitations/accept', {}, body)
      if (status !== 201) throw new Error(`${email} could not accept: ${text}`)
    },
    linkTo: async (email, nth = 1) => {
      const { link } = await mail.mailTo(email, nth)
      return new URL(link).searchParams.get('token') ?? ''
    },
    auditOf: async (email) => {
      const path = `/organizations/1/audit-log?actor=${encodeURIComponent(email)}`
      const { results } = (await call('GET', path, await logIn(lethe, owner))).json()
      return results.map(({ event_type }: { event_type: string }) => event_type)
    },
    close: async () => {
      await lethe.stop()
      await mail.close()
    },
  }
}

/** The cookie that an answer sets, and what our own client sends beside it. Throws when it sets none. */
export const sessionOf = (answer: Answer): Headers => {
  const [cookie] = (answer.headers['set-cookie'] ?? []) as readonly string[]
  if (cookie === undefined) throw new Error(`no session: ${answer.status} ${answer.text}`)
  return { Cookie: cookie.split(';', 1)[0] ?? '', 'X-Lethe-Client': 'test' }
}

/** What an authenticator app shows, so many steps of 30 seconds from now. */
export const codeOf = (secret: string, steps = 0): string =>
  generateSync({ secret, epoch: Math.floor(Date.now() / 1_000) + steps * 30 })

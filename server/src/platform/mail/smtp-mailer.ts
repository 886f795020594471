import { createTransport } from 'nodemailer'
import { EngineUnavailable } from '../../kernel/errors.ts'
import type { Mailer } from './mailer.ts'

export interface SmtpMailerOptions {
  /** `smtp://user:password@host:port` (STARTTLS when offered; `?requireTLS=true` insists), or `smtps://`. */
  readonly url: string
  readonly from: string
}

// A mail server that hangs must not hold callers for minutes.
const timeoutMs = 15_000

/** Hands mails to a mail server (SMTP). What it says about a failure stays in `cause`: it can hold addresses. */
export const createSmtpMailer = ({ url, from }: SmtpMailerOptions): Mailer => {
  const transport = createTransport({
    url,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // A mail is made of its text alone.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    isReal: true,
    send: async ({ to, subject, text }) => {
      try {
        // An object: the address is one, whatever commas and names are in it.
        await transport.sendMail({ from, to: { name: '', address: to }, subject, text })
      } catch (error) {
        throw new EngineUnavailable('the mail server does not take mails now', error)
      }
    },
    close: () => transport.close(),
  }
}

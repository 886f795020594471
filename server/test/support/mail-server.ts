import { once } from 'node:events'
import { SMTPServer } from 'smtp-server'
import { waitFor } from './wait-for.ts'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** Headers and text, lines joined as the sender wrote them. */
  readonly text: string
  /** The first link in it; empty: none. */
  readonly link: string
}

export interface MailServer {
  /** For LETHE_SMTP_URL. */
  readonly url: string
  readonly mails: readonly ReceivedMail[]
  /** From now on it takes nothing, until it is told otherwise. */
  refuse(isRefusing: boolean): void
  /** The `nth` mail to somebody, counted from 1. */
  mailTo(email: string, nth?: number): Promise<ReceivedMail>
  close(): Promise<void>
}

/** A real mail server on a free port of this machine: it keeps what it takes. */
export const openMailServer = async (): Promise<MailServer> => {
  const mails: ReceivedMail[] = []
  let isRefusing = false
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onMailFrom: (_address, _session, done) => done(isRefusing ? new Error('not now') : null),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8').replaceAll('=\r\n', '').replaceAll('=3D', '=')
        const { mailFrom, rcptTo } = session.envelope
        const from = mailFrom === false ? '' : mailFrom.address
        mails.push({
          from,
          to: rcptTo.map(({ address }) => address),
          text,
          link: /https?:\/\/\S+/.exec(text)?.[0] ?? '',
        })
        done()
      })
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as { port: number }
  const sentTo = (email: string) => mails.filter(({ to }) => to.includes(email))
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refuse: (now) => {
      isRefusing = now
    },
    mailTo: (email, nth = 1) => waitFor(`mail ${nth} to ${email}`, () => sentTo(email)[nth - 1]),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

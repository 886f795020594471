import { Forbidden, Unauthenticated } from '../../kernel/errors.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import type { Clock } from '../../kernel/time.ts'
import { createAttemptLimit } from '../../platform/limits/attempt-limit.ts'
import type { Mailer } from '../../platform/mail/mailer.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import type { AfterAnswer } from './after-answer.ts'
import { magicLinkMail, type Notice, passwordResetMail } from './domain/mails.ts'
import type { Browser, Enter, EnterDeps, Entered } from './enter.ts'
import { type Passwords, refusePoor } from './passwords.ts'
import { type Account, findAccountByEmail, lockAccount } from './store/postgres-account-store.ts'
import { insertTicket, type Ticket, takeTicket } from './store/postgres-ticket-store.ts'

export interface LinksDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly enter: Enter
  readonly passwords: Passwords
  readonly afterAnswer: AfterAnswer
  readonly mailer: Mailer
  readonly requiredSignInOf: EnterDeps['requiredSignInOf']
  readonly notify: (email: string, notice: Notice) => void
}

export interface AskedLink {
  readonly email: string
  readonly clientIp: string
  /** Origin of the host that was asked, where the link leads. */
  readonly origin: string
  readonly regionId: string | null
}

const linkMinutes = 15
const windowMs = 15 * 60_000
/** Mails to one address, whoever asks for them. */
const mailCountMax = 5
/** Of one asking address, whatever the e-mails. */
const askedCountMax = 30
/** Tokens tried by one address: they cannot be guessed, and trying costs the store. */
const triedCountMax = 100

/**
 * AUTH-21: links by mail, to sign in or to set a new password. Asking answers at once and the same for everybody; whether
 * there is such an account is looked up afterwards.
 */
export const createLinks = (deps: LinksDeps) => {
  const { control, clock } = deps
  const limits = { clock, windowMs, keyCountMax: 50_000 }
  const byEmail = createAttemptLimit({ ...limits, attemptCountMax: mailCountMax })
  const byAddress = createAttemptLimit({ ...limits, attemptCountMax: askedCountMax })
  const tries = createAttemptLimit({ ...limits, attemptCountMax: triedCountMax })

  const ask = (
    kind: 'magic-link' | 'password-reset',
    asked: AskedLink,
    isFor: (account: Account) => boolean,
    mailOf: (token: string) => ReturnType<typeof magicLinkMail>,
  ): void => {
    byAddress.begin(asked.clientIp)
    byEmail.begin(asked.email.toLowerCase())
    deps.afterAnswer.run(async () => {
      const account = await findAccountByEmail(control, asked.email)
      if (account === null || !isFor(account)) return
      // A link that would be refused is not sent.
      if ((await deps.requiredSignInOf(control, account.id)) !== null) return
      const token = randomAlphanumeric(43)
      const endsAtMs = clock.nowMs() + linkMinutes * 60_000
      const ticket = { kind, token, accountId: account.id, regionId: asked.regionId, detail: '', endsAtMs }
      await insertTicket(control, ticket, clock.nowMs())
      await deps.mailer.send({ to: account.email, ...mailOf(token) })
    })
  }

  const askForMagicLink = (asked: AskedLink): void =>
    ask(
      'magic-link',
      asked,
      ({ passwordHash }) => passwordHash === null,
      (token) => magicLinkMail(`${asked.origin}/login/link?token=${token}`, linkMinutes),
    )

  const askForReset = (asked: AskedLink): void =>
    ask(
      'password-reset',
      asked,
      ({ passwordHash }) => passwordHash !== null,
      (token) => passwordResetMail(`${asked.origin}/login/reset?token=${token}`, linkMinutes),
    )

  const openMagicLink = async (token: string, clientIp: string, browser: Browser): Promise<Entered> => {
    tries.begin(clientIp)
    const entered = await control.tx(async (tx) => {
      const ticket = await takeTicket(tx, 'magic-link', token, clock.nowMs())
      const account = await accountOf(ticket, browser.regionId, (id) => lockAccount(tx, id))
      // Set in the meantime: from then on the password is the way in.
      if (account.passwordHash !== null) throw new LinkIsDead()
      return deps.enter.enter(tx, account, 'magic-link', false, browser)
    })
    tries.takeBack(clientIp)
    return entered
  }

  const resetPassword = async (
    { token, password, clientIp }: { token: string; password: string; clientIp: string },
    { regionId, requestId }: Browser,
  ): Promise<void> => {
    tries.begin(clientIp)
    const account = await control.tx(async (tx) => {
      const ticket = await takeTicket(tx, 'password-reset', token, clock.nowMs())
      const found = await accountOf(ticket, regionId, (id) => lockAccount(tx, id))
      // Not used up: it can be tried again with a better one.
      refusePoor(password, found.email)
      await deps.passwords.reset(tx, found, password, requestId)
      return found
    })
    tries.takeBack(clientIp)
    deps.notify(account.email, 'password.reset')
  }

  return { askForMagicLink, askForReset, openMagicLink, resetPassword }
}

export type Links = ReturnType<typeof createLinks>

const accountOf = async (
  ticket: Ticket | null,
  regionId: string | null,
  find: (accountId: number) => Promise<Account | null>,
): Promise<Account> => {
  const account = ticket?.accountId == null ? null : await find(ticket.accountId)
  if (ticket === null || account === null) throw new LinkIsDead()
  // The transaction fails, so the link still works where it belongs.
  if (ticket.regionId !== null && regionId !== null && ticket.regionId !== regionId) {
    throw new Forbidden('this link belongs to the host of another region; open it as it was mailed')
  }
  return account
}

/** The same for a used, an old and a made-up one. */
class LinkIsDead extends Unauthenticated {
  constructor() {
    super('this link was used or is too old; ask for a new one')
  }
}

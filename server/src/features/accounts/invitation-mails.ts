import type { Received } from '../../http/route.ts'
import { createRollingLimit } from '../../platform/limits/rolling-limit.ts'
import type { Invitation } from './domain/member.ts'
import type { InvitationsDeps, SentInvitation } from './invitations.ts'

export interface InvitationMailsDeps extends Pick<InvitationsDeps, 'mail' | 'mailsPerHourMax' | 'nowMs'> {
  readonly nameOf: (organizationId: number) => Promise<{ readonly name: string } | null>
}

const hourMs = 3_600_000

/** auth §6.4: so many invitations an hour to one e-mail domain are mailed; more are refused before anything is made. */
export const createInvitationMails = ({ mail, mailsPerHourMax, nowMs, nameOf }: InvitationMailsDeps) => {
  const limit = createRollingLimit({
    windowMs: hourMs,
    countMax: mailsPerHourMax,
    nowMs,
    message: `at most ${mailsPerHourMax} invitations an hour are mailed to one domain; wait, or invite without mail and hand on the links`,
  })

  /**
   * Throws RateLimited when there is no room for all of them. The answer hands the mails over, and gives back the links of
   * those that nobody took: their inviter copies them.
   */
  const begin = (emails: readonly string[], byMail: Received | null) => {
    if (mail !== null && byMail !== null) {
      const domains = Object.entries(Object.groupBy(emails, domainOf))
      for (const [domain, those] of domains) limit.check(domain, those?.length ?? 0)
      for (const [domain, those] of domains) limit.add(domain, those?.length ?? 0)
    }
    return async (
      organizationId: number,
      made: readonly (Invitation & { readonly token: string })[],
    ): Promise<readonly SentInvitation[]> => {
      if (mail === null || byMail === null) return made.map((one) => ({ ...one, mailed: false }))
      const organization = (await nameOf(organizationId))?.name ?? ''
      let isTaking = true
      const sent: SentInvitation[] = []
      for (const { token, ...shown } of made) {
        // A mail server that is away is not waited for again and again.
        isTaking = isTaking && (await isTaken(() => mail({ email: shown.email, token, organization, asked: byMail })))
        sent.push(isTaking ? { ...shown, mailed: true } : { ...shown, mailed: false, token })
      }
      return sent
    }
  }

  return { begin }
}

const domainOf = (email: string): string => email.slice(email.lastIndexOf('@') + 1).toLowerCase()

const isTaken = async (send: () => Promise<void>): Promise<boolean> => {
  try {
    await send()
    return true
  } catch {
    // Told to the inviter by the link in the answer.
    return false
  }
}

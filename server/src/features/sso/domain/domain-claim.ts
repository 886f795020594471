import { InvalidRequest } from '../../../kernel/errors.ts'
import { dayMs } from '../../../kernel/time.ts'

/** Asks the DNS. Empty: there is no such record; throws when nobody answers, which says nothing about the record. */
export type FindTxtRecords = (domain: string) => Promise<readonly string[]>

/** The text that proves a claim (auth §8). */
export const recordOf = (token: string): string => `mixpanel-domain-verify=${token}`

/** A domain as typed → lower case. Throws InvalidRequest. */
export const readDomain = (text: string): string => {
  const domain = text.trim().toLowerCase().replace(/\.$/, '')
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
  if (domain.length > 253 || !new RegExp(`^(?:${label}\\.)+(?=.*[a-z])${label}$`).test(domain)) {
    throw new InvalidRequest('domain must be a domain name such as example.org')
  }
  return domain
}

/** How long a record that was there may be away before the domain is nobody's again (auth §8). */
export const graceMs = 7 * dayMs

/** Whether the domain counts as proved after a look; a look that got no answer changes nothing. */
export const isProved = (
  claim: { readonly isVerified: boolean; readonly seenAtMs: number | null },
  isSeen: boolean,
  nowMs: number,
): boolean => isSeen || (claim.isVerified && claim.seenAtMs !== null && nowMs - claim.seenAtMs < graceMs)

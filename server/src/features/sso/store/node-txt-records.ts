import { Resolver } from 'node:dns/promises'
import { EngineUnavailable } from '../../../kernel/errors.ts'
import type { FindTxtRecords } from '../domain/domain-claim.ts'

/** By the system's name servers, or by `servers` (address, or address:port). */
export const nodeTxtRecords = (servers: readonly string[]): FindTxtRecords => {
  const resolver = new Resolver({ timeout: 3_000, tries: 2 })
  if (servers.length > 0) resolver.setServers([...servers])
  return async (domain) => {
    try {
      // A long text comes in parts.
      return (await resolver.resolveTxt(domain)).map((parts) => parts.join(''))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOTFOUND' || code === 'ENODATA') return []
      throw new EngineUnavailable('the name servers do not answer', error)
    }
  }
}

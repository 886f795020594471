import type { Region } from '../../../kernel/region.ts'

/** How a browser reached us. */
export interface AskedHost {
  /** Lower case, without port. */
  readonly host: string
  /** As sent, with port. */
  readonly hostHeader: string
  /** Null: a host of no region (single-host mode). */
  readonly region: Region | null
}

export interface WebOriginDeps {
  readonly regions: readonly Region[]
  readonly servedRegionIds: ReadonlySet<string>
  readonly allowHttp: boolean
}

/** Whom passkeys are for (WebAuthn's relying party). */
export interface RelyingParty {
  readonly id: string
  /** Origins whose pages may use them. */
  readonly origins: readonly string[]
}

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(':')
// Names that lead to the reader's own machine, whoever wrote them.
const isOwnMachine = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || /^127\.[\d.]+$/.test(host) || host === '[::1]'

/**
 * Where links of mails lead, and whom passkeys are for: the web host that was asked, and so its region (RES-11). A Host
 * header alone never makes a link: anybody can send one, and the mail goes to somebody else.
 */
export const createWebOrigins = ({ regions, servedRegionIds, allowHttp }: WebOriginDeps) => {
  const served = regions.filter(({ id }) => servedRegionIds.has(id))
  return {
    linkOrigin: ({ host, hostHeader, region }: AskedHost): string => {
      const publicUrl = (region ?? served[0])?.publicUrl ?? ''
      const own = publicUrl === '' ? null : new URL(publicUrl)
      if (own?.hostname === host) return own.origin
      return allowHttp && isOwnMachine(host) && URL.canParse(`http://${hostHeader}`)
        ? new URL(`http://${hostHeader}`).origin
        : (own?.origin ?? '')
    },
    /** Null: browsers make no passkeys for addresses. */
    relyingParty: ({ host, hostHeader, region }: AskedHost): RelyingParty | null => {
      if (host === '' || isAddress(host)) return null
      const known = (region === null ? served : [region]).map(({ publicUrl }) => new URL(publicUrl))
      const schemes = allowHttp ? ['https', 'http'] : ['https']
      const origins = [
        ...known.filter(({ hostname }) => hostname === host).map(({ origin }) => origin),
        ...schemes.map((scheme) => `${scheme}://${hostHeader}`),
      ]
      return { id: host, origins: [...new Set(origins)] }
    },
  }
}

export type WebOrigins = ReturnType<typeof createWebOrigins>

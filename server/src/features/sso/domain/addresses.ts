import type { Region } from '../../../kernel/region.ts'

/** How a request of a browser reached us; nothing of its body. */
export interface CameIn {
  /** Lower case, without port. */
  readonly host: string
  /** As sent: with port. */
  readonly hostHeader: string
  readonly region: Region | null
  /** Path and query. */
  readonly url: string
}

export interface AddressDeps {
  readonly regions: readonly Region[]
  readonly servedRegionIds: ReadonlySet<string>
  readonly allowHttp: boolean
}

const entityPath = '/security/sso/v2/authorize'

/**
 * auth §8: the URLs by which identity providers know this server. A URL is ours when its host is a configured name of
 * the region that the request came in at, or that region's public URL: never because a Host header says so.
 */
export const createAddresses = ({ regions, servedRegionIds, allowHttp }: AddressDeps) => {
  const isScheme = (url: URL): boolean => url.protocol === 'https:' || (allowHttp && url.protocol === 'http:')

  /** Origins that mean the host of the request: the first is the one to name. */
  const originsOf = ({ host, hostHeader, region }: CameIn): readonly string[] => {
    const served = regions.filter(({ id }) => servedRegionIds.has(id))
    const publicOrigins = (region === null ? served : [region]).map(({ publicUrl }) => new URL(publicUrl).origin)
    if (region === null) return [...new Set(publicOrigins)]
    const port = /:(\d+)$/.exec(hostHeader)?.[0] ?? ''
    const byName = [
      `https://${host}${port}`,
      `https://${host}`,
      ...(allowHttp ? [`http://${host}${port}`, `http://${host}`] : []),
    ]
    const named = publicOrigins.filter((origin) => new URL(origin).hostname === host)
    const asCalled = allowHttp ? [`http://${host}${port}`] : []
    return [...new Set([...named, ...asCalled, ...byName, ...publicOrigins].map((origin) => new URL(origin).origin))]
  }

  const hosts = new Set(regions.flatMap((region) => [...region.hosts, new URL(region.publicUrl).hostname]))

  return {
    originOf: (cameIn: CameIn): string => originsOf(cameIn)[0] ?? '',
    entityIdAt: (origin: string): string => `${origin}${entityPath}/`,
    /** True when `text` is the URL of the request itself, at its host. */
    isAddressOf: (cameIn: CameIn, text: string): boolean => {
      if (!URL.canParse(text)) return false
      const [url, own] = [new URL(text), new URL(cameIn.url, 'https://path.invalid')]
      const query = (of: URL) => of.searchParams.get('org_id')
      return (
        isScheme(url) &&
        originsOf(cameIn).includes(url.origin) &&
        withoutSlash(url.pathname) === withoutSlash(own.pathname) &&
        query(url) === query(own)
      )
    },
    /** One application at the provider may serve every region, so any region's entity id will do. */
    isEntityId: (text: string): boolean => {
      if (!URL.canParse(text)) return false
      const url = new URL(text)
      return isScheme(url) && hosts.has(url.hostname) && withoutSlash(url.pathname) === entityPath && url.search === ''
    },
    /** What an owner copies into the identity provider, of every region that is served. */
    postbacksOf: (organizationId: number) =>
      regions
        .filter(({ id }) => servedRegionIds.has(id))
        .map(({ id, publicUrl }) => ({
          region: id,
          entity_id: `${publicUrl}${entityPath}/`,
          postback_url: `${publicUrl}${entityPath}/?org_id=${organizationId}`,
          login_url: `${publicUrl}/security/login/${organizationId}`,
          acs_url: `${publicUrl}/sso/saml2`,
        })),
  }
}

export type Addresses = ReturnType<typeof createAddresses>

const withoutSlash = (path: string): string => path.replace(/\/+$/, '')

/** auth §8: a path of this host, else the front page. Nothing that a browser could take for another host. */
export const relativeTarget = (relayState: string | undefined): string => {
  const text = relayState ?? ''
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes('\\') || text.length > 1_000) return '/'
  const url = new URL(text, 'https://path.invalid')
  const target = `${url.pathname}${url.search}${url.hash}`
  // Dots that go up can leave two slashes in front, which browsers read as a host.
  return url.origin !== 'https://path.invalid' || target.startsWith('//') ? '/' : target
}

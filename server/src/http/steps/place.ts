import { AppError } from '../../kernel/errors.ts'
import type { Region } from '../../kernel/region.ts'

export interface PlaceDeps {
  /** Every region of the installation, served here or not. */
  readonly regions: readonly Region[]
  readonly servedRegionIds: ReadonlySet<string>
  readonly strictHosts: boolean
}

/** Host header → lower case, without port and trailing dot. */
export const hostName = (hostHeader: string | undefined): string =>
  (hostHeader ?? '').toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '')

/**
 * RES-02…05, RES-09, RES-17: the Host decides the region, once. A host in no list is single-host mode (null)
 * unless strict; a host of a region that this process does not serve is refused (421), never forwarded.
 */
export const createPlace = (deps: PlaceDeps) => {
  const regionByHost = new Map(deps.regions.flatMap((region) => region.hosts.map((host) => [host, region] as const)))
  return (host: string): Region | null => {
    const region = regionByHost.get(host) ?? null
    if (region === null && deps.strictHosts) {
      throw new AppError('MISDIRECTED_HOST', `host ${JSON.stringify(host)} is not served here`, {
        status: 421,
      })
    }
    if (region !== null && !deps.servedRegionIds.has(region.id)) {
      throw new AppError('MISDIRECTED_HOST', `this server does not serve region ${region.id}`, {
        status: 421,
      })
    }
    return region
  }
}

export type Place = ReturnType<typeof createPlace>

/**
 * A region is data, not code (DESIGN §3): nothing branches on its name.
 * `id` is upper case (`US`, `EU`, `IN`) everywhere but in configuration names and folders.
 */
export interface Region {
  readonly id: string
  /** Cluster name shown for its projects, such as `mixpanel-prod-eu` (RES-10). */
  readonly cluster: string
  /** Lower-case host names, without port, that mean this region. */
  readonly hosts: readonly string[]
  /** Hosts to name in a refusal, by family of API (residency §1). */
  readonly apiHost: string
  readonly dataHost: string
  readonly webHost: string
  /** Public base URL of the web host, without trailing slash: links, downloads, SSO. */
  readonly publicUrl: string
}

export type HostFamily = 'api' | 'data' | 'web'

/** The host of `region` that serves `family`; named in WrongRegion messages. */
export const hostOf = (region: Region, family: HostFamily): string =>
  family === 'api' ? region.apiHost : family === 'data' ? region.dataHost : region.webHost

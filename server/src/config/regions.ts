import type { Region } from '../kernel/region.ts'
import { type ObjectsPlace, parseObjectsUrl } from './objects-url.ts'
import type { RegionSettings } from './settings.ts'

/** A region as configured. Nothing branches on its name: what differs is a row of the table below or a variable. */
export interface RegionConfig extends Region {
  /** Cluster names its projects may show (RES-10); the first is `cluster`. */
  readonly clusters: readonly string[]
  /** Null: embedded. May hold a password. */
  readonly clickhouseUrl: string | null
  readonly clickhouseCluster: string | null
  /** Null: a folder under the data folder. May hold a secret. */
  readonly objects: ObjectsPlace | null
}

/** Host names of the public API (residency §1), so that DNS or a proxy is enough to move an application over. */
export const defaultRegions: Readonly<Record<string, { readonly hosts: readonly string[]; readonly cluster: string }>> =
  {
    US: {
      hosts: ['api.mixpanel.com', 'api-js.mixpanel.com', 'data.mixpanel.com', 'mixpanel.com', 'us.lethe.localhost'],
      cluster: 'mixpanel-prod-1',
    },
    EU: {
      hosts: ['api-eu.mixpanel.com', 'data-eu.mixpanel.com', 'eu.mixpanel.com', 'eu.lethe.localhost'],
      cluster: 'mixpanel-prod-eu',
    },
    IN: {
      hosts: ['api-in.mixpanel.com', 'data-in.mixpanel.com', 'in.mixpanel.com', 'in.lethe.localhost'],
      cluster: 'mixpanel-prod-in',
    },
  }

export interface ListenFacts {
  readonly host: string
  readonly port: number
  readonly hasTls: boolean
  readonly allowHttp: boolean
  readonly strictHosts: boolean
}

export const buildRegion = (id: string, values: RegionSettings, listen: ListenFacts): RegionConfig => {
  const name = id.toLowerCase()
  const known = defaultRegions[id]
  const hosts =
    values.HOSTS.length > 0
      ? values.HOSTS.map((host) => host.toLowerCase())
      : (known?.hosts ?? [`${name}.lethe.localhost`])
  const clusters = values.CLUSTER_NAME.length > 0 ? values.CLUSTER_NAME : [known?.cluster ?? `mixpanel-prod-${name}`]
  const webHost = hosts.find((host) => !/^(api|data)\b/.test(host)) ?? hosts[0] ?? ''
  return {
    id,
    cluster: clusters[0] ?? '',
    clusters,
    hosts,
    apiHost: hosts.find((host) => /^api\b/.test(host)) ?? webHost,
    dataHost: hosts.find((host) => /^data\b/.test(host)) ?? webHost,
    webHost,
    publicUrl: values.URL === '' ? derivedUrl(hosts, webHost, values, listen) : values.URL.replace(/\/+$/, ''),
    clickhouseUrl: values.CLICKHOUSE_URL || null,
    clickhouseCluster: values.CLICKHOUSE_CLUSTER || null,
    objects: parseObjectsUrl(values.OBJECTS_URL),
  }
}

// Without LETHE_<R>_URL, links have to work as installed. Hosts that the operator chose are meant to be reachable. The
// default names are not ours to resolve: then links go to the listen address, or (when that is refused as unknown
// host) to the `.localhost` name.
const derivedUrl = (hosts: readonly string[], webHost: string, values: RegionSettings, listen: ListenFacts): string => {
  const scheme = listen.hasTls ? 'https' : 'http'
  if (values.HOSTS.length > 0) {
    return listen.hasTls || listen.allowHttp ? `${scheme}://${webHost}:${listen.port}` : `https://${webHost}`
  }
  const local = listen.strictHosts ? hosts.find((host) => host.endsWith('.localhost')) : undefined
  return `${scheme}://${local ?? urlHost(listen.host)}:${listen.port}`
}

/** An address as a URL needs it; "every address" is reached by loopback. */
export const urlHost = (host: string): string => {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

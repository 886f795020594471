import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { createIngestion, type Ingestion, type IngestionDeps } from '../../src/features/ingestion/index.ts'
import { createProfiles } from '../../src/features/profiles/index.ts'
import { createHttpServer } from '../../src/http/server.ts'
import { createLocate } from '../../src/http/steps/locate.ts'
import { createPlace } from '../../src/http/steps/place.ts'
import { Unauthenticated } from '../../src/kernel/errors.ts'
import type { FindPlace } from '../../src/kernel/geo-place.ts'
import type { Project } from '../../src/kernel/project.ts'
import type { Region } from '../../src/kernel/region.ts'
import { migrateClickhouse } from '../../src/platform/clickhouse/migrate.ts'
import type { RegionDb } from '../../src/platform/clickhouse/region-db.ts'
import { openTestEngines, type TestEngines } from '../support/engines.ts'

const region = (id: string): Region => {
  const name = id.toLowerCase()
  const apiHost = `api-${name}.test`
  return {
    id,
    cluster: `mixpanel-prod-${name}`,
    hosts: [apiHost],
    apiHost,
    dataHost: `data-${name}.test`,
    webHost: `${name}.test`,
    publicUrl: `https://${name}.test`,
  }
}

const project = (
  id: number,
  regionId: string,
  token: string,
  identityMode: Project['identityMode'] = 'simplified',
): Project => ({
  id,
  organizationId: 1,
  name: `P${id}`,
  region: regionId,
  cluster: 'c',
  token,
  timezone: 'UTC',
  hasProjectTime: false,
  identityMode,
  suppressErased: true,
  erasureEpoch: 0,
  dataRulesVersion: 0,
  lexiconVersion: 0,
})

const regions = [region('US'), region('EU')]
const projects = [
  project(1001, 'US', 'shop-token'),
  project(1003, 'US', 'original-token', 'original'),
  project(1004, 'US', 'legacy-token', 'legacy'),
  project(2001, 'EU', 'eu-token'),
]
const clock = { nowMs: () => Date.now() }

/** Basic authorization with a project's token as user. */
export const basicOf = (token: string) => ({ authorization: `Basic ${Buffer.from(`${token}:`).toString('base64')}` })

export interface Stored {
  readonly distinct_id: string
  readonly insert_id: string
  readonly time_ms: string
  readonly properties: Readonly<Record<string, string>>
}

type Sent = Promise<LightMyRequestResponse>

/** The HTTP steps and the ingestion slices over real engines; only projects and credentials are made up. */
export interface IngestionServer {
  readonly engines: TestEngines
  readonly ingestion: Ingestion
  /** `surface outcome reason count` as counted, since the test emptied it. */
  readonly outcomes: string[]
  /** POST to the US host unless told otherwise. */
  send(options: InjectOptions): Sent
  jsonBody(url: string, data: unknown, headers?: Record<string, string>): Sent
  /** As browsers send: base64 in a form. */
  form(url: string, data: unknown, more?: string): Sent
  /** Events of project 1001 by name, oldest first. */
  stored(event: string): Promise<readonly Stored[]>
  close(): Promise<void>
}

type Door = Pick<IngestionDeps, 'dataRules' | 'rate' | 'hotEventCount' | 'redirectOrigins'>

/** No rules, and no limit but those of memory. */
const noDoor: Door = {
  dataRules: { doorOf: () => null },
  rate: { bytesPerMinuteMax: 0, eventsPerMinuteMax: 0 },
  hotEventCount: 0,
  redirectOrigins: new Set(),
}

/** `faulty` replaces parts of the region engine. Ids `suppressed` and `slow-suppressed` are on the suppression list. */
export const openIngestionServer = async (
  faulty: Partial<RegionDb> = {},
  findPlace: FindPlace | null = null,
  door: Partial<Door> = {},
): Promise<IngestionServer> => {
  const engines = await openTestEngines()
  await migrateClickhouse(engines.region, 'server/migrations/clickhouse', (_name, work) => work())
  const outcomes: string[] = []
  const served = { regions, servedRegionIds: new Set(['US', 'EU']) }
  const directory = {
    byToken: async (token: string) => projects.find((known) => known.token === token) ?? null,
    byId: async (id: number) => projects.find((known) => known.id === id) ?? null,
  }
  const locate = createLocate({ ...served, projects: directory, mayUse: () => true })
  const regionDbs = [{ ...engines.region, ...faulty }]
  const ingestion = createIngestion({
    locate,
    clock,
    control: engines.control,
    regionDbs,
    profiles: createProfiles({ control: engines.control, regionDbs }),
    suppression: {
      isSuppressed: (_project, id) => (id === 'slow-suppressed' ? Promise.resolve(true) : id === 'suppressed'),
    },
    ...noDoor,
    ...door,
    findPlace,
    onOutcome: (...parts) => outcomes.push(parts.join(' ')),
    anonymousIdKey: 'key',
  })
  const app = createHttpServer({
    routes: ingestion.routes,
    place: createPlace({ ...served, strictHosts: false }),
    locate,
    clock,
    authenticator: {
      authenticate: async ({ headers }) => {
        const found = projects.find(({ token }) => headers.authorization === basicOf(token).authorization)
        if (found === undefined) throw new Unauthenticated('Invalid credentials')
        return { kind: 'project-token', projectId: found.id }
      },
    },
    onAnswered: () => undefined,
    onFault: () => undefined,
    trustedProxies: [],
    requireHttps: false,
    tls: null,
  })
  const send = (options: InjectOptions): Sent =>
    app.inject({ method: 'POST', ...options, headers: { host: 'api-us.test', ...options.headers } })
  return {
    engines,
    ingestion,
    outcomes,
    send,
    jsonBody: (url, data, headers = {}) =>
      send({ url, headers: { 'content-type': 'application/json', ...headers }, payload: JSON.stringify(data) }),
    form: (url, data, more = '') => {
      const base64 = encodeURIComponent(Buffer.from(JSON.stringify(data)).toString('base64'))
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      return send({ url, headers, payload: `data=${base64}${more}` })
    },
    stored: (event) =>
      engines.region.rows<Stored>(
        `SELECT distinct_id, insert_id, toString(toUnixTimestamp64Milli(time)) AS time_ms, properties
         FROM event WHERE project_id = 1001 AND event = {event:String} ORDER BY time`,
        { params: { event } },
      ),
    close: async () => {
      await app.close()
      await engines.close()
    },
  }
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1_000)

let nameCount = 0
/** A name of an event that no other test of the file uses. */
export const aName = (): string => {
  nameCount += 1
  return `Event ${nameCount}`
}

export const anEvent = (event: string, properties: Record<string, unknown> = {}) => ({
  event,
  properties: { token: 'shop-token', distinct_id: 'u1', time: nowSeconds(), ...properties },
})

let insertIdCount = 0
export const anImport = (event: string, properties: Record<string, unknown> = {}) => {
  insertIdCount += 1
  return {
    event,
    properties: { distinct_id: 'u1', time: 1_600_000_000, $insert_id: `i-${insertIdCount}`, ...properties },
  }
}

import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openRemoteRegionDb } from '../../src/platform/clickhouse/clickhouse-region-db.ts'
import { startEngine } from '../../src/platform/clickhouse/embedded-engine.ts'
import type { RegionDb } from '../../src/platform/clickhouse/region-db.ts'
import { startPostgres } from '../../src/platform/postgres/embedded-postgres.ts'
import { fastPrivacy } from '../fault/fault-rig.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { defaultProvision } from '../support/provision.ts'
import type { Mode } from './model-identities.ts'

export interface SoakProject {
  readonly id: number
  readonly token: string
  readonly secret: string
  readonly mode: Mode
}

/** Two processes over the same stores, as behind a load balancer. */
export interface TwoServers {
  readonly servers: readonly [Lethe, Lethe]
  readonly projects: readonly SoakProject[]
  /** The region's engine itself. */
  readonly db: RegionDb
  stop(): Promise<void>
}

const modes: readonly Mode[] = ['simplified', 'original', 'legacy']

/** Project n is of mode n modulo 3. */
const projectsOf = (count: number): readonly SoakProject[] =>
  Array.from({ length: count }, (_, at) => {
    const id = 5_001 + at
    return { id, token: `${id}a`.padEnd(32, '0'), secret: `${id}b`.padEnd(32, '0'), mode: modes[at % 3] as Mode }
  })

export const startTwoServers = async (projectCount: number): Promise<TwoServers> => {
  const folder = await mkdtemp(join(tmpdir(), 'lethe-soak-'))
  // Postgres runs as another user when the tests run as root.
  await chmod(folder, 0o711)
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close()
  }
  try {
    const [engine, postgres] = await Promise.all([
      startEngine({ folder: join(folder, 'clickhouse') }),
      startPostgres({ folder: join(folder, 'control') }),
    ])
    closers.push(
      () => engine.stop(),
      () => postgres.stop(),
    )
    const projects = projectsOf(projectCount)
    const env = {
      ...fastPrivacy,
      LETHE_REGIONS: 'us',
      LETHE_SECRET_KEY: randomBytes(32).toString('hex'),
      LETHE_DATABASE_URL: urlOf(postgres.connection as { host: string; password: string; database: string }),
      LETHE_US_CLICKHOUSE_URL: engine.endpoint.url.replace(
        '://',
        `://${engine.endpoint.username}:${engine.endpoint.password}@`,
      ),
      LETHE_US_OBJECTS_URL: pathToFileURL(join(folder, 'objects')).href,
    }
    const start = async (name: string, provision: object | null): Promise<Lethe> => {
      const dataDir = join(folder, name)
      await mkdir(dataDir)
      const lethe = await startLethe({ dataDir, env, provision })
      closers.push(() => lethe.stop())
      return lethe
    }
    const servers = [await start('one', provisionOf(projects)), await start('two', null)] as const
    const db = await openRemoteRegionDb({ regionId: 'US', url: env.LETHE_US_CLICKHOUSE_URL, cluster: null })
    closers.push(() => db.close())
    return { servers, projects, db, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Its socket is no host name, so it goes where libpq takes it too. */
const urlOf = ({ host, password, database }: { host: string; password: string; database: string }): string =>
  `postgres://lethe:${encodeURIComponent(password)}@localhost/${database}?host=${encodeURIComponent(host)}`

const provisionOf = (projects: readonly SoakProject[]): object => {
  const [acme] = defaultProvision().organizations
  const all = projects.map(({ id, token, secret, mode }) => {
    return { id, token, secret, name: `Soak ${id}`, region: 'US', timezone: 'UTC', identity: mode }
  })
  return { organizations: [{ ...acme, projects: all, service_accounts: [] }] }
}

import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { tableHolders } from '../../src/compose-privacy.ts'
import { createPeopleReader } from '../../src/features/export/index.ts'
import { createClusterStore, createHiddenSet, lockLinks } from '../../src/features/identity/index.ts'
import type { PrivacyTask } from '../../src/features/privacy/domain/task.ts'
import type { DeletionDeps } from '../../src/features/privacy/erase/deletion-deps.ts'
import { createGate } from '../../src/features/privacy/erase/gate.ts'
import { createRequestObjectsHolder } from '../../src/features/privacy/erase/request-objects-holder.ts'
import { createReceiptSigner } from '../../src/features/privacy/receipt.ts'
import { createRequest } from '../../src/features/privacy/requests.ts'
import { type RetrievalDeps, runRetrievals } from '../../src/features/privacy/retrieve/run-retrievals.ts'
import { createIdLists } from '../../src/features/privacy/store/id-lists.ts'
import { createIdHash, taskStore } from '../../src/features/privacy/store/postgres-task-store.ts'
import { lockAllProfileSlots } from '../../src/features/profiles/index.ts'
import type { AuditLog } from '../../src/kernel/audit.ts'
import type { Project } from '../../src/kernel/project.ts'
import { projectScope } from '../../src/kernel/scope.ts'
import { migrateClickhouse } from '../../src/platform/clickhouse/migrate.ts'
import type { RegionDb } from '../../src/platform/clickhouse/region-db.ts'
import { retireParts } from '../../src/platform/clickhouse/retired-parts.ts'
import type { ObjectStore } from '../../src/platform/objects/object-store.ts'
import type { ControlDb, ControlTx } from '../../src/platform/postgres/control-db.ts'
import { migratePostgres } from '../../src/platform/postgres/migrate.ts'
import { openTestEngines, type TestEngines } from './engines.ts'

/** The stores and ports that an erasure works through; a test may hand in ones that lie or break. */
export interface ErasurePorts {
  readonly control: ControlDb
  readonly objects: ObjectStore
  readonly db: RegionDb
  readonly audit: AuditLog
}

const lockPeople = async (tx: ControlTx, region: string): Promise<void> => {
  await lockLinks(tx, region)
  await lockAllProfileSlots(tx, region)
}

const migrations = join(import.meta.dirname, '../../migrations')
const secret = Buffer.alloc(32, 7)
const idHash = createIdHash(secret)
const regionId = 'US'

const project = (id: number): Project => ({
  id,
  organizationId: 1,
  name: 'Shop',
  region: regionId,
  cluster: 'mixpanel-prod-1',
  token: `token${id}`,
  timezone: 'UTC',
  hasProjectTime: false,
  identityMode: 'simplified',
  suppressErased: false,
  erasureEpoch: 0,
  dataRulesVersion: 0,
  lexiconVersion: 0,
})

/** The engines, migrated, with the projects 1 and 2 of one organization and the account 1. */
export const openErasureRig = async () => {
  const engines = await openTestEngines()
  try {
    await migrateClickhouse(engines.region, join(migrations, 'clickhouse'), (_name, work) => work())
    await migratePostgres(engines.controlConnection, join(migrations, 'postgres'))
    await engines.control.rows(`INSERT INTO organization (id, name) VALUES (1, 'Acme')`)
    await engines.control.rows(`INSERT INTO account (id, email) VALUES (1, 'owner@acme.test')`)
    for (const id of [1, 2]) {
      await engines.control.rows(
        `INSERT INTO project (id, organization_id, name, region, cluster, identity_mode, token, secret_hash)
         VALUES ($1, 1, 'Shop', $2, 'mixpanel-prod-1', 'simplified', $3, $3)`,
        [id, regionId, `token${id}`],
      )
    }
    return rigOver(engines)
  } catch (error) {
    await engines.close()
    throw error
  }
}

const rigOver = (engines: TestEngines) => {
  const { region: db, control, objects } = engines
  const nowMs = () => Date.now()
  const idLists = createIdLists(objects)
  const people = createPeopleReader(db)
  const problems: unknown[] = []

  /** What the server hands to the worker of a region, over the real stores unless the test gives others. */
  const deletionDeps = (ports: Partial<ErasurePorts> = {}): DeletionDeps => {
    const used = { control, objects, db, audit: { append: async () => undefined }, ...ports }
    const lists = createIdLists(used.objects)
    const holders = tableHolders(() => used.db)
    const requestObjects = createRequestObjectsHolder({
      control: used.control,
      objects: () => used.objects,
      idHash,
    })
    return {
      regionId,
      control: used.control,
      idLists: lists,
      idHash,
      audit: used.audit,
      receipts: createReceiptSigner(secret),
      lockPeople,
      withoutRetrievals: (work) => work(),
      whileNoRewrite: (work) => work(),
      suppressionDelayMs: 0,
      attemptCountMax: 5,
      onProblem: (_trackingIds, error) => problems.push(error),
      nowMs,
      stage: {
        idLists: lists,
        clusters: createClusterStore(used.db),
        holders: [...holders, requestObjects],
        nowMs,
      },
      erase: {
        db: used.db,
        hidden: createHiddenSet(used.db),
        holders,
        requestObjects,
        retireParts: (table) => retireParts(used.db, table, { limitMs: 1_000 }),
        gate: createGate(used.db, used.objects),
        fileWaitMs: 3_000,
        nowMs,
      },
    }
  }

  const retrievalDeps: RetrievalDeps = {
    regionId,
    control,
    objects,
    idLists,
    idHash,
    clusters: createClusterStore(db),
    people,
    holders: tableHolders(() => db),
    archiveDays: 30,
    onProblem: (_trackingIds, error) => problems.push(error),
    nowMs,
    signal: new AbortController().signal,
  }

  /** Creates a request as the routes do. `graceSeconds` keeps a deletion PENDING. */
  const request = (
    kind: 'deletion' | 'retrieval',
    distinctIds: readonly string[],
    options: { readonly graceSeconds?: number; readonly suppress?: boolean; readonly projectId?: number } = {},
  ): Promise<PrivacyTask> => {
    const { graceSeconds = 0, suppress, projectId = 1 } = options
    return createRequest(
      {
        control,
        idLists: () => idLists,
        people: () => people,
        idHash,
        nowMs,
        graceSeconds,
        ratePerSecond: 1_000_000,
        scanDaysMax: 100_000,
      },
      {
        kind,
        scope: projectScope(projectId, regionId),
        project: project(projectId),
        accountId: 1,
        input: { distinctIds, complianceType: 'gdpr', disclosureType: 'DATA', suppress },
      },
    )
  }

  const task = async (created: PrivacyTask): Promise<PrivacyTask> => {
    const found = await taskStore.find(control, created.projectId, created.kind, created.trackingId)
    if (found === null) throw new Error('the task is gone')
    return found
  }

  /** A person with a linked device, events of two months and a profile, in a project; values name `name`. */
  const plant = async (name: string, projectId = 1): Promise<readonly string[]> => {
    const [user, device] = [`${name}-user`, `$device:${name}-device`]
    const event = (distinctId: string, time: string) => ({
      project_id: projectId,
      event: `${name}-opened`,
      time,
      distinct_id: distinctId,
      insert_id: `${name}-${time}`,
      properties: { [`${name}-property`]: JSON.stringify(`${name}-value`) },
    })
    const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n')
    const link = { project_id: projectId, distinct_id: device, canonical_id: user }
    await db.insert('identity_link', lines([link]))
    await db.insert(
      'event',
      lines([
        event(device, '2024-01-10 00:00:00.000'),
        event(user, '2024-01-11 00:00:00.000'),
        event(user, '2024-02-11 00:00:00.000'),
      ]),
    )
    const profile = { project_id: projectId, distinct_id: user, version: 1, is_deleted: 0 }
    await db.insert('profile', lines([{ ...profile, properties: { $email: JSON.stringify(`${name}@people.test`) } }]))
    return [user, device]
  }

  /** Rows of all tables, hidden or not, of everybody but `exceptIds` of project 1, as sorted text. */
  const rowsOfOthers = async (exceptIds: readonly string[]): Promise<readonly string[]> => {
    const all = await Promise.all(
      ['event', 'profile', 'identity_link'].map((table) =>
        db.rows<{ row: string }>(
          `SELECT concat('${table} ', toString(tuple(*))) AS row FROM ${table}
           WHERE NOT (project_id = 1 AND distinct_id IN {ids:Array(String)})`,
          { params: { ids: exceptIds } },
        ),
      ),
    )
    return all
      .flat()
      .map(({ row }) => row)
      .sort()
  }

  /** Rows of any table that name one of the ids in project 1, the hidden set included. */
  const rowsOf = async (ids: readonly string[]): Promise<Readonly<Record<string, number>>> => {
    const counts: Record<string, number> = {}
    for (const table of ['event', 'profile', 'identity_link', 'hidden_id']) {
      const other = table === 'identity_link' ? 'OR canonical_id IN {ids:Array(String)}' : ''
      const [row] = await db.rows<{ n: string }>(
        `SELECT count() AS n FROM ${table} WHERE project_id = 1 AND (distinct_id IN {ids:Array(String)} ${other})`,
        { params: { ids } },
      )
      counts[table] = Number(row?.n)
    }
    return counts
  }

  /** What a reader sees of them: event lines and profiles. */
  const seen = async (ids: readonly string[], projectId = 1): Promise<string> => {
    const scope = projectScope(projectId, regionId)
    const { signal } = retrievalDeps
    const chunks: Buffer[] = []
    for await (const chunk of people.events(scope, ids, null, signal)) chunks.push(chunk)
    for await (const chunk of people.profiles(scope, ids, signal)) chunks.push(chunk)
    return Buffer.concat(chunks).toString('utf8')
  }

  /** The content of every id list and the names of all objects, as one text. */
  const objectTexts = async (): Promise<string> => {
    const parts: string[] = []
    for (const { key } of await objects.list('')) {
      const object = await objects.get(key)
      parts.push(key, object === null || !key.endsWith('.json') ? '' : await text(object.body))
    }
    return parts.join('\n')
  }

  return {
    engines,
    db,
    control,
    objects,
    problems,
    deletionDeps,
    retrieve: () => runRetrievals(retrievalDeps),
    request,
    task,
    plant,
    rowsOfOthers,
    rowsOf,
    seen,
    objectTexts,
    close: () => engines.close(),
  }
}

export type ErasureRig = Awaited<ReturnType<typeof openErasureRig>>

export const nothing = { event: 0, profile: 0, identity_link: 0, hidden_id: 0 } as const

import { AppError, EngineUnavailable, Overloaded } from '../../../kernel/errors.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import type { ControlDb } from '../../../platform/postgres/control-db.ts'
import { type ApplyOutcome, applyOperations, type ProfileProperties } from '../domain/apply-operations.ts'
import type { ProfileUpdate } from '../domain/profile-update.ts'
import { type ProfileTable, profileRowText, type StoredProfile } from './profile-rows.ts'
import { lockProfileSlots, profileSlot } from './profile-slots.ts'

export interface ProfileStoreSettings {
  /** Updates and bytes that may be held, waiting and running together; beyond them requests are refused (invariant 9). */
  readonly queueUpdateCountMax: number
  readonly queueBytesMax: number
  /** Profiles read, changed and written in one transaction: with 1 MB per profile, the most that is in memory at once. */
  readonly batchProfileCountMax: number
}

export const defaultProfileSettings: ProfileStoreSettings = {
  queueUpdateCountMax: 50_000,
  queueBytesMax: 64 * 1_024 * 1_024,
  batchProfileCountMax: 250,
}

/** What became of one update, in the order of the request; rejected ones changed nothing. */
export type UpdateOutcome = { readonly kind: 'accept' } | Extract<ApplyOutcome, { readonly kind: 'reject' }>

/** `Id` says which profile of a project: a distinct_id, or a group's key and id. */
export interface ProfileStore<Id = string> {
  /**
   * Applies the updates in order and resolves when they are durable (invariant 4). Safe with several servers: a profile
   * is changed under its slot's lock. Throws Overloaded when the queue is full or closed, EngineUnavailable when a
   * store does not answer: some of the updates may have been applied then.
   */
  apply(scope: ProjectScope, updates: readonly ProfileUpdate<Id>[]): Promise<readonly UpdateOutcome[]>
  /**
   * Profiles as anybody may see them, by the text of their id (`ProfileTable.textOf`): raw JSON text by property name.
   * Those that are gone or hidden are missing.
   */
  get(scope: ProjectScope, ids: readonly Id[]): Promise<ReadonlyMap<string, ProfileProperties>>
  /** Refuses new updates; resolves when everything taken before is answered. */
  drain(): Promise<void>
}

interface Job<Id> {
  readonly projectId: number
  readonly updates: readonly ProfileUpdate<Id>[]
  readonly outcomes: UpdateOutcome[]
  error: AppError | null
  readonly settle: () => void
}

/** All updates of one profile in a batch, in order of arrival. */
interface ProfileWork<Id> {
  readonly projectId: number
  readonly id: Id
  readonly idText: string
  readonly updates: { readonly job: Job<Id>; readonly at: number }[]
}

const batchUpdateCountMax = 5_000

/** What one store works on. */
interface Stores<Id> {
  readonly db: RegionDb
  readonly control: ControlDb
  readonly table: ProfileTable<Id>
}

/** ING-17…23: read-modify-write of profiles. All updates that arrive while a batch runs form the next one. */
export const createProfileStore = <Id>(
  stores: Stores<Id>,
  settings: ProfileStoreSettings = defaultProfileSettings,
): ProfileStore<Id> => {
  const { db, table } = stores
  const queue: Job<Id>[] = []
  let heldUpdateCount = 0
  let heldBytes = 0
  let isRunning = false
  let isClosed = false
  let onIdle: (() => void) | null = null

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      const jobs = takeJobs(queue)
      const works = [...worksOf(table, jobs)]
      let outage: AppError | null = null
      for (let at = 0; at < works.length && outage === null; at += settings.batchProfileCountMax) {
        outage = await runBatch(stores, works.slice(at, at + settings.batchProfileCountMax))
        // Who waits behind a store that does not answer would each wait as long again, one batch after the other.
        if (outage !== null) tell([...works.slice(at), ...worksOf(table, queue)], outage)
      }
      const answered = outage === null ? jobs : [...jobs, ...queue.splice(0)]
      for (const job of answered) job.settle()
    }
    // Together with the last look at the queue: a job that came in between would wait for ever.
    isRunning = false
  }

  const start = (): void => {
    if (isRunning) return
    isRunning = true
    void run()
  }

  return {
    apply: async (scope, updates) => {
      if (updates.length === 0) return []
      const bytes = updates.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
      const isFull =
        heldUpdateCount + updates.length > settings.queueUpdateCountMax || heldBytes + bytes > settings.queueBytesMax
      if (isClosed) throw new Overloaded('the server is stopping; send this again')
      if (isFull) throw new Overloaded('too many profile updates are waiting; send this again')
      heldUpdateCount += updates.length
      heldBytes += bytes
      const job = await new Promise<Job<Id>>((resolve) => {
        const added: Job<Id> = {
          projectId: scope.projectId,
          updates,
          outcomes: [],
          error: null,
          settle: () => resolve(added),
        }
        queue.push(added)
        start()
      })
      heldUpdateCount -= updates.length
      heldBytes -= bytes
      if (heldUpdateCount === 0) onIdle?.()
      if (job.error !== null) throw job.error
      return job.outcomes
    },
    get: async (scope, ids) => {
      const stored = await table.readNewest(db, scope.projectId, ids)
      const visible = new Map<string, ProfileProperties>()
      for (const [idText, { properties }] of stored) if (properties !== null) visible.set(idText, properties)
      return visible
    },
    drain: async () => {
      isClosed = true
      if (heldUpdateCount === 0) return
      await new Promise<void>((resolve) => {
        onIdle = resolve
      })
    },
  }
}

/** At least one job, and no more than make a sensible batch. */
const takeJobs = <Id>(queue: Job<Id>[]): readonly Job<Id>[] => {
  let updateCount = 0
  let jobCount = 0
  for (const { updates } of queue) {
    if (jobCount > 0 && updateCount + updates.length > batchUpdateCountMax) break
    updateCount += updates.length
    jobCount += 1
  }
  return queue.splice(0, jobCount)
}

const worksOf = <Id>(table: ProfileTable<Id>, jobs: readonly Job<Id>[]): Iterable<ProfileWork<Id>> => {
  const works = new Map<string, ProfileWork<Id>>()
  for (const job of jobs) {
    for (const [at, { id }] of job.updates.entries()) {
      const idText = table.textOf(id)
      const key = `${job.projectId}/${idText}`
      const work = works.get(key) ?? { projectId: job.projectId, id, idText, updates: [] }
      works.set(key, work)
      work.updates.push({ job, at })
    }
  }
  return works.values()
}

const tell = <Id>(works: readonly ProfileWork<Id>[], failure: AppError): void => {
  for (const { updates } of works) for (const { job } of updates) job.error = failure
}

/**
 * Never rejects: a failure is told to the jobs that it concerns. Resolves with why a store does not answer, or null.
 */
const runBatch = async <Id>(
  { db, control, table }: Stores<Id>,
  works: readonly ProfileWork<Id>[],
): Promise<AppError | null> => {
  try {
    const slots = works.map(({ projectId, idText }) => profileSlot(projectId, idText))
    await control.tx(async (tx) => {
      await lockProfileSlots(tx, table.name, db.regionId, slots)
      const rows: string[] = []
      for (const [projectId, ofProject] of Map.groupBy(works, (work) => work.projectId)) {
        const ids = ofProject.map(({ id }) => id)
        const stored = await table.readNewest(db, projectId, ids)
        for (const work of ofProject) {
          const row = changedRow(table, work, stored.get(work.idText))
          if (row !== null) rows.push(row)
        }
      }
      if (rows.length > 0) await db.insert(table.name, Buffer.from(`${rows.join('\n')}\n`))
    })
    return null
  } catch (error) {
    const isOurs = error instanceof AppError && error.code === 'ENGINE_UNAVAILABLE'
    const failure = isOurs ? error : new EngineUnavailable('the profiles could not be stored; send this again', error)
    tell(works, failure)
    return isOurs ? failure : null
  }
}

/** Applies a profile's updates one after the other; null when nothing has to be written. */
const changedRow = <Id>(
  table: ProfileTable<Id>,
  work: ProfileWork<Id>,
  stored: StoredProfile | undefined,
): string | null => {
  const before = stored?.properties ?? null
  let after = before
  for (const { job, at } of work.updates) {
    const outcome = applyOperations(after, job.updates[at] as ProfileUpdate<Id>)
    job.outcomes[at] = outcome.kind === 'accept' ? accepted : outcome
    if (outcome.kind === 'accept') after = outcome.value
  }
  if (after === before) return null
  return profileRowText(work.projectId, table.idMembers(work.id), (stored?.version ?? 0) + 1, after)
}

const accepted = { kind: 'accept' } as const

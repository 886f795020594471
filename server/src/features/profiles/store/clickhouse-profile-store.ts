import { Overloaded } from '../../../kernel/errors.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import { takeBatch } from '../../../kernel/take-batch.ts'
import type { ProfileProperties } from '../domain/apply-operations.ts'
import type { ProfileUpdate } from '../domain/profile-update.ts'
import { applyJobs, type Job, type Stores, tell, type UpdateOutcome } from './apply-batch.ts'

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

/** `Id` says which profile of a project: a distinct_id, or a group's key and id. */
export interface ProfileStore<Id = string> {
  /**
   * Applies the updates in order and resolves when they are durable (invariant 4). Safe with several servers: a profile
   * is changed under its slot's lock. Throws Overloaded when the queue is full or closed, EngineUnavailable when a
   * store does not answer: some of the updates may have been applied then. `resolvesIds`: an update is for the profile
   * of whoever its id belongs to now, unless it says otherwise (original and legacy mode).
   */
  apply(
    scope: ProjectScope,
    updates: readonly ProfileUpdate<Id>[],
    resolvesIds?: boolean,
  ): Promise<readonly UpdateOutcome[]>
  /**
   * Profiles as anybody may see them, by the text of their id (`ProfileTable.textOf`): raw JSON text by property name.
   * Those that are gone or hidden are missing.
   */
  get(scope: ProjectScope, ids: readonly Id[]): Promise<ReadonlyMap<string, ProfileProperties>>
  /** Refuses new updates; resolves when everything taken before is answered. */
  drain(): Promise<void>
}

const batchUpdateCountMax = 5_000

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
      const jobs = takeBatch(queue, ({ updates }) => updates.length, batchUpdateCountMax)
      const outage = await applyJobs(stores, jobs, settings.batchProfileCountMax)
      // Who waits behind a store that does not answer would each wait as long again, one batch after the other.
      if (outage !== null) tell(queue, outage)
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
    apply: async (scope, updates, resolvesIds = false) => {
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
          scope,
          resolvesIds,
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

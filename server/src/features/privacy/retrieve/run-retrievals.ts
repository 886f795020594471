import { AppError, assert } from '../../../kernel/errors.ts'
import { projectScope } from '../../../kernel/scope.ts'
import type { PersonalDataHolder } from '../../../kernel/subject.ts'
import { dayMs } from '../../../kernel/time.ts'
import type { ObjectStore } from '../../../platform/objects/object-store.ts'
import type { ControlDb } from '../../../platform/postgres/control-db.ts'
import type { Clusters, PeopleReader } from '../domain/ports.ts'
import type { PrivacyTask } from '../domain/task.ts'
import { archivePrefix, type IdLists } from '../store/id-lists.ts'
import { type IdHash, taskStore } from '../store/postgres-task-store.ts'
import { buildArchive } from './build-archive.ts'
import { openProgress } from './progress.ts'

export interface RetrievalDeps {
  readonly regionId: string
  readonly control: ControlDb
  readonly objects: ObjectStore
  readonly idLists: IdLists
  readonly idHash: IdHash
  readonly clusters: Clusters
  readonly people: PeopleReader
  /** Of tables: what they hold when a retrieval begins is what it is measured by. */
  readonly holders: readonly PersonalDataHolder[]
  readonly archiveDays: number
  readonly onProblem: (trackingIds: readonly string[], error: unknown) => void
  readonly nowMs: () => number
  readonly signal: AbortSignal
}

const attemptCountMax = 5
// PRIV-16: a CCPA answer covers the year before the request.
const ccpaMs = 365 * dayMs

/** One round: the retrieval that was cut off, else the oldest that is due. True when there was work. */
export const runRetrievals = async (deps: RetrievalDeps): Promise<boolean> => {
  const [running] = await taskStore.started(deps.control, deps.regionId, 'retrieval')
  const task = running ?? (await startNext(deps))
  if (task === null) return false
  try {
    await retrieve(deps, task)
  } catch (error) {
    deps.onProblem([task.trackingId], error)
    if (error instanceof AppError && error.retryable) throw error
    await taskStore.countFailedAttempt(deps.control, [task.trackingId])
    if (task.attemptCount + 1 < attemptCountMax) throw error
    const change = { finished_at: new Date(deps.nowMs()), failure: 'the data could not be read' }
    await taskStore.move(deps.control, 'fail', 'FAILURE', task.trackingId, change)
  }
  return true
}

/**
 * PENDING → STAGING → STARTED: the ids are expanded to clusters, and the list and its hashes name all of them before the
 * first byte of the archive exists, so that an erasure of any of these people finds the archive (ADR 0010).
 */
const startNext = async (deps: RetrievalDeps): Promise<PrivacyTask | null> => {
  const [task] = await taskStore.due(deps.control, deps.regionId, 'retrieval', new Date(deps.nowMs()), 1)
  if (task === undefined || task.idsObjectKey === null) return null
  if (task.state === 'PENDING' && !(await taskStore.move(deps.control, 'stage', 'STAGING', task.trackingId))) {
    return null
  }
  const oldKey = task.idsObjectKey
  const list = await deps.idLists.read(oldKey)
  if (list === null) {
    // A lost list is not an empty one: an archive without anybody would be a wrong answer.
    const change = { finished_at: new Date(deps.nowMs()), failure: 'the list of ids is gone' }
    await taskStore.move(deps.control, 'fail', 'FAILURE', task.trackingId, change)
    return null
  }
  const clusterIds = await deps.clusters.expand(projectScope(task.projectId, task.region), list.distinct_ids)
  const key = await deps.idLists.write(task.projectId, task.trackingId, { ...list, cluster_ids: clusterIds })
  const isMoved = await deps.control.tx(async (tx) => {
    const change = {
      started_at: new Date(deps.nowMs()),
      ids_object_key: key,
      archive_object_key: `${archivePrefix(task.projectId)}${task.trackingId}.zip`,
      archive_expires_at: new Date(deps.nowMs() + deps.archiveDays * dayMs),
    }
    const moved = await taskStore.move(tx, 'start', 'STARTED', task.trackingId, change, oldKey)
    if (moved) {
      const hashes = clusterIds.map((id) => deps.idHash(task.projectId, id))
      await taskStore.replaceHashes(tx, task.trackingId, task.projectId, hashes)
    }
    return moved
  })
  await deps.idLists.delete(isMoved ? oldKey : key)
  return isMoved ? taskStore.find(deps.control, task.projectId, 'retrieval', task.trackingId) : null
}

const retrieve = async (deps: RetrievalDeps, task: PrivacyTask): Promise<void> => {
  const list = task.idsObjectKey === null ? null : await deps.idLists.read(task.idsObjectKey)
  // A lost list is not an empty one: the archive would say that nothing is held.
  assert(list !== null, 'the list of ids is gone')
  const key = task.archiveObjectKey ?? `${archivePrefix(task.projectId)}${task.trackingId}.zip`
  const scope = projectScope(task.projectId, task.region)
  const progress = await openProgress(deps, task, scope, list.cluster_ids ?? list.distinct_ids)
  const archive = buildArchive({
    task,
    scope,
    list,
    onRead: progress.onRead,
    sinceMs: task.complianceType === 'ccpa' ? task.requestedAtMs - ccpaMs : null,
    people: deps.people,
    nowMs: deps.nowMs,
    signal: deps.signal,
  })
  await deps.objects.put(key, archive.body)
  await taskStore.move(deps.control, 'finish', 'SUCCESS', task.trackingId, {
    finished_at: new Date(deps.nowMs()),
    evidence: progress.json(),
    archive_object_key: key,
    archive_expires_at: new Date(deps.nowMs() + deps.archiveDays * dayMs),
  })
}

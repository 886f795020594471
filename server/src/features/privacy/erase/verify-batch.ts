import { projectScope } from '../../../kernel/scope.ts'
import type { Evidence, PrivacyTask } from '../domain/task.ts'
import { taskStore } from '../store/postgres-task-store.ts'
import type { RunningBatch } from './batch.ts'
import type { DeletionDeps } from './deletion-deps.ts'
import { type ErasedBatch, ErasureIncomplete, eraseBatch, named, refuse, waitForEarlierInserts } from './run-batch.ts'

/** From STARTED to the point where only SUCCESS is left to say: erased, looked at, counted and written down. */
export const eraseAndVerify = async (
  deps: DeletionDeps,
  tasks: readonly PrivacyTask[],
  batchId: string,
  cutoff: string,
): Promise<void> => {
  await hideLatecomers(deps, await loadBatch(deps, tasks, batchId, cutoff))
  const batch = await loadBatch(deps, tasks, batchId, cutoff)
  const startedAtMs = deps.nowMs()
  const erased = await eraseBatch(deps.erase, batch)
  await withoutArchives(deps, async () => {
    await deps.erase.requestObjects.erase(batch)
    // The lists of these very tasks: from here on the people are named by the hidden set alone.
    for (const task of tasks) {
      if (task.idsObjectKey !== null) await deps.idLists.delete(task.idsObjectKey)
      await taskStore.change(deps.control, task.trackingId, { ids_object_key: null })
    }
    refuse(await deps.erase.gate.objects(batch))
  })
  const rowsAfter = await countAfter(deps, batch)
  for (const task of tasks) {
    const evidence = evidenceAfter(task, erased, rowsAfter, deps.nowMs() - startedAtMs)
    await taskStore.change(deps.control, task.trackingId, {
      evidence: JSON.stringify(evidence),
      verified_at: new Date(deps.nowMs()),
    })
  }
}

const withoutArchives = (deps: DeletionDeps, work: () => Promise<void>): Promise<void> =>
  deps.withoutRetrievals(work).catch((error: unknown) => {
    throw named('request_objects', error)
  })

/**
 * Ids that were linked to the people after staging and before the cutoff are the people too (PRIV-20); without them the
 * gate would stay shut for good.
 */
const hideLatecomers = async (deps: DeletionDeps, batch: RunningBatch): Promise<void> => {
  await waitForEarlierInserts(deps.erase.db, batch.cutoff, deps.nowMs)
  for (const { scope, subject } of batch.subjects) {
    const known = new Set(subject.distinctIds)
    const all = await deps.stage.clusters.expand(scope, subject.distinctIds, batch.cutoff)
    const late = all.filter((id) => !known.has(id)).map((distinctId) => ({ projectId: scope.projectId, distinctId }))
    if (late.length === 0) continue
    await deps.erase.hidden.extend(batch.batchId, batch.cutoff, late)
    const suppressing = batch.tasks.find((task) => task.suppress && task.projectId === scope.projectId)
    if (suppressing === undefined) continue
    const hashes = late.map(({ distinctId }) => deps.idHash(scope.projectId, distinctId))
    await taskStore.suppress(deps.control, scope.projectId, suppressing.trackingId, hashes)
  }
}

/** What every holder says it still has of all the people of the batch; the evidence shows it. Anything but zero refuses. */
const countAfter = async (deps: DeletionDeps, batch: RunningBatch): Promise<ReadonlyMap<string, number>> => {
  const rowsAfter = new Map<string, number>()
  for (const holder of [...deps.erase.holders, deps.erase.requestObjects]) {
    let rowCount = 0
    for (const { scope, subject } of batch.subjects) rowCount += (await holder.count(scope, subject)).rowCount
    if (rowCount > 0) throw new ErasureIncomplete([`holder ${holder.name} still counts ${rowCount}`])
    rowsAfter.set(holder.name, rowCount)
  }
  return rowsAfter
}

/** The people of a running batch stand in the hidden set, whatever has become of the tasks' lists. */
const loadBatch = async (
  deps: DeletionDeps,
  tasks: readonly PrivacyTask[],
  batchId: string,
  cutoff: string,
): Promise<RunningBatch> => {
  const rows = await deps.erase.db.rows<{ project_id: string; distinct_id: string }>(
    'SELECT project_id, distinct_id FROM hidden_id WHERE batch_id = {batchId:String}',
    { params: { batchId } },
  )
  const byProject = Map.groupBy(rows, (row) => Number(row.project_id))
  return {
    batchId,
    regionId: deps.regionId,
    cutoff,
    tasks,
    subjects: [...byProject].map(([projectId, ids]) => ({
      scope: projectScope(projectId, deps.regionId),
      subject: { distinctIds: ids.map((row) => row.distinct_id), ingestedUntil: cutoff },
    })),
  }
}

const evidenceAfter = (
  task: PrivacyTask,
  erased: ErasedBatch,
  rowsAfter: ReadonlyMap<string, number>,
  totalMs: number,
): Evidence | null =>
  task.evidence === null
    ? null
    : {
        ...task.evidence,
        holders: task.evidence.holders.map((evidence) => ({
          ...evidence,
          rows_after: rowsAfter.get(evidence.holder) ?? null,
        })),
        retired_parts_removed: erased.retiredPartCount,
        attempts: task.attemptCount + 1,
        durations_ms: { ...task.evidence.durations_ms, ...erased.durationsMs, total: totalMs },
      }

/**
 * A failed batch that shares a person with this one is brought to its end, up to its own cutoff: it still hides ids of
 * theirs that nothing else links to them any more. Its tasks stay FAILURE.
 */
export const finishFailedBatches = async (deps: DeletionDeps, batchId: string): Promise<void> => {
  for (const failed of await deps.erase.hidden.overlapping(batchId)) {
    const batch = await loadBatch(deps, [], failed.batchId, failed.cutoff)
    await eraseBatch(deps.erase, batch)
    await withoutArchives(deps, async () => {
      // Under no batch's name, so that the lists of the failed tasks themselves are looked at too.
      await deps.erase.requestObjects.erase({ ...batch, batchId: '' })
      refuse(await deps.erase.gate.objects(batch))
    })
    await deps.erase.hidden.reveal(failed.batchId)
  }
}

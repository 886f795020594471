import { randomUUID } from 'node:crypto'
import { AppError } from '../../../kernel/errors.ts'
import type { PrivacyTask } from '../domain/task.ts'
import { taskStore } from '../store/postgres-task-store.ts'
import type { StagedTask } from './batch.ts'
import type { DeletionDeps } from './deletion-deps.ts'
import { ErasureIncomplete, retireUntilGone } from './run-batch.ts'
import { stageTask } from './stage.ts'
import { eraseAndVerify, finishFailedBatches } from './verify-batch.ts'

// Tasks that share one mutation; more wait for the next one.
const batchTaskCountMax = 200
const postponeMs = 10_000

/** One round of deletions of a region: finishes what runs, else starts what is due. True when there was work. */
export const runDeletions = async (deps: DeletionDeps): Promise<boolean> => {
  const running = await taskStore.started(deps.control, deps.regionId, 'deletion')
  const tasks = running.length > 0 ? running : await startDue(deps)
  const [batch] = [...Map.groupBy(tasks, (task) => task.batchId ?? '').values()]
  if (batch === undefined) return false
  await finishOrFail(deps, batch)
  return true
}

const startDue = async (deps: DeletionDeps): Promise<readonly PrivacyTask[]> => {
  await dropStrayHiding(deps)
  const now = new Date(deps.nowMs())
  const due = await taskStore.due(deps.control, deps.regionId, 'deletion', now, batchTaskCountMax)
  const staged: StagedTask[] = []
  // Those that suppress have another cutoff, and the rows of a batch have one: the others are next.
  for (const task of due.filter(({ suppress }) => suppress === due[0]?.suppress)) {
    if (task.state === 'PENDING') {
      if (!(await taskStore.move(deps.control, 'stage', 'STAGING', task.trackingId))) continue
    }
    const one = await stageOrPostpone(deps, task)
    if (one !== null) staged.push(one)
  }
  return staged.length === 0 ? [] : hideAndStart(deps, staged)
}

/** A task that cannot be staged must not hold up the others: it waits a while, and fails when that does not help. */
const stageOrPostpone = async (deps: DeletionDeps, task: PrivacyTask): Promise<StagedTask | null> => {
  try {
    const one = await stageTask(deps.stage, task)
    await taskStore.change(deps.control, task.trackingId, { evidence: JSON.stringify(one.evidence) })
    return one
  } catch (error) {
    deps.onProblem([task.trackingId], error)
    if (error instanceof AppError && error.retryable) throw error
    await taskStore.countFailedAttempt(deps.control, [task.trackingId])
    if (task.attemptCount + 1 < deps.attemptCountMax) {
      await taskStore.change(deps.control, task.trackingId, { not_before: new Date(deps.nowMs() + postponeMs) })
    } else {
      await failAll(deps, [task], 'the people could not be looked up')
    }
    return null
  }
}

/**
 * STAGING → STARTED. In one transaction: the tasks that are still there move, profile writers stand still, the ids
 * enter the hidden set. A task canceled or changed since it was staged does not move and its ids are not hidden.
 *
 * PRIV-31: a server hears of a new suppression a moment later, and what it took in until then is not to stay. So the
 * cutoff of those who are suppressed lies ahead: their rows are hidden as they come in, and erased once it has passed.
 */
const hideAndStart = async (deps: DeletionDeps, staged: readonly StagedTask[]): Promise<readonly PrivacyTask[]> => {
  const batchId = randomUUID()
  const startedAt = new Date(deps.nowMs())
  await deps.control.tx(async (tx) => {
    const moved: StagedTask[] = []
    for (const one of staged) {
      const { trackingId, idsObjectKey } = one.task
      const change = { batch_id: batchId, started_at: startedAt }
      if (await taskStore.move(tx, 'start', 'STARTED', trackingId, change, idsObjectKey ?? undefined)) moved.push(one)
    }
    await deps.lockPeople(tx, deps.regionId)
    const aheadMs = moved.some(({ task }) => task.suppress) ? deps.suppressionDelayMs : 0
    const cutoff = await deps.erase.hidden.engineNow(aheadMs)
    const ids = moved.flatMap(({ scope, distinctIds }) =>
      distinctIds.map((distinctId) => ({ projectId: scope.projectId, distinctId })),
    )
    await deps.erase.hidden.hide(batchId, cutoff, ids)
    for (const { task, distinctIds } of moved) {
      await taskStore.change(tx, task.trackingId, { cutoff })
      if (!task.suppress) continue
      const hashes = distinctIds.map((id) => deps.idHash(task.projectId, id))
      await taskStore.suppress(tx, task.projectId, task.trackingId, hashes)
    }
    await taskStore.bumpErasureEpoch(tx, [...new Set(moved.map(({ task }) => task.projectId))])
  })
  const started = await taskStore.started(deps.control, deps.regionId, 'deletion')
  for (const task of started) await audit(deps, task, 'user_data_deletion.started')
  return started
}

/** A crash between hiding and moving the tasks leaves a batch that no task knows; its people must be seen again. */
const dropStrayHiding = async (deps: DeletionDeps): Promise<void> => {
  const batchIds = await deps.erase.hidden.batchIds()
  if (batchIds.length === 0) return
  const known = await deps.control.rows<{ batch_id: string }>(
    `SELECT DISTINCT batch_id FROM privacy_task WHERE batch_id = ANY($1) AND state IN ('STARTED', 'FAILURE')`,
    [batchIds],
  )
  const kept = new Set(known.map((row) => row.batch_id))
  for (const batchId of batchIds) if (!kept.has(batchId)) await deps.erase.hidden.reveal(batchId)
}

const finishOrFail = async (deps: DeletionDeps, tasks: readonly PrivacyTask[]): Promise<void> => {
  const trackingIds = tasks.map((task) => task.trackingId)
  try {
    await deps.whileNoRewrite(() => finish(deps, tasks))
  } catch (error) {
    deps.onProblem(trackingIds, error)
    // A store that does not answer is waited for: only what was found, again and again, is a failure.
    if (error instanceof AppError && error.retryable) throw error
    await taskStore.countFailedAttempt(deps.control, trackingIds)
    const attempt = (tasks[0]?.attemptCount ?? 0) + 1
    if (attempt < deps.attemptCountMax) throw error
    await failAll(deps, tasks, error instanceof ErasureIncomplete ? error.findings.join('; ') : 'unexpected error')
  }
}

const finish = async (deps: DeletionDeps, tasks: readonly PrivacyTask[]): Promise<void> => {
  const first = tasks[0]
  if (first === undefined || first.batchId === null || first.cutoff === null) return
  if (!tasks.every((task) => task.isVerified)) await eraseAndVerify(deps, tasks, first.batchId, first.cutoff)
  await finishFailedBatches(deps, first.batchId)
  await endHiding(deps, first.batchId)
  const done = await taskStore.started(deps.control, deps.regionId, 'deletion')
  for (const task of done.filter((candidate) => candidate.batchId === first.batchId)) await succeed(deps, task)
  await taskStore.bumpErasureEpoch(deps.control, [...new Set(tasks.map((task) => task.projectId))])
}

/** The hidden set names the people too: it goes last, and its parts leave the disk before SUCCESS is said. */
const endHiding = async (deps: DeletionDeps, batchId: string): Promise<void> => {
  const { hidden } = deps.erase
  await hidden.reveal(batchId)
  const revealedAt = await hidden.engineNow()
  await retireUntilGone(deps.erase, revealedAt)
  if ((await hidden.batchIds()).includes(batchId)) throw new ErasureIncomplete(['the hidden set is not empty'])
}

const succeed = async (deps: DeletionDeps, task: PrivacyTask): Promise<void> => {
  const finishedAt = new Date(deps.nowMs())
  const receipt = await deps.receipts.sign({
    type: 'lethe-erasure',
    tracking_id: task.trackingId,
    project_id: task.projectId,
    region: task.region,
    compliance_type: task.complianceType,
    date_requested: task.dateRequested,
    erased_until: task.cutoff,
    finished_at: finishedAt.toISOString(),
    evidence: task.evidence,
  })
  await taskStore.move(deps.control, 'finish', 'SUCCESS', task.trackingId, {
    finished_at: finishedAt,
    receipt,
    failure: null,
  })
  await audit(deps, task, 'user_data_deletion.succeeded')
}

const failAll = async (deps: DeletionDeps, tasks: readonly PrivacyTask[], failure: string): Promise<void> => {
  const finished_at = new Date(deps.nowMs())
  for (const task of tasks) {
    await taskStore.move(deps.control, 'fail', 'FAILURE', task.trackingId, { finished_at, failure })
    await audit(deps, task, 'user_data_deletion.failed')
  }
}

const audit = (
  deps: DeletionDeps,
  task: PrivacyTask,
  type: 'user_data_deletion.started' | 'user_data_deletion.succeeded' | 'user_data_deletion.failed',
): Promise<void> =>
  deps.audit.append({
    type,
    actor: { type: 'system', id: null, name: null },
    organizationId: null,
    projectId: task.projectId,
    target: { type: 'privacy_task', id: task.trackingId },
  })

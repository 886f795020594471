import { randomUUID } from 'node:crypto'
import { AppError, RateLimited } from '../../kernel/errors.ts'
import type { Project } from '../../kernel/project.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import type { CreateRequest } from './domain/create-request.ts'
import type { PeopleReader } from './domain/ports.ts'
import type { PrivacyTask, TaskKind } from './domain/task.ts'
import { isCancelable } from './domain/task-state.ts'
import type { IdLists } from './store/id-lists.ts'
import { type IdHash, taskStore } from './store/postgres-task-store.ts'

export interface RequestDeps {
  readonly control: ControlDb
  readonly idLists: (regionId: string) => IdLists
  readonly people: (regionId: string) => PeopleReader
  readonly idHash: IdHash
  readonly nowMs: () => number
  readonly graceSeconds: number
  readonly ratePerSecond: number
  readonly scanDaysMax: number
}

export interface NewRequest {
  readonly kind: TaskKind
  readonly scope: ProjectScope
  readonly project: Project
  readonly accountId: number
  readonly input: CreateRequest
}

export class NotCancelable extends AppError {
  constructor(reason: string) {
    super('METHOD_NOT_ALLOWED', reason, { status: 405, headers: { Allow: 'GET' } })
  }
}

const ccpaDays = 365

/** Retrievals look like nanoseconds since the epoch, deletions like a UUID, as the public samples do (privacy §1.3). */
const newTrackingId = (kind: TaskKind, nowMs: number): string =>
  kind === 'deletion' ? randomUUID() : String(BigInt(nowMs) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n))

/** PRIV-01, PRIV-03, PRIV-14, PRIV-15. The id list is durable before the task exists; without the task it is swept. */
export const createRequest = async (deps: RequestDeps, request: NewRequest): Promise<PrivacyTask> => {
  const { kind, project, scope, input } = request
  const nowMs = deps.nowMs()
  const trackingId = newTrackingId(kind, nowMs)
  const scanDays = kind === 'retrieval' ? await scanCost(deps, request) : 0
  const idsObjectKey = await deps.idLists(scope.regionId).write(project.id, trackingId, {
    distinct_ids: input.distinctIds,
    requested_at_ms: nowMs,
  })
  try {
    await deps.control.tx(async (tx) => {
      const secondsSinceLast = await taskStore.lockCreates(tx, project.id, () => new Date(deps.nowMs()))
      refuseTooSoon(secondsSinceLast, deps.ratePerSecond)
      if (kind === 'retrieval') {
        const outstanding = await taskStore.outstandingScanDays(tx, project.id)
        refuseTooMuch(outstanding, scanDays, deps.scanDaysMax)
      }
      await taskStore.insert(tx, {
        trackingId,
        kind,
        projectId: project.id,
        region: project.region,
        complianceType: input.complianceType,
        disclosureType: input.disclosureType,
        requestedAtMs: nowMs,
        requestedBy: request.accountId,
        graceMs: kind === 'deletion' ? deps.graceSeconds * 1_000 : 0,
        idsObjectKey,
        idHashes: input.distinctIds.map((id) => deps.idHash(project.id, id)),
        suppress: kind === 'deletion' && (input.suppress ?? project.suppressErased),
        scanDays,
      })
    })
  } catch (error) {
    await deps.idLists(scope.regionId).delete(idsObjectKey)
    throw error
  }
  const task = await taskStore.find(deps.control, project.id, kind, trackingId)
  if (task === null) throw new AppError('INTERNAL', 'the task is not there', { status: 500, expose: false })
  return task
}

/** Days of history to read; the number of ids does not matter (privacy §1.6). */
const scanCost = async (deps: RequestDeps, { scope, input }: NewRequest): Promise<number> => {
  const days = await deps.people(scope.regionId).daysOfHistory(scope)
  return input.complianceType === 'ccpa' ? Math.min(days, ccpaDays) : days
}

const refuseTooSoon = (secondsSinceLast: number | null, ratePerSecond: number): void => {
  const waitSeconds = secondsSinceLast === null ? 0 : 1 / ratePerSecond - secondsSinceLast
  if (waitSeconds <= 0) return
  throw new RateLimited(
    `at most ${ratePerSecond} new requests per second for this project; retry with exponential backoff`,
    Math.max(1, Math.ceil(waitSeconds)),
  )
}

const refuseTooMuch = (outstandingDays: number, costDays: number, maxDays: number): void => {
  if (outstandingDays === 0 || outstandingDays + costDays <= maxDays) return
  throw new RateLimited('too many retrievals are outstanding for this project; wait until they are done', 60)
}

/** PRIV-06 and, as our extension, the same for retrievals. Throws NotCancelable from STARTED on. */
export const cancelTask = async (deps: RequestDeps, kind: TaskKind, projectId: number, trackingId: string) => {
  const task = await taskStore.find(deps.control, projectId, kind, trackingId)
  if (task === null) {
    throw new AppError('NOT_FOUND', 'there is no such request in this project', { status: 404 })
  }
  const change = { finished_at: new Date(deps.nowMs()) }
  const isRevoked = await taskStore.move(deps.control, 'revoke', 'REVOKED', trackingId, change)
  if (isRevoked) return
  const now = await taskStore.find(deps.control, projectId, kind, trackingId)
  throw new NotCancelable(`the request is ${now?.state ?? task.state} and can no longer be canceled`)
}

/**
 * PRIV-05: takes the ids out of every deletion of the project that can still be canceled; one without ids is REVOKED.
 * `trackingId` narrows it to one task. Answers the tasks that changed; throws NotCancelable when there is none.
 */
export const cancelIds = async (
  deps: RequestDeps,
  scope: ProjectScope,
  distinctIds: readonly string[],
  trackingId: string | null,
): Promise<readonly string[]> => {
  const gone = new Set(distinctIds)
  const oldKeys: string[] = []
  const idLists = deps.idLists(scope.regionId)
  const changed = await deps.control.tx(async (tx) => {
    const changedIds: string[] = []
    for (const task of await taskStore.lockCancelable(tx, scope.projectId)) {
      if (!isCancelable(task.state) || task.idsObjectKey === null) continue
      if (trackingId !== null && task.trackingId !== trackingId) continue
      const list = await idLists.read(task.idsObjectKey)
      // A lost list fails its task when it is staged; nothing can be taken out of it.
      if (list === null) continue
      const kept = list.distinct_ids.filter((id) => !gone.has(id))
      if (kept.length === list.distinct_ids.length) continue
      changedIds.push(task.trackingId)
      if (kept.length === 0) {
        await taskStore.move(tx, 'revoke', 'REVOKED', task.trackingId, { finished_at: new Date(deps.nowMs()) })
        continue
      }
      const key = await idLists.write(scope.projectId, task.trackingId, { ...list, distinct_ids: kept })
      oldKeys.push(task.idsObjectKey)
      await taskStore.change(tx, task.trackingId, { ids_object_key: key })
      const hashes = kept.map((id) => deps.idHash(scope.projectId, id))
      await taskStore.replaceHashes(tx, task.trackingId, scope.projectId, hashes)
    }
    return changedIds
  })
  for (const key of oldKeys) await idLists.delete(key)
  if (changed.length === 0) throw new NotCancelable('no deletion that can still be canceled names these ids')
  return changed
}

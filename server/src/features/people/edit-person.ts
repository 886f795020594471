import { z } from 'zod'
import type { Scoped } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import { type AuditEntry, type AuditEventType, type AuditLog, actorOf } from '../../kernel/audit.ts'
import { AppError, InvalidRequest } from '../../kernel/errors.ts'
import type { JsonValue } from '../../kernel/json.ts'
import type { Clock } from '../../kernel/time.ts'
import { applyUpdates, type ProfileRecord, type WriteDeps, writableOf } from './write-profiles.ts'

export interface EditDeps extends WriteDeps {
  readonly audit: AuditLog
  readonly clock: Clock
}

class NotWritable extends AppError {
  constructor(message: string) {
    super('CONFLICT', message, { status: 409 })
  }
}

const id = z.string().min(1).max(255)
const name = z.string().min(1).max(255)
const values = z.record(name, z.json())
const newPerson = z.strictObject({ distinct_id: id, properties: values.default({}) })
const changes = z
  .strictObject({ set: values.default({}), unset: z.array(name).max(1_000).default([]) })
  .refine(({ set, unset }) => Object.keys(set).length + unset.length > 0, 'nothing is set and nothing is unset')

/** `changes` counts properties: what they are called and hold, and whose they are, is for no log. */
export const auditOf = (
  { principal, project, requestId }: Scoped,
  type: AuditEventType,
  counts: Readonly<Record<string, number>>,
): AuditEntry => ({
  type,
  actor: actorOf(principal),
  organizationId: project.organizationId,
  projectId: project.id,
  changes: Object.fromEntries(Object.entries(counts).map(([key, after]) => [key, { before: null, after }])),
  requestId,
})

/** Throws Conflict when there is a profile of this id. Answers the id. */
export const createPerson = async (deps: EditDeps, request: Scoped): Promise<string> => {
  const { distinct_id: distinctId, properties } = sentJson(newPerson, request.body)
  const known = await deps.storeOf(request.scope.regionId).get(request.scope, [distinctId])
  if (known.size > 0) throw new NotWritable('there is a profile of this distinct_id')
  await write(deps, request, { $distinct_id: distinctId, $set: properties as JsonValue }, 'profile.updated', {
    properties_set: Object.keys(properties).length,
  })
  return distinctId
}

/** Sets and unsets properties; whoever had no profile has one then. */
export const changePerson = async (deps: EditDeps, request: Scoped, distinctId: string): Promise<void> => {
  const { set, unset } = sentJson(changes, request.body)
  // A change by a member does not mean that the person was here.
  const record = {
    $distinct_id: distinctId,
    $ignore_time: true,
    ...(Object.keys(set).length === 0 ? {} : { $set: set as JsonValue }),
    ...(unset.length === 0 ? {} : { $unset: unset }),
  }
  const counts = { properties_set: Object.keys(set).length, properties_unset: unset.length }
  await write(deps, request, record, 'profile.updated', counts)
}

/** The profile; what the person did stays. Erasing the person is a privacy request. */
export const deletePerson = (deps: EditDeps, request: Scoped, distinctId: string): Promise<void> =>
  write(deps, request, { $distinct_id: distinctId, $delete: '' }, 'profile.deleted', {})

const write = async (
  deps: EditDeps,
  request: Scoped,
  record: ProfileRecord,
  type: AuditEventType,
  counts: Readonly<Record<string, number>>,
): Promise<void> => {
  const { scope, project } = request
  const writable = await writableOf(deps, project, record, deps.clock.nowMs())
  if (writable.kind === 'refuse') {
    throw writable.why === 'invalid' ? new InvalidRequest(writable.message) : new NotWritable(writable.message)
  }
  // What cannot be written down must not happen.
  await deps.audit.append(auditOf(request, type, counts))
  const [refusal = null] = await applyUpdates(deps, scope, project, [writable.update])
  if (refusal !== null) throw new InvalidRequest(refusal)
}

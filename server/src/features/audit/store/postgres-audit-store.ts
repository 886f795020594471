import type { AuditActor, AuditEntry, AuditEventType, AuditLog } from '../../../kernel/audit.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import type { AuditFilter } from '../domain/audit-filter.ts'
import { type AuditRecord, eventKinds } from '../domain/audit-record.ts'

/** Writes inside a transaction: the action and its entry stand or fall together. */
export const appendAudit = async (tx: ControlTx, entry: AuditEntry): Promise<void> => {
  await tx.rows(
    `INSERT INTO audit_event (event_type, actor_type, actor_id, actor_name, organization_id, project_id, target, changes, request_id)
     VALUES ($1, $2, $3, $4, coalesce($5::int, (SELECT organization_id FROM project WHERE id = $6::int)), $6, $7, $8, $9)`,
    [
      entry.type,
      entry.actor.type,
      entry.actor.id,
      entry.actor.name,
      entry.organizationId,
      entry.projectId,
      entry.target === undefined ? null : JSON.stringify(entry.target),
      entry.changes === undefined ? null : JSON.stringify(entry.changes),
      entry.requestId ?? null,
    ],
  )
}

export const createAuditLog = (control: ControlDb): AuditLog => ({ append: (entry) => appendAudit(control, entry) })

export type AuditOwner = { readonly organizationId: number } | { readonly projectId: number }

interface AuditRow {
  readonly id: string
  readonly occurred_at: Date
  readonly event_type: string
  readonly actor_type: AuditActor['type']
  readonly actor_id: string | null
  readonly actor_name: string | null
  readonly organization_id: number | null
  readonly project_id: number | null
  readonly target: unknown
  readonly changes: unknown
  readonly request_id: string | null
}

/** Records of one organization (all of its projects) or one project, newest first. */
export const listAudit = async (
  control: ControlTx,
  owner: AuditOwner,
  filter: AuditFilter,
): Promise<readonly AuditRecord[]> => {
  const [column, ownerId] =
    'projectId' in owner
      ? (['project_id', owner.projectId] as const)
      : (['organization_id', owner.organizationId] as const)
  const rows = await control.rows<AuditRow>(
    `SELECT id::text, occurred_at, event_type, actor_type, actor_id, actor_name, organization_id, project_id, target, changes, request_id
     FROM audit_event
     WHERE ${column} = $1
       AND ($2::timestamptz IS NULL OR occurred_at >= $2) AND ($3::timestamptz IS NULL OR occurred_at < $3)
       AND ($4::text[] IS NULL OR event_type = ANY($4))
       AND ($5::text IS NULL OR actor_id = $5 OR lower(actor_name) = lower($5))
       AND ($6::bigint IS NULL OR id < $6) AND ($8::int IS NULL OR project_id = $8)
     ORDER BY audit_event.id DESC LIMIT $7`,
    [
      ownerId,
      filter.fromMs === null ? null : new Date(filter.fromMs),
      filter.untilMs === null ? null : new Date(filter.untilMs),
      filter.eventTypes,
      filter.actor,
      filter.beforeId,
      filter.limit,
      filter.projectId,
    ],
  )
  return rows.map(recordOf)
}

/** As listAudit, a page at a time: an export of a large log holds no more than one. */
export const eachAudit = async function* (
  control: ControlTx,
  owner: AuditOwner,
  filter: AuditFilter,
): AsyncGenerator<readonly AuditRecord[]> {
  let left = filter.limit ?? Number.POSITIVE_INFINITY
  let beforeId = filter.beforeId
  while (left > 0) {
    const limit = Math.min(exportPageMax, left)
    const page = await listAudit(control, owner, { ...filter, beforeId, limit })
    if (page.length > 0) yield page
    if (page.length < limit) return
    left -= page.length
    beforeId = page.at(-1)?.id ?? null
  }
}

const exportPageMax = 1_000

/** How many of the oldest entries went; at most `countMax`. */
export const expireAudit = async (tx: ControlTx, beforeMs: number, countMax: number): Promise<number> => {
  const [row] = await tx.rows<{ gone: number }>('SELECT expire_audit_events($1, $2) AS gone', [
    new Date(beforeMs),
    countMax,
  ])
  return row?.gone ?? 0
}

const recordOf = (row: AuditRow): AuditRecord => {
  // A type of an older or newer release is shown by its own name.
  const kind = eventKinds[row.event_type as AuditEventType] ?? { displayName: row.event_type, scope: 'organization' }
  return {
    id: row.id,
    event_type: row.event_type,
    display_name: kind.displayName,
    scope: kind.scope,
    occurred_at: row.occurred_at.toISOString(),
    actor: { type: row.actor_type, id: row.actor_id, name: row.actor_name },
    organization_id: row.organization_id,
    project_id: row.project_id,
    target: row.target,
    changes: row.changes,
    request_id: row.request_id,
  }
}

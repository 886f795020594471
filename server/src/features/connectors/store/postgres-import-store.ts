import { randomUUID } from 'node:crypto'
import type { AuditEntry, AuditEventType } from '../../../kernel/audit.ts'
import { InvalidRequest, RateLimited } from '../../../kernel/errors.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import type { ImportDefinition, ImportType, SyncMode } from '../domain/import-definition.ts'
import { NoSuchImport } from '../errors.ts'
import type { AppendAudit, Who } from './postgres-source-store.ts'

export interface Import {
  readonly id: number
  readonly projectId: number
  readonly sourceId: number | null
  readonly type: ImportType
  readonly mode: SyncMode
  readonly definition: ImportDefinition
  readonly runEveryNs: number
  readonly paused: boolean
  readonly createdAt: Date
  readonly creator: { readonly id: number; readonly name: string; readonly email: string }
  readonly lastDispatch: Date | null
  readonly lookupTableId: string | null
}

export type NewImport = Pick<
  Import,
  'sourceId' | 'type' | 'mode' | 'definition' | 'runEveryNs' | 'creator' | 'lookupTableId'
>

export interface Run {
  readonly id: string
  readonly state: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED'
  readonly started_at: Date | null
  readonly ended_at: Date | null
  readonly imported_count: number
  readonly failed_count: number
  readonly error: string | null
}

export interface ImportStore {
  list(scope: ProjectScope): Promise<readonly Import[]>
  /** Throws NoSuchImport, also for one that was deleted. */
  find(scope: ProjectScope, id: number): Promise<Import>
  /** With its first run, unless it waits for a call. */
  create(scope: ProjectScope, made: NewImport, nowMs: number, who: Who): Promise<Import>
  change(scope: ProjectScope, id: number, paused: boolean, runEveryNs: number | null, who: Who): Promise<Import>
  /** From here on nothing of it runs; `withData`: its events are for the worker to delete. */
  remove(scope: ProjectScope, id: number, withData: boolean, nowMs: number, who: Who): Promise<void>
  /** Answers the id of the run that waits or runs, a new one if there was none. Throws RateLimited, InvalidRequest. */
  syncNow(scope: ProjectScope, id: number, nowMs: number, who: Who): Promise<string>
  /** Newest first. */
  history(scope: ProjectScope, id: number): Promise<readonly Run[]>
}

const manualPerHourMax = 5
const historyCountMax = 30
const hourMs = 3_600_000

export const importColumns = `id, project_id AS "projectId", source_id AS "sourceId", import_type AS type, sync_mode AS mode,
  definition, run_every_ns::float8 AS "runEveryNs", paused, created_at AS "createdAt", last_dispatch AS "lastDispatch",
  json_build_object('id', creator_id, 'name', creator_name, 'email', creator_email) AS creator,
  lookup_table_id AS "lookupTableId"`

export const createImportStore = (control: ControlDb, appendAudit: AppendAudit): ImportStore => ({
  list: ({ projectId }) =>
    control.rows<Import>(
      `SELECT ${importColumns} FROM warehouse_import WHERE project_id = $1 AND deleted_at IS NULL ORDER BY id`,
      [projectId],
    ),

  find: (scope, id) => findIn(control, scope, id),

  create: (scope, made, nowMs, who) =>
    control.tx(async (tx) => {
      const { sourceId, type, mode, definition, runEveryNs, creator, lookupTableId } = made
      const [row] = await tx.rows<{ id: number }>(
        `INSERT INTO warehouse_import (project_id, region, source_id, import_type, sync_mode, definition, run_every_ns,
           created_at, creator_id, creator_name, creator_email, lookup_table_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
        [
          ...[scope.projectId, scope.regionId, sourceId, type, mode, JSON.stringify(definition), runEveryNs],
          ...[new Date(nowMs), creator.id, creator.name, creator.email, lookupTableId],
        ],
      )
      const id = row?.id ?? 0
      if (mode === 'one_time' || runEveryNs > 0) await queue(tx, scope, id, nowMs)
      await appendAudit(tx, entryOf('warehouse_source_sync.created', scope, id, who))
      return findIn(tx, scope, id)
    }),

  change: (scope, id, paused, runEveryNs, who) =>
    control.tx(async (tx) => {
      const before = await findIn(tx, scope, id, true)
      await tx.rows(
        'UPDATE warehouse_import SET paused = $2, run_every_ns = coalesce($3, run_every_ns) WHERE id = $1',
        [...[id, paused, runEveryNs]],
      )
      if (paused) await cancelQueued(tx, id)
      const after = await findIn(tx, scope, id)
      const of = ({ paused, runEveryNs }: Import) => ({ paused, run_every: runEveryNs })
      await appendAudit(tx, {
        ...entryOf('warehouse_source_sync.updated', scope, id, who),
        changes: { schedule: { before: of(before), after: of(after) } },
      })
      return after
    }),

  remove: (scope, id, withData, nowMs, who) =>
    control.tx(async (tx) => {
      await findIn(tx, scope, id, true)
      await tx.rows('UPDATE warehouse_import SET deleted_at = $2, data_deletion = $3 WHERE id = $1', [
        ...[id, new Date(nowMs), withData ? 'ASKED' : null],
      ])
      await cancelQueued(tx, id)
      await appendAudit(tx, {
        ...entryOf('warehouse_source_sync.deleted', scope, id, who),
        changes: { delete_data: { before: null, after: withData } },
      })
    }),

  syncNow: (scope, id, nowMs, who) =>
    control.tx(async (tx) => {
      const found = await findIn(tx, scope, id, true)
      if (found.paused) throw new InvalidRequest('the import is paused')
      const [asked] = await tx.rows<{ times: readonly Date[] }>(
        'SELECT manual_syncs AS times FROM warehouse_import WHERE id = $1',
        [id],
      )
      const recent = (asked?.times ?? []).filter((at) => at.getTime() > nowMs - hourMs)
      const [first] = recent
      if (first !== undefined && recent.length >= manualPerHourMax) {
        const seconds = Math.max(1, Math.ceil((first.getTime() + hourMs - nowMs) / 1_000))
        throw new RateLimited(`an import can be synced by hand ${manualPerHourMax} times an hour`, seconds)
      }
      const runId = await openRun(tx, scope, found, nowMs)
      await tx.rows('UPDATE warehouse_import SET manual_syncs = $2 WHERE id = $1', [id, [...recent, new Date(nowMs)]])
      await appendAudit(tx, entryOf('warehouse_source_sync.started', scope, id, who))
      return runId
    }),

  history: async (scope, id) => {
    await findIn(control, scope, id)
    return control.rows<Run>(
      `SELECT id, state, started_at, ended_at, imported_count::float8 AS imported_count,
         failed_count::float8 AS failed_count, error
       FROM warehouse_run WHERE import_id = $1 ORDER BY queued_at DESC, id LIMIT ${historyCountMax}`,
      [id],
    )
  },
})

const findIn = async (tx: ControlTx, { projectId }: ProjectScope, id: number, isLocked = false): Promise<Import> => {
  const [found] = await tx.rows<Import>(
    `SELECT ${importColumns} FROM warehouse_import WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL
     ${isLocked ? 'FOR UPDATE' : ''}`,
    [projectId, id],
  )
  if (found === undefined) throw new NoSuchImport()
  return found
}

const openRun = async (tx: ControlTx, scope: ProjectScope, { id, mode }: Import, nowMs: number): Promise<string> => {
  const [open] = await tx.rows<{ id: string }>(
    `SELECT id FROM warehouse_run WHERE import_id = $1 AND state IN ('QUEUED', 'RUNNING')`,
    [id],
  )
  if (open !== undefined) return open.id
  const [done] = await tx.rows(`SELECT 1 FROM warehouse_run WHERE import_id = $1 AND state = 'SUCCEEDED' LIMIT 1`, [id])
  if (mode === 'one_time' && done !== undefined) throw new InvalidRequest('a one-time import has run')
  return queue(tx, scope, id, nowMs)
}

const queue = async (tx: ControlTx, { projectId, regionId }: ProjectScope, id: number, nowMs: number) => {
  const runId = randomUUID()
  await tx.rows(
    `INSERT INTO warehouse_run (id, import_id, project_id, region, state, queued_at) VALUES ($1, $2, $3, $4, 'QUEUED', $5)`,
    [runId, id, projectId, regionId, new Date(nowMs)],
  )
  await tx.rows('UPDATE warehouse_import SET last_dispatch = $2 WHERE id = $1', [id, new Date(nowMs)])
  return runId
}

const cancelQueued = (tx: ControlTx, id: number) =>
  tx.rows(`UPDATE warehouse_run SET state = 'CANCELLED', ended_at = now() WHERE import_id = $1 AND state = 'QUEUED'`, [
    id,
  ])

const entryOf = (type: AuditEventType, { projectId }: ProjectScope, id: number, who: Who): AuditEntry => ({
  type,
  ...who,
  projectId,
  target: { type: 'warehouse_import', id: String(id) },
})

import { randomUUID } from 'node:crypto'
import type { AuditEntry, AuditEventType } from '../../../kernel/audit.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import { type SealKey, seal, unseal } from '../../../kernel/seal.ts'
import type { ControlDb } from '../../../platform/postgres/control-db.ts'
import { NoSuchConnector } from '../errors.ts'
import type { AppendAudit, Who } from './postgres-source-store.ts'
import type { BucketKeys, BucketPlace } from './s3-bucket.ts'

export interface Category {
  readonly data_format: 'mixpanel_event' | 'mixpanel_people' | 'mixpanel_group'
  readonly compression: 'none' | 'gzip'
}

export interface BucketConnector {
  readonly id: string
  readonly project_id: number
  readonly properties: BucketPlace
  readonly category: Category
  readonly created_at: Date
  readonly created_by: string
  readonly run_id: string
  readonly state: 'queued' | 'running' | 'success' | 'failed'
  readonly started_at: Date | null
  readonly ended_at: Date | null
  readonly file_count: number | null
  readonly done_file_count: number
  readonly imported_count: number
  readonly dropped_count: number
  readonly imported_bytes: number
  readonly error: string | null
}

export type BucketProgress = Pick<
  BucketConnector,
  'file_count' | 'done_file_count' | 'imported_count' | 'dropped_count' | 'imported_bytes'
>

export interface NewBucketConnector {
  readonly place: BucketPlace
  readonly category: Category
  readonly keys: BucketKeys
  readonly nowMs: number
}

const columns = `id, project_id, properties, category, created_at, created_by, run_id, state, started_at, ended_at, file_count,
  done_file_count, imported_count::float8 AS imported_count, dropped_count::float8 AS dropped_count,
  imported_bytes::float8 AS imported_bytes, error`
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Connectors of a project, and what their workers go by. Changes are in the audit log. */
export const createBucketStore = (control: ControlDb, appendAudit: AppendAudit, key: SealKey) => ({
  list: ({ projectId }: ProjectScope) =>
    control.rows<BucketConnector>(
      `SELECT ${columns} FROM bucket_connector WHERE project_id = $1 AND deleted_at IS NULL ORDER BY created_at, id`,
      [projectId],
    ),

  /** Throws NoSuchConnector. */
  find: async ({ projectId }: ProjectScope, id: string): Promise<BucketConnector> => {
    if (!uuid.test(id)) throw new NoSuchConnector()
    const [found] = await control.rows<BucketConnector>(
      `SELECT ${columns} FROM bucket_connector WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL`,
      [projectId, id],
    )
    if (found === undefined) throw new NoSuchConnector()
    return found
  },

  create: ({ projectId, regionId }: ProjectScope, made: NewBucketConnector, who: Who) =>
    control.tx(async (tx) => {
      const id = randomUUID()
      const [row] = await tx.rows<BucketConnector>(
        `INSERT INTO bucket_connector (id, project_id, region, connector_type, properties, category, secrets, created_at,
           created_by, run_id, state)
         VALUES ($1, $2, $3, 's3Import', $4, $5, $6, $7, $8, $9, 'queued') RETURNING ${columns}`,
        [
          ...[id, projectId, regionId, JSON.stringify(made.place), JSON.stringify(made.category)],
          ...[seal(key, id, JSON.stringify(made.keys)), new Date(made.nowMs), who.actor.name ?? '', randomUUID()],
        ],
      )
      await appendAudit(tx, entryOf('warehouse_source_sync.created', projectId, id, who))
      return row as BucketConnector
    }),

  /** What it has imported stays; what it still would is left. Throws NoSuchConnector. */
  remove: ({ projectId }: ProjectScope, id: string, nowMs: number, who: Who) =>
    control.tx(async (tx) => {
      if (!uuid.test(id)) throw new NoSuchConnector()
      const removed = await tx.rows(
        `UPDATE bucket_connector SET deleted_at = $3, secrets = '' WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL
         RETURNING id`,
        [projectId, id, new Date(nowMs)],
      )
      if (removed.length === 0) throw new NoSuchConnector()
      await appendAudit(tx, entryOf('warehouse_source_sync.deleted', projectId, id, who))
    }),

  /** The oldest that waits or was cut off; for the worker of the region alone. */
  take: async (regionId: string, nowMs: number): Promise<(BucketConnector & { readonly keys: BucketKeys }) | null> => {
    const [row] = await control.rows<BucketConnector & { readonly secrets: string }>(
      `UPDATE bucket_connector SET state = 'running', started_at = coalesce(started_at, $2) WHERE id = (
         SELECT id FROM bucket_connector WHERE region = $1 AND deleted_at IS NULL AND state IN ('queued', 'running')
         ORDER BY created_at LIMIT 1)
       RETURNING ${columns}, secrets`,
      [regionId, new Date(nowMs)],
    )
    return row === undefined ? null : { ...row, keys: JSON.parse(unseal(key, row.id, row.secrets)) as BucketKeys }
  },

  /** False: it was deleted. */
  progress: async (id: string, progress: BucketProgress): Promise<boolean> => {
    const { file_count, done_file_count, imported_count, dropped_count, imported_bytes } = progress
    const [row] = await control.rows<{ goes_on: boolean }>(
      `UPDATE bucket_connector SET file_count = $2, done_file_count = $3, imported_count = $4, dropped_count = $5,
         imported_bytes = $6 WHERE id = $1 RETURNING deleted_at IS NULL AS goes_on`,
      [id, file_count, done_file_count, imported_count, dropped_count, imported_bytes],
    )
    return row?.goes_on === true
  },

  end: async (id: string, state: 'success' | 'failed', error: string | null, nowMs: number): Promise<void> => {
    await control.rows(`UPDATE bucket_connector SET state = $2, error = $3, ended_at = $4 WHERE id = $1`, [
      ...[id, state, error, new Date(nowMs)],
    ])
  },
})

export type BucketStore = ReturnType<typeof createBucketStore>

const entryOf = (type: AuditEventType, projectId: number, id: string, who: Who): AuditEntry => ({
  type,
  ...who,
  projectId,
  target: { type: 'connector', id },
})

import { hmacSha256Hex } from '../../../kernel/hash.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import type {
  ComplianceType,
  DisclosureType,
  Evidence,
  PrivacyTask,
  RetrievalProgress,
  TaskKind,
} from '../domain/task.ts'
import { statesBefore, type TaskTrigger } from '../domain/task-state.ts'

/** Hash of an id under the installation's key: the only trace of an id in the control store (invariant 3). */
export type IdHash = (projectId: number, distinctId: string) => string

export const createIdHash =
  (secret: Buffer): IdHash =>
  (projectId, distinctId) =>
    hmacSha256Hex(secret, `distinct_id\n${projectId}\n${distinctId}`)

export interface NewTask {
  readonly trackingId: string
  readonly kind: TaskKind
  readonly projectId: number
  readonly region: string
  readonly complianceType: ComplianceType
  readonly disclosureType: DisclosureType
  readonly requestedAtMs: number
  readonly requestedBy: number
  readonly graceMs: number
  readonly idsObjectKey: string
  readonly idHashes: readonly string[]
  readonly suppress: boolean
  readonly scanDays: number
}

export interface TaskRow {
  readonly tracking_id: string
  readonly kind: TaskKind
  readonly project_id: number
  readonly region: string
  readonly state: PrivacyTask['state']
  readonly compliance_type: ComplianceType
  readonly disclosure_type: DisclosureType
  readonly requested_at_ms: string
  readonly date_requested: string
  readonly requested_by: number
  readonly email: string
  readonly distinct_id_count: number
  readonly ids_object_key: string | null
  readonly suppress: boolean
  readonly batch_id: string | null
  readonly cutoff: string | null
  readonly verified_at: Date | null
  readonly attempt_count: number
  readonly failure: string | null
  readonly archive_object_key: string | null
  readonly evidence: Evidence | RetrievalProgress | null
  readonly receipt: string | null
}

export const taskSql = `
SELECT t.*, a.email,
       floor(extract(epoch FROM t.requested_at) * 1000)::bigint::text AS requested_at_ms,
       to_char(t.requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') AS date_requested
FROM privacy_task t JOIN account a ON a.id = t.requested_by`

export const toTask = (row: TaskRow): PrivacyTask => ({
  trackingId: row.tracking_id,
  kind: row.kind,
  projectId: row.project_id,
  region: row.region,
  state: row.state,
  complianceType: row.compliance_type,
  disclosureType: row.disclosure_type,
  requestedAtMs: Number(row.requested_at_ms),
  dateRequested: row.date_requested,
  requestedBy: row.requested_by,
  requestingUser: row.email,
  distinctIdCount: row.distinct_id_count,
  idsObjectKey: row.ids_object_key,
  suppress: row.suppress,
  batchId: row.batch_id,
  cutoff: row.cutoff,
  isVerified: row.verified_at !== null,
  attemptCount: row.attempt_count,
  failure: row.failure,
  archiveObjectKey: row.archive_object_key,
  // One column, by kind of task.
  evidence: row.kind === 'deletion' ? (row.evidence as Evidence | null) : null,
  progress: row.kind === 'retrieval' ? (row.evidence as RetrievalProgress | null) : null,
  receipt: row.receipt,
})

/** Columns that a state change may set along with it. */
export interface TaskChange {
  readonly batch_id?: string
  readonly cutoff?: string
  readonly started_at?: Date
  readonly verified_at?: Date
  readonly finished_at?: Date
  readonly failure?: string | null
  readonly ids_object_key?: string | null
  readonly archive_object_key?: string | null
  readonly archive_expires_at?: Date | null
  readonly evidence?: string
  readonly receipt?: string
  readonly not_before?: Date
}

const tasks = async (tx: ControlTx, where: string, params: readonly unknown[]): Promise<readonly PrivacyTask[]> =>
  (await tx.rows<TaskRow>(`${taskSql} WHERE ${where}`, params)).map(toTask)

const assignments = (change: TaskChange, firstParameter: number) => {
  const entries = Object.entries(change)
  return {
    sql: entries.map(([column], index) => `, ${column} = $${firstParameter + index}`).join(''),
    values: entries.map(([, value]) => value),
  }
}

/** The rows of `privacy_task`. Every function takes the transaction it runs in; a ControlDb is one of a single statement. */
export const taskStore = {
  insert: async (tx: ControlTx, task: NewTask): Promise<void> => {
    await tx.rows(
      `INSERT INTO privacy_task (tracking_id, kind, project_id, region, state, compliance_type, disclosure_type,
         requested_at, requested_by, due_at, distinct_id_count, ids_object_key, suppress, scan_days)
       VALUES ($1, $2, $3, $4, 'PENDING', $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        task.trackingId,
        task.kind,
        task.projectId,
        task.region,
        task.complianceType,
        task.disclosureType,
        new Date(task.requestedAtMs),
        task.requestedBy,
        new Date(task.requestedAtMs + task.graceMs),
        task.idHashes.length,
        task.idsObjectKey,
        task.suppress,
        task.scanDays,
      ],
    )
    await tx.rows(`INSERT INTO privacy_task_id (tracking_id, project_id, id_hash) SELECT $1, $2, unnest($3::text[])`, [
      task.trackingId,
      task.projectId,
      task.idHashes,
    ])
  },

  find: async (tx: ControlTx, projectId: number, kind: TaskKind, trackingId: string): Promise<PrivacyTask | null> =>
    (await tasks(tx, 't.project_id = $1 AND t.kind = $2 AND t.tracking_id = $3', [projectId, kind, trackingId]))[0] ??
    null,

  /** For signed links, which name no project. */
  findRetrieval: async (tx: ControlTx, trackingId: string): Promise<PrivacyTask | null> =>
    (await tasks(tx, `t.kind = 'retrieval' AND t.tracking_id = $1`, [trackingId]))[0] ?? null,

  /** Unfinished work of a region whose time has come, oldest first. */
  due: (tx: ControlTx, region: string, kind: TaskKind, now: Date, maxCount: number) =>
    tasks(
      tx,
      `t.region = $1 AND t.kind = $2 AND t.state IN ('PENDING', 'STAGING') AND t.due_at <= $3
       AND (t.not_before IS NULL OR t.not_before <= $3) ORDER BY t.requested_at LIMIT $4`,
      [region, kind, now, maxCount],
    ),

  started: (tx: ControlTx, region: string, kind: TaskKind) =>
    tasks(tx, `t.region = $1 AND t.kind = $2 AND t.state = 'STARTED' ORDER BY t.requested_at`, [region, kind]),

  /** Cancelable deletions of a project, locked against the worker for the rest of the transaction. */
  lockCancelable: (tx: ControlTx, projectId: number) =>
    tasks(
      tx,
      `t.project_id = $1 AND t.kind = 'deletion' AND t.state = ANY($2) ORDER BY t.tracking_id FOR UPDATE OF t`,
      [projectId, statesBefore('revoke')],
    ),

  /** Tasks of other batches that name one of these ids: their lists and archives name an erased person. Locked against cancellation. */
  lockNaming: (
    tx: ControlTx,
    projectId: number,
    idHashes: readonly string[],
    exceptBatchId: string,
    requestedUntil: string | null,
  ) =>
    tasks(
      tx,
      `t.tracking_id IN (SELECT tracking_id FROM privacy_task_id WHERE project_id = $1 AND id_hash = ANY($2))
       AND t.project_id = $1 AND t.batch_id IS DISTINCT FROM $3
       AND ($4::text IS NULL OR t.requested_at <= ($4::text || 'Z')::timestamptz)
       AND (t.ids_object_key IS NOT NULL OR t.archive_object_key IS NOT NULL) ORDER BY t.tracking_id FOR UPDATE OF t`,
      [projectId, idHashes, exceptBatchId, requestedUntil],
    ),

  /** The list each of the tasks has now, by tracking id, once no transaction that changes it is open. */
  lockListKeys: async (
    tx: ControlTx,
    projectId: number,
    trackingIds: readonly string[],
  ): Promise<ReadonlyMap<string, string | null>> => {
    const rows = await tx.rows<{ tracking_id: string; ids_object_key: string | null }>(
      `SELECT tracking_id, ids_object_key FROM privacy_task
       WHERE project_id = $1 AND tracking_id = ANY($2) ORDER BY tracking_id FOR UPDATE`,
      [projectId, trackingIds],
    )
    return new Map(rows.map((row) => [row.tracking_id, row.ids_object_key]))
  },

  /**
   * Moves the tasks along the state table and answers those that really moved: one that was canceled meanwhile, or
   * whose id list changed since it was read (`idsObjectKey`), stays where it is.
   */
  move: async (
    tx: ControlTx,
    trigger: TaskTrigger,
    target: PrivacyTask['state'],
    trackingId: string,
    change: TaskChange = {},
    idsObjectKey?: string,
  ): Promise<boolean> => {
    const { sql, values } = assignments(change, 5)
    const moved = await tx.rows<{ tracking_id: string }>(
      `UPDATE privacy_task SET state = $1${sql}
       WHERE tracking_id = $2 AND state = ANY($3) AND ($4::text IS NULL OR ids_object_key = $4) RETURNING tracking_id`,
      [target, trackingId, statesBefore(trigger), idsObjectKey ?? null, ...values],
    )
    return moved.length > 0
  },

  /** Sets columns without moving the task. */
  change: async (tx: ControlTx, trackingId: string, change: TaskChange): Promise<void> => {
    const { sql, values } = assignments(change, 2)
    await tx.rows(`UPDATE privacy_task SET tracking_id = $1${sql} WHERE tracking_id = $1`, [trackingId, ...values])
  },

  countFailedAttempt: async (tx: ControlTx, trackingIds: readonly string[]): Promise<void> => {
    await tx.rows('UPDATE privacy_task SET attempt_count = attempt_count + 1 WHERE tracking_id = ANY($1)', [
      trackingIds,
    ])
  },

  replaceHashes: async (tx: ControlTx, trackingId: string, projectId: number, hashes: readonly string[]) => {
    await tx.rows('DELETE FROM privacy_task_id WHERE tracking_id = $1', [trackingId])
    await tx.rows('INSERT INTO privacy_task_id (tracking_id, project_id, id_hash) SELECT $1, $2, unnest($3::text[])', [
      trackingId,
      projectId,
      hashes,
    ])
  },

  /** Retrievals whose archive has expired, and lists of revoked or finished tasks that nobody needs any more. */
  expired: (tx: ControlTx, region: string, now: Date, listDays: number) =>
    tasks(
      tx,
      `t.region = $1 AND (
         (t.archive_object_key IS NOT NULL AND t.archive_expires_at <= $2)
         OR (t.ids_object_key IS NOT NULL AND t.archive_object_key IS NULL AND t.state IN ('REVOKED', 'SUCCESS', 'FAILURE')
             AND t.requested_at <= $2::timestamptz - make_interval(days => $3)))
       LIMIT 100`,
      [region, now, listDays],
    ),

  /**
   * Seconds since the project's last accepted create; null when there was none. Serialises creates of the project:
   * `now` is asked after the wait, or the one that waited would seem to come before the one it waited for.
   */
  lockCreates: async (tx: ControlTx, projectId: number, now: () => Date): Promise<number | null> => {
    await tx.rows(`SELECT pg_advisory_xact_lock(hashtext('privacy-create'), $1)`, [projectId])
    const [row] = await tx.rows<{ seconds: number | null }>(
      'SELECT extract(epoch FROM $2::timestamptz - max(requested_at))::float8 AS seconds FROM privacy_task WHERE project_id = $1',
      [projectId, now()],
    )
    return row?.seconds ?? null
  },

  outstandingScanDays: async (tx: ControlTx, projectId: number): Promise<number> => {
    const [row] = await tx.rows<{ days: string }>(
      `SELECT coalesce(sum(scan_days), 0)::text AS days FROM privacy_task
       WHERE project_id = $1 AND kind = 'retrieval' AND state IN ('PENDING', 'STAGING', 'STARTED')`,
      [projectId],
    )
    return Number(row?.days ?? 0)
  },

  suppress: async (tx: ControlTx, projectId: number, trackingId: string, hashes: readonly string[]): Promise<void> => {
    await tx.rows(
      `INSERT INTO suppressed_id (project_id, tracking_id, id_hash) SELECT $1, $2, unnest($3::text[])
       ON CONFLICT (project_id, id_hash) DO NOTHING`,
      [projectId, trackingId, hashes],
    )
  },

  /** Tells every server that links, profiles and suppression it remembers for these projects are void. */
  bumpErasureEpoch: async (db: ControlTx, projectIds: readonly number[]): Promise<void> => {
    await db.rows('UPDATE project SET erasure_epoch = erasure_epoch + 1 WHERE id = ANY($1)', [projectIds])
    await db.rows(`SELECT pg_notify('project_changed', id::text) FROM unnest($1::int[]) AS id`, [projectIds])
  },
}

/** Wakes the workers of every server. */
export const notifyWorkers = (control: ControlDb, region: string): Promise<void> =>
  control.notify('privacy_task', region)

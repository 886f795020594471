import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import type { PrivacyTask } from '../domain/task.ts'
import type { TaskTimes } from '../domain/waiting.ts'
import { type TaskRow, taskSql, toTask } from './postgres-task-store.ts'

/** A task with its times, as pages show it. */
export interface TimedTask {
  readonly task: PrivacyTask
  readonly times: TaskTimes
}

interface TimedRow extends TaskRow {
  readonly due_at: Date
  readonly started_at: Date | null
  readonly finished_at: Date | null
  readonly not_before: Date | null
  readonly archive_expires_at: Date | null
}

const ms = (at: Date | null): number | null => at?.getTime() ?? null

const timed = (row: TimedRow): TimedTask => ({
  task: toTask(row),
  times: {
    dueAtMs: row.due_at.getTime(),
    startedAtMs: ms(row.started_at),
    verifiedAtMs: ms(row.verified_at),
    finishedAtMs: ms(row.finished_at),
    notBeforeMs: ms(row.not_before),
    archiveExpiresAtMs: ms(row.archive_expires_at),
  },
})

/** Of some projects, both kinds, newest first. `before`: only those asked for earlier than this one's `date_requested`. */
export const listTasks = async (
  tx: ControlTx,
  projectIds: readonly number[],
  { limit, before }: { readonly limit: number; readonly before: string | null },
): Promise<readonly TimedTask[]> => {
  const rows = await tx.rows<TimedRow>(
    `${taskSql} WHERE t.project_id = ANY($1::int[]) AND ($2::text IS NULL OR t.requested_at < ($2::text || 'Z')::timestamptz)
     ORDER BY t.requested_at DESC, t.tracking_id LIMIT $3`,
    [projectIds, before, limit],
  )
  return rows.map(timed)
}

/** Of either kind. */
export const findTask = async (tx: ControlTx, projectId: number, trackingId: string): Promise<TimedTask | null> => {
  const [row] = await tx.rows<TimedRow>(`${taskSql} WHERE t.project_id = $1 AND t.tracking_id = $2`, [
    projectId,
    trackingId,
  ])
  return row === undefined ? null : timed(row)
}

/** Live projects of an organization, and their regions. */
export const projectsOfOrganization = (tx: ControlTx, organizationId: number) =>
  tx.rows<{ id: number; region: string }>(
    'SELECT id, region FROM project WHERE organization_id = $1 AND deleted_at IS NULL ORDER BY id',
    [organizationId],
  )

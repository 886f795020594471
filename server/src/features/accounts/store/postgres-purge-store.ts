import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import type { PurgeProof } from '../domain/project.ts'

export interface DueProject {
  readonly id: number
  readonly name: string
  readonly organization_id: number
}

/**
 * A project of the region whose grace is over. One that a privacy request or a deletion of events is still at work on
 * comes when that has ended, so that its receipt says what was done.
 */
export const findDueProject = async (
  control: ControlTx,
  regionId: string,
  nowMs: number,
): Promise<DueProject | null> => {
  const [row] = await control.rows<DueProject>(
    `SELECT id, name, organization_id FROM project p
     WHERE region = $1 AND deleted_at IS NOT NULL AND purged_at IS NULL AND purge_due_at <= $2
       AND NOT EXISTS (SELECT 1 FROM privacy_task t WHERE t.project_id = p.id AND t.state IN ('PENDING', 'STAGING', 'STARTED'))
       AND NOT EXISTS (SELECT 1 FROM event_deletion d WHERE d.project_id = p.id AND d.state IN ('PENDING', 'STARTED'))
     ORDER BY purge_due_at LIMIT 1`,
    [regionId, new Date(nowMs)],
  )
  return row ?? null
}

// The number of the project stays taken, the log stays, and so does the evidence of erasures.
const kept = ['project', 'audit_event', 'privacy_task']

/** Removes what people set up in the project, in every table of the control store that names it: taken from the live schema. */
export const purgeSettings = async (tx: ControlTx, projectId: number): Promise<void> => {
  const tables = await tx.rows<{ name: string }>(
    `SELECT c.table_name AS name FROM information_schema.columns c
     WHERE c.table_schema = current_schema() AND c.column_name = 'project_id' AND c.table_name <> ALL($1::text[])
     ORDER BY c.table_name`,
    [kept],
  )
  for (const { name } of tables) await tx.rows(`DELETE FROM "${name}" WHERE project_id = $1`, [projectId])
  await tx.rows('UPDATE privacy_task SET ids_object_key = NULL, archive_object_key = NULL WHERE project_id = $1', [
    projectId,
  ])
}

export const markPurged = async (tx: ControlTx, id: number, proof: PurgeProof, nowMs: number): Promise<void> => {
  await tx.rows('UPDATE project SET purged_at = $2, purge_proof = $3 WHERE id = $1', [
    id,
    new Date(nowMs),
    JSON.stringify(proof),
  ])
}

import type { ControlTx } from '../../../platform/postgres/control-db.ts'

/** Who took the archive of a retrieval away, newest first. `by` null: whoever had the signed link. */
export const downloadsOf = async (
  tx: ControlTx,
  projectId: number,
  trackingId: string,
): Promise<readonly { readonly at: string; readonly by: string | null }[]> => {
  const rows = await tx.rows<{ occurred_at: Date; actor_type: string; actor_name: string | null }>(
    `SELECT occurred_at, actor_type, actor_name FROM audit_event
     WHERE project_id = $1 AND event_type = 'user_data_export.downloaded' AND target->>'id' = $2
     ORDER BY audit_event.id DESC LIMIT 100`,
    [projectId, trackingId],
  )
  return rows.map((row) => ({
    at: row.occurred_at.toISOString(),
    by: row.actor_type === 'user' ? row.actor_name : null,
  }))
}

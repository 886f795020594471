import type { ControlTx } from '../../../platform/postgres/control-db.ts'

/** Null: it has been deleted before. */
export const markOrganizationDeleted = async (
  tx: ControlTx,
  id: number,
  nowMs: number,
  closesAtMs: number,
): Promise<{ readonly name: string } | null> => {
  const [row] = await tx.rows<{ name: string }>(
    'UPDATE organization SET deleted_at = $2, closes_at = $3 WHERE id = $1 AND deleted_at IS NULL RETURNING name',
    [id, new Date(nowMs), new Date(closesAtMs)],
  )
  return row ?? null
}

/** Null: it is not deleted, or closed already. */
export const restoreOrganization = async (tx: ControlTx, id: number): Promise<{ readonly name: string } | null> => {
  const [row] = await tx.rows<{ name: string }>(
    `UPDATE organization SET deleted_at = NULL, closes_at = NULL
     WHERE id = $1 AND deleted_at IS NOT NULL AND closed_at IS NULL RETURNING name`,
    [id],
  )
  return row ?? null
}

/** One whose time is over, locked until the transaction ends. Null: there is none. */
export const lockDueOrganization = async (
  tx: ControlTx,
  nowMs: number,
): Promise<{ readonly id: number; readonly name: string } | null> => {
  const [row] = await tx.rows<{ id: number; name: string }>(
    `SELECT id, name FROM organization WHERE closes_at <= $1 AND closed_at IS NULL
     ORDER BY closes_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [new Date(nowMs)],
  )
  return row ?? null
}

/** Its projects, each to be purged at `purgeDueAtMs`; those that were deleted before have no grace left either. */
export const endProjects = async (tx: ControlTx, id: number, nowMs: number, purgeDueAtMs: number) =>
  tx.rows<{ id: number; name: string }>(
    `UPDATE project SET deleted_at = coalesce(deleted_at, $2), purge_due_at = least(purge_due_at, $3)
     WHERE organization_id = $1 AND purged_at IS NULL RETURNING id, name`,
    [id, new Date(nowMs), new Date(purgeDueAtMs)],
  )

// In this order, for the keys between them. What hangs on a service account or a team goes with it.
const ofOrganization = [
  'service_account',
  'team',
  'invitation',
  'scim_token',
  'sso_member',
  'sso_domain',
  'sso_configuration',
  'sso_link',
]

/** Nobody is in it any longer. Accounts stay, for they are of people and not of organizations; what they hold ends with the last one. */
export const emptyOrganization = async (tx: ControlTx, id: number, nowMs: number): Promise<void> => {
  for (const table of ofOrganization) await tx.rows(`DELETE FROM ${table} WHERE organization_id = $1`, [id])
  await tx.rows('DELETE FROM sso_link WHERE admin_organization_id = $1', [id])
  await tx.rows('DELETE FROM project_member WHERE project_id IN (SELECT id FROM project WHERE organization_id = $1)', [
    id,
  ])
  const gone = await tx.rows<{ account_id: number }>(
    'DELETE FROM organization_member WHERE organization_id = $1 RETURNING account_id',
    [id],
  )
  for (const [table, column] of [
    ['gdpr_token', 'revoked_at'],
    ['session', 'ended_at'],
  ] as const) {
    await tx.rows(
      `UPDATE ${table} t SET ${column} = $2 WHERE account_id = ANY($1::int[]) AND ${column} IS NULL
         AND NOT EXISTS (SELECT 1 FROM organization_member m WHERE m.account_id = t.account_id)`,
      [gone.map(({ account_id: accountId }) => accountId), new Date(nowMs)],
    )
  }
  await tx.rows('UPDATE organization SET closed_at = $2 WHERE id = $1', [id, new Date(nowMs)])
}

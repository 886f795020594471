import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import type { Team } from '../domain/member.ts'
import type { ProjectGrant } from '../domain/service-account.ts'
import { grantJson } from './postgres-member-store.ts'

/** `teamId` null: all of the organization. */
export const listTeams = (
  control: ControlTx,
  organizationId: number,
  teamId: number | null = null,
): Promise<readonly Team[]> =>
  control.rows<Team>(
    `SELECT t.id, t.name, t.created_at AS created, t.classified_access,
       ARRAY(SELECT account_id FROM team_account WHERE team_id = t.id ORDER BY 1) AS members,
       ARRAY(SELECT service_account_id FROM team_service_account WHERE team_id = t.id ORDER BY 1) AS service_accounts,
       (SELECT coalesce(jsonb_agg(${grantJson} ORDER BY g.project_id), '[]')
        FROM team_project g JOIN project p ON p.id = g.project_id
        WHERE g.team_id = t.id AND p.deleted_at IS NULL) AS projects
     FROM team t WHERE t.organization_id = $1 AND ($2::int IS NULL OR t.id = $2::int) ORDER BY t.id`,
    [organizationId, teamId],
  )

/** Waits for whoever changes the team. Null: the organization has no such team. */
export const lockTeam = async (tx: ControlTx, organizationId: number, id: number): Promise<Team | null> => {
  await tx.rows('SELECT 1 FROM team WHERE organization_id = $1 AND id = $2 FOR UPDATE', [organizationId, id])
  const [team] = await listTeams(tx, organizationId, id)
  return team ?? null
}

/** Throws AppError CONFLICT (409) when the organization has a team of that name. */
export const insertTeam = async (tx: ControlTx, organizationId: number, name: string): Promise<number> => {
  const [row] = await tx.rows<{ id: number }>('INSERT INTO team (organization_id, name) VALUES ($1, $2) RETURNING id', [
    organizationId,
    name,
  ])
  return (row as { id: number }).id
}

/** As insertTeam. */
export const updateTeam = async (tx: ControlTx, id: number, name: string, hasClassified: boolean): Promise<void> => {
  await tx.rows('UPDATE team SET name = $2, classified_access = $3 WHERE id = $1', [id, name, hasClassified])
}

export const deleteTeam = async (tx: ControlTx, id: number): Promise<void> => {
  await tx.rows('DELETE FROM team WHERE id = $1', [id])
}

/** People and service accounts, in the same way. */
export type TeamHolder = 'user' | 'service_account'
const holders = {
  user: {
    table: 'team_account',
    column: 'account_id',
    find: `SELECT a.email AS name FROM account a JOIN organization_member m ON m.account_id = a.id
           WHERE m.organization_id = $1 AND a.id = $2`,
  },
  service_account: {
    table: 'team_service_account',
    column: 'service_account_id',
    find: 'SELECT username AS name FROM service_account WHERE organization_id = $1 AND id = $2',
  },
} as const

/** Name of somebody of the organization; null: they are not. */
export const nameOfHolder = async (
  tx: ControlTx,
  holder: TeamHolder,
  organizationId: number,
  id: number,
): Promise<string | null> => {
  const [row] = await tx.rows<{ name: string }>(holders[holder].find, [organizationId, id])
  return row?.name ?? null
}

export const putInTeam = async (tx: ControlTx, holder: TeamHolder, teamId: number, id: number): Promise<void> => {
  const { table, column } = holders[holder]
  await tx.rows(`INSERT INTO ${table} (team_id, ${column}) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [teamId, id])
}

export const takeFromTeam = async (tx: ControlTx, holder: TeamHolder, teamId: number, id: number): Promise<void> => {
  const { table, column } = holders[holder]
  await tx.rows(`DELETE FROM ${table} WHERE team_id = $1 AND ${column} = $2`, [teamId, id])
}

export const putTeamGrant = async (tx: ControlTx, teamId: number, grant: ProjectGrant): Promise<void> => {
  await tx.rows(
    `INSERT INTO team_project (team_id, project_id, role, custom_role_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (team_id, project_id) DO UPDATE SET role = $3, custom_role_id = $4`,
    [teamId, grant.id, grant.role, grant.custom_role_id ?? null],
  )
}

export const removeTeamGrant = async (tx: ControlTx, teamId: number, projectId: number): Promise<void> => {
  await tx.rows('DELETE FROM team_project WHERE team_id = $1 AND project_id = $2', [teamId, projectId])
}

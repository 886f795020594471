import type { ControlTx } from '../../../platform/postgres/control-db.ts'

/** A team, as the identity provider knows it. */
export interface ScimGroup {
  readonly scimId: string
  readonly teamId: number
  readonly name: string
  readonly externalId: string | null
  readonly createdAtMs: number
  /** SCIM ids of its people; service accounts are not the provider's. */
  readonly members: readonly { readonly scimId: string; readonly email: string }[]
}

/** Every team of the organization. Teams get their SCIM id on the way. */
export const listScimGroups = async (tx: ControlTx, organizationId: number): Promise<readonly ScimGroup[]> => {
  await tx.rows(
    'INSERT INTO scim_group (team_id) SELECT id FROM team WHERE organization_id = $1 ON CONFLICT DO NOTHING',
    [organizationId],
  )
  const rows = await tx.rows<{
    id: string
    team_id: number
    name: string
    external_id: string | null
    created_at: Date
    members: { scimId: string; email: string }[]
  }>(
    `SELECT g.id, g.team_id, t.name, g.external_id, t.created_at,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('scimId', s.scim_id, 'email', a.email) ORDER BY lower(a.email)), '[]')
        FROM team_account ta JOIN account a ON a.id = ta.account_id
          JOIN sso_member s ON s.account_id = a.id AND s.organization_id = t.organization_id
        WHERE ta.team_id = t.id) AS members
     FROM scim_group g JOIN team t ON t.id = g.team_id WHERE t.organization_id = $1 ORDER BY t.name`,
    [organizationId],
  )
  return rows.map((row) => ({
    scimId: row.id,
    teamId: row.team_id,
    name: row.name,
    externalId: row.external_id,
    createdAtMs: row.created_at.getTime(),
    members: row.members,
  }))
}

/** The team of this name, made when there is none. */
export const putTeam = async (tx: ControlTx, organizationId: number, name: string): Promise<number> => {
  const [row] = await tx.rows<{ id: number }>(
    `INSERT INTO team (organization_id, name) VALUES ($1, $2)
     ON CONFLICT (organization_id, name) DO UPDATE SET name = $2 RETURNING id`,
    [organizationId, name],
  )
  if (row === undefined) throw new Error('an upsert answered no row')
  return row.id
}

export const putScimGroup = async (
  tx: ControlTx,
  group: { readonly teamId: number; readonly name: string; readonly externalId: string | null },
): Promise<void> => {
  await tx.rows('UPDATE team SET name = $2 WHERE id = $1', [group.teamId, group.name])
  await tx.rows(
    'INSERT INTO scim_group (team_id, external_id) VALUES ($1, $2) ON CONFLICT (team_id) DO UPDATE SET external_id = $2',
    [group.teamId, group.externalId],
  )
}

/** Exactly these people; service accounts of the team stay. */
export const setTeamAccounts = async (tx: ControlTx, teamId: number, accountIds: readonly number[]): Promise<void> => {
  await tx.rows('DELETE FROM team_account WHERE team_id = $1 AND account_id <> ALL($2::int[])', [teamId, accountIds])
  await tx.rows('INSERT INTO team_account (team_id, account_id) SELECT $1, unnest($2::int[]) ON CONFLICT DO NOTHING', [
    teamId,
    accountIds,
  ])
}

export const deleteTeam = async (tx: ControlTx, teamId: number): Promise<void> => {
  await tx.rows('DELETE FROM team WHERE id = $1', [teamId])
}

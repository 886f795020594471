import { sha256Hex } from '../../../kernel/hash.ts'
import type { CustomRoles, OrganizationRole, Permission, Principal, Role } from '../../../kernel/principal.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import { basePermissions, isPermission, projectRoleOfOrganizationRole, strongerRole } from '../domain/permissions.ts'

export interface ServiceAccountRow {
  readonly id: number
  readonly username: string
  readonly organizationId: number
  readonly secretHash: string
  readonly expiresAtMs: number | null
  readonly projectRoles: ReadonlyMap<number, Role>
  readonly customRoles: ReadonlyMap<number, CustomRoles>
}

/** A person who logs in, with what they may do now. */
export interface AccountRights {
  readonly userId: number
  readonly email: string
  /** Of every organization the person is in, by id. */
  readonly organizationRoles: ReadonlyMap<number, OrganizationRole>
  /** Own grants, those of teams, and those that follow from organization roles; the strongest counts. */
  readonly projectRoles: ReadonlyMap<number, Role>
  readonly customRoles: ReadonlyMap<number, CustomRoles>
}

/** A GDPR token or session as stored: valid or not is the caller's question, by its own clock. */
export interface BearerRow {
  readonly credentialId: string
  readonly userId: number
  readonly expiresAtMs: number
  readonly isRevoked: boolean
}

/** Of a person or a service account itself, or of a team of theirs: a built-in role, or a custom one by its name. */
type Grant = readonly [projectId: number, role: Role, customName: string | null, permissions: readonly string[] | null]

const strongestOf = (grants: readonly Grant[]): Map<number, Role> => {
  const roles = new Map<number, Role>()
  for (const [projectId, role, customName] of grants) {
    if (customName === null) roles.set(projectId, strongerRole(roles.get(projectId), role))
  }
  return roles
}

/** What an older release knew and this one does not opens nothing. */
const customOf = (grants: readonly Grant[]): ReadonlyMap<number, CustomRoles> => {
  const held = new Map<number, CustomRoles>()
  for (const [projectId, , customName, permissions] of grants) {
    if (customName === null) continue
    const before = held.get(projectId) ?? { names: [], permissions: new Set<Permission>(basePermissions) }
    const names = before.names.includes(customName) ? before.names : [...before.names, customName]
    const known = (permissions ?? []).filter(isPermission)
    held.set(projectId, { names, permissions: new Set([...before.permissions, ...known]) })
  }
  return held
}

/** Rows of `source` (project_id, role, custom_role_id) as the grants above. */
const grantsIn = (source: string): string =>
  `(SELECT coalesce(jsonb_agg(jsonb_build_array(g.project_id, g.role, c.name, to_jsonb(c.permissions))), '[]')
    FROM (${source}) g LEFT JOIN custom_role c ON c.id = g.custom_role_id)`

export const findServiceAccount = async (control: ControlTx, username: string): Promise<ServiceAccountRow | null> => {
  const [row] = await control.rows<{
    id: number
    organization_id: number
    secret_hash: string
    expires_at: Date | null
    grants: readonly Grant[]
  }>(
    `SELECT s.id, s.organization_id, s.secret_hash, s.expires_at,
       ${grantsIn(`
          SELECT project_id, role, custom_role_id FROM service_account_project WHERE service_account_id = s.id
          UNION ALL
          SELECT p.project_id, p.role, p.custom_role_id FROM team_service_account m
          JOIN team_project p ON p.team_id = m.team_id WHERE m.service_account_id = s.id`)} AS grants
     FROM service_account s WHERE s.username = $1`,
    [username],
  )
  if (row === undefined) return null
  return {
    id: row.id,
    username,
    organizationId: row.organization_id,
    secretHash: row.secret_hash,
    expiresAtMs: row.expires_at?.getTime() ?? null,
    projectRoles: strongestOf(row.grants),
    customRoles: customOf(row.grants),
  }
}

export const findProjectIdBySecretHash = async (control: ControlTx, secretHash: string): Promise<number | null> => {
  const [row] = await control.rows<{ id: number }>(
    'SELECT id FROM project WHERE secret_hash = $1 AND deleted_at IS NULL',
    [secretHash],
  )
  return row?.id ?? null
}

const bearerRow = (row: { id: string; account_id: number; expires_at: Date; ended_at: Date | null }): BearerRow => ({
  credentialId: row.id,
  userId: row.account_id,
  expiresAtMs: row.expires_at.getTime(),
  isRevoked: row.ended_at !== null,
})

export const findGdprToken = async (control: ControlTx, token: string): Promise<BearerRow | null> => {
  const [row] = await control.rows<Parameters<typeof bearerRow>[0]>(
    'SELECT id, account_id, expires_at, revoked_at AS ended_at FROM gdpr_token WHERE token_hash = $1',
    [sha256Hex(token)],
  )
  return row === undefined ? null : bearerRow(row)
}

export interface SessionRow extends BearerRow {
  readonly lastSeenAtMs: number
  readonly method: string
  readonly hasSecondFactor: boolean
  readonly mustSetUpSecondFactor: boolean
}

export const findSession = async (control: ControlTx, token: string): Promise<SessionRow | null> => {
  const [row] = await control.rows<
    Parameters<typeof bearerRow>[0] & {
      last_seen_at: Date
      method: string
      has_second_factor: boolean
      must_set_up_second_factor: boolean
    }
  >(
    `SELECT s.id, s.account_id, s.expires_at, s.ended_at, coalesce(s.last_seen_at, s.created_at) AS last_seen_at, s.method,
       s.has_second_factor, a.must_set_up_second_factor
     FROM session s JOIN account a ON a.id = s.account_id WHERE s.token_hash = $1`,
    [sha256Hex(token)],
  )
  if (row === undefined) return null
  return {
    ...bearerRow(row),
    lastSeenAtMs: row.last_seen_at.getTime(),
    method: row.method,
    hasSecondFactor: row.has_second_factor,
    mustSetUpSecondFactor: row.must_set_up_second_factor,
  }
}

/** Read fresh for every call: rights end when they are taken away, not when a token does (auth §5). */
export const findAccountRights = async (control: ControlTx, userId: number): Promise<AccountRights | null> => {
  const [row] = await control.rows<{
    email: string
    organizations: Record<string, OrganizationRole>
    grants: readonly Grant[]
    by_organization: Record<string, OrganizationRole>
  }>(
    `SELECT a.email,
       (SELECT coalesce(jsonb_object_agg(organization_id, role), '{}') FROM organization_member WHERE account_id = a.id) AS organizations,
       ${grantsIn(`
          SELECT project_id, role, custom_role_id FROM project_member WHERE account_id = a.id
          UNION ALL
          SELECT p.project_id, p.role, p.custom_role_id FROM team_account m
          JOIN team_project p ON p.team_id = m.team_id WHERE m.account_id = a.id`)} AS grants,
       (SELECT coalesce(jsonb_object_agg(p.id, m.role), '{}') FROM project p
          JOIN organization_member m ON m.organization_id = p.organization_id
        WHERE m.account_id = a.id AND m.role IN ('owner', 'admin')) AS by_organization
     FROM account a WHERE a.id = $1`,
    [userId],
  )
  if (row === undefined) return null
  const projectRoles = strongestOf(row.grants)
  for (const [id, organizationRole] of Object.entries(row.by_organization)) {
    const role = projectRoleOfOrganizationRole[organizationRole]
    if (role !== null) projectRoles.set(Number(id), strongerRole(projectRoles.get(Number(id)), role))
  }
  const organizationRoles = new Map(Object.entries(row.organizations).map(([id, role]) => [Number(id), role]))
  return { userId, email: row.email, organizationRoles, projectRoles, customRoles: customOf(row.grants) }
}

/** A service account with the role of owner or admin is that in its organization, and otherwise a member (auth §4). */
export const findOrganizationRole = async (
  control: ControlTx,
  principal: Principal,
  organizationId: number,
): Promise<OrganizationRole | null> => {
  if (principal.kind === 'session') {
    const [row] = await control.rows<{ role: OrganizationRole }>(
      'SELECT role FROM organization_member WHERE organization_id = $1 AND account_id = $2',
      [organizationId, principal.userId],
    )
    return row?.role ?? null
  }
  if (principal.kind !== 'service-account') return null
  const [row] = await control.rows<{ role: Role | null }>(
    'SELECT role FROM service_account WHERE organization_id = $1 AND id = $2',
    [organizationId, principal.id],
  )
  if (row === undefined) return null
  return row.role === 'owner' || row.role === 'admin' ? row.role : 'member'
}

export type TouchedTable = keyof typeof touched
const touched = {
  service_account: { idType: 'int', column: 'last_used_at' },
  gdpr_token: { idType: 'uuid', column: 'last_used_at' },
  session: { idType: 'uuid', column: 'last_seen_at' },
} as const

/** When it was last used, for people who tidy up: at most one write a minute and credential. */
export const touchLastUsed = async (
  control: ControlTx,
  table: TouchedTable,
  id: number | string,
  nowMs: number,
): Promise<void> => {
  const { idType, column } = touched[table]
  await control.rows(
    `UPDATE ${table} SET ${column} = $2
     WHERE id = $1::${idType} AND (${column} IS NULL OR ${column} < $2::timestamptz - interval '1 minute')`,
    [id, new Date(nowMs)],
  )
}

import { sha256Hex } from '../../../kernel/hash.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import { hasOtherOwner, lockOrganization, removeMember } from './postgres-scim-store.ts'

export interface SsoLink {
  readonly organizationId: number
  readonly organizationName: string
  readonly adminOrganizationId: number
  readonly scimName: string
}

interface Row {
  readonly organization_id: number
  readonly name: string
  readonly admin_organization_id: number
  readonly scim_name: string
}

const linkOf = (row: Row): SsoLink => ({
  organizationId: row.organization_id,
  organizationName: row.name,
  adminOrganizationId: row.admin_organization_id,
  scimName: row.scim_name,
})

const columns = 'SELECT l.*, o.name FROM sso_link l JOIN organization o ON o.id = l.organization_id'

/** Null: the organization signs people in by its own settings. */
export const findLink = async (tx: ControlTx, organizationId: number): Promise<SsoLink | null> => {
  const [row] = await tx.rows<Row>(`${columns} WHERE l.organization_id = $1`, [organizationId])
  return row === undefined ? null : linkOf(row)
}

export const listLinks = async (tx: ControlTx, adminOrganizationId: number): Promise<readonly SsoLink[]> => {
  const rows = await tx.rows<Row>(`${columns} WHERE l.admin_organization_id = $1 ORDER BY 1`, [adminOrganizationId])
  return rows.map(linkOf)
}

/** Whose settings and domains count for an organization (auth §8). */
export const settingsOwnerOf = async (tx: ControlTx, organizationId: number): Promise<number> =>
  (await findLink(tx, organizationId))?.adminOrganizationId ?? organizationId

/** An admin organization has no projects (auth §8). */
export const hasProjects = async (tx: ControlTx, organizationId: number): Promise<boolean> =>
  (await tx.rows('SELECT 1 FROM project WHERE organization_id = $1 AND deleted_at IS NULL LIMIT 1', [organizationId]))
    .length > 0

export const insertLinkCode = async (
  tx: ControlTx,
  code: {
    readonly code: string
    readonly adminOrganizationId: number
    readonly nowMs: number
    readonly endsAtMs: number
  },
): Promise<void> => {
  await tx.rows('DELETE FROM sso_link_code WHERE expires_at < $1', [new Date(code.nowMs)])
  await tx.rows('INSERT INTO sso_link_code VALUES ($1, $2, $3)', [
    sha256Hex(code.code),
    code.adminOrganizationId,
    new Date(code.endsAtMs),
  ])
}

/** The organization that made the code; null for a code that is unknown, over or used. */
export const takeLinkCode = async (tx: ControlTx, code: string, nowMs: number): Promise<number | null> => {
  const [row] = await tx.rows<{ admin_organization_id: number }>(
    'DELETE FROM sso_link_code WHERE code_hash = $1 AND expires_at > $2 RETURNING admin_organization_id',
    [sha256Hex(code), new Date(nowMs)],
  )
  return row?.admin_organization_id ?? null
}

export const insertLink = async (tx: ControlTx, link: Omit<SsoLink, 'organizationName'>): Promise<void> => {
  await tx.rows('INSERT INTO sso_link VALUES ($1, $2, $3)', [
    link.organizationId,
    link.adminOrganizationId,
    link.scimName,
  ])
}

export const renameLink = async (tx: ControlTx, organizationId: number, scimName: string): Promise<void> => {
  await tx.rows('UPDATE sso_link SET scim_name = $2 WHERE organization_id = $1', [organizationId, scimName])
}

/** Members stay as they are. */
export const deleteLink = async (tx: ControlTx, organizationId: number): Promise<void> => {
  await tx.rows('DELETE FROM sso_link WHERE organization_id = $1', [organizationId])
}

/** A domain goes to the admin organization with its proof; false: it has claimed the domain already. */
export const transferDomain = async (
  tx: ControlTx,
  domain: string,
  { organizationId, adminOrganizationId }: SsoLink,
): Promise<boolean> => {
  await tx.rows('DELETE FROM sso_domain WHERE organization_id = $1 AND domain = $2 AND verified_at IS NULL', [
    adminOrganizationId,
    domain,
  ])
  const moved = await tx.rows(
    'UPDATE sso_domain SET organization_id = $3 WHERE organization_id = $1 AND domain = $2 RETURNING domain',
    [organizationId, domain, adminOrganizationId],
  )
  return moved.length === 1
}

/** True when the provider of the admin organization has put somebody aside: then no linked organization lets them in. */
export const isPutAside = async (tx: ControlTx, organizationId: number, email: string): Promise<boolean> =>
  (
    await tx.rows(
      `SELECT 1 FROM sso_member s JOIN account a ON a.id = s.account_id
       WHERE s.organization_id = $1 AND lower(a.email) = lower($2) AND NOT s.is_active
         AND NOT EXISTS (SELECT 1 FROM organization_member m WHERE m.organization_id = $1 AND m.account_id = a.id)`,
      [organizationId, email],
    )
  ).length > 0

/** Somebody who came into, or left, a linked organization by a group. */
export interface LinkedChange {
  readonly organizationId: number
  readonly accountId: number
  readonly event: 'user_added' | 'user_removed'
}

/**
 * AUTH-29: makes the members of linked organizations what the SCIM groups of their names say. Takes out only whom a group
 * put in, and never the last owner. May run any number of times. Answers who came and who left.
 */
export const syncLinkedMembers = async (
  tx: ControlTx,
  adminOrganizationId: number,
  nowMs: number,
): Promise<readonly LinkedChange[]> => {
  const changes: LinkedChange[] = []
  for (const { organizationId } of await listLinks(tx, adminOrganizationId)) {
    await lockOrganization(tx, organizationId)
    const { wanted, placed } = await membersOfLink(tx, organizationId)
    for (const accountId of wanted) {
      if (await placeMember(tx, organizationId, accountId)) {
        changes.push({ organizationId, accountId, event: 'user_added' })
      }
    }
    for (const accountId of placed) {
      if (wanted.has(accountId)) continue
      await tx.rows('DELETE FROM sso_link_member WHERE organization_id = $1 AND account_id = $2', [
        organizationId,
        accountId,
      ])
      if (!(await hasOtherOwner(tx, organizationId, accountId))) continue
      await removeMember(tx, organizationId, accountId, nowMs)
      changes.push({ organizationId, accountId, event: 'user_removed' })
    }
  }
  return changes
}

/** False: they were a member before, and stay one whatever the group says. */
const placeMember = async (tx: ControlTx, organizationId: number, accountId: number): Promise<boolean> => {
  const added = await tx.rows(
    `INSERT INTO organization_member (organization_id, account_id, role) VALUES ($1, $2, 'member')
     ON CONFLICT DO NOTHING RETURNING account_id`,
    [organizationId, accountId],
  )
  if (added.length === 0) return false
  await tx.rows('INSERT INTO sso_link_member VALUES ($1, $2) ON CONFLICT DO NOTHING', [organizationId, accountId])
  return true
}

const membersOfLink = async (tx: ControlTx, organizationId: number) => {
  const wanted = await tx.rows<{ account_id: number }>(
    `SELECT ta.account_id FROM sso_link l
       JOIN team t ON t.organization_id = l.admin_organization_id AND lower(t.name) = lower(l.scim_name)
       JOIN team_account ta ON ta.team_id = t.id
     WHERE l.organization_id = $1`,
    [organizationId],
  )
  const placed = await tx.rows<{ account_id: number }>(
    'SELECT account_id FROM sso_link_member WHERE organization_id = $1',
    [organizationId],
  )
  const ids = (rows: readonly { readonly account_id: number }[]) => new Set(rows.map((row) => row.account_id))
  return { wanted: ids(wanted), placed: ids(placed) }
}

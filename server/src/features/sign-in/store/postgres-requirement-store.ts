import type { OrganizationRole } from '../../../kernel/principal.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'

// auth §7: unavailable, and so without effect, where an identity provider signs people in.
const isRequired = `o.two_factor_required
  AND NOT EXISTS (SELECT 1 FROM sso_configuration c WHERE c.organization_id = o.id AND c.is_enabled)`

/** AUTH-22: an organization of theirs wants a second factor. */
export const mustHaveSecondFactor = async (tx: ControlTx, accountId: number): Promise<boolean> => {
  const rows = await tx.rows(
    `SELECT 1 FROM organization_member m JOIN organization o ON o.id = m.organization_id
     WHERE m.account_id = $1 AND ${isRequired} LIMIT 1`,
    [accountId],
  )
  return rows.length > 0
}

/**
 * True when a first step is not enough for this person: an authenticator app is set up, or there is a passkey where their
 * organization wants a second factor (a password alone could set up another one otherwise).
 */
export const needsSecondStep = async (tx: ControlTx, accountId: number): Promise<boolean> => {
  const [row] = await tx.rows<{ app: boolean; passkey: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM second_factor WHERE account_id = $1 AND confirmed_at IS NOT NULL) AS app,
       EXISTS (SELECT 1 FROM passkey WHERE account_id = $1) AS passkey`,
    [accountId],
  )
  return row?.app === true || (row?.passkey === true && (await mustHaveSecondFactor(tx, accountId)))
}

/** When a second factor becomes required: sessions by a first step alone end, of members who could have shown another. */
export const endFirstStepSessions = async (tx: ControlTx, organizationId: number, nowMs: number): Promise<void> => {
  await tx.rows(
    `UPDATE session SET ended_at = $2 WHERE ended_at IS NULL AND NOT has_second_factor AND method <> 'sso'
       AND account_id IN (SELECT m.account_id FROM organization_member m JOIN passkey p USING (account_id)
         WHERE m.organization_id = $1)`,
    [organizationId, new Date(nowMs)],
  )
}

export interface Requirement {
  readonly isSet: boolean
  readonly hasSso: boolean
}

export const findRequirement = async (tx: ControlTx, organizationId: number): Promise<Requirement> => {
  const [row] = await tx.rows<{ two_factor_required: boolean; has_sso: boolean }>(
    `SELECT two_factor_required,
       EXISTS (SELECT 1 FROM sso_configuration c WHERE c.organization_id = o.id AND c.is_enabled) AS has_sso
     FROM organization o WHERE id = $1 FOR UPDATE`,
    [organizationId],
  )
  return { isSet: row?.two_factor_required === true, hasSso: row?.has_sso === true }
}

export const setRequirement = async (tx: ControlTx, organizationId: number, isSet: boolean): Promise<void> => {
  await tx.rows('UPDATE organization SET two_factor_required = $2 WHERE id = $1', [organizationId, isSet])
}

/** Of a member, what their administrators see. */
export interface MemberFactors {
  readonly id: number
  readonly email: string
  readonly role: OrganizationRole
  readonly second_factor: boolean
  readonly passkeys: number
}

export const listMemberFactors = (tx: ControlTx, organizationId: number): Promise<readonly MemberFactors[]> =>
  tx.rows<MemberFactors>(
    `SELECT a.id, a.email, m.role,
       EXISTS (SELECT 1 FROM second_factor f WHERE f.account_id = a.id AND f.confirmed_at IS NOT NULL) AS second_factor,
       (SELECT count(*)::int FROM passkey p WHERE p.account_id = a.id) AS passkeys
     FROM organization_member m JOIN account a ON a.id = m.account_id
     WHERE m.organization_id = $1 ORDER BY a.id`,
    [organizationId],
  )

/** Role of a member, and whether they are in another organization as well; null: no member. */
export const findMembership = async (
  tx: ControlTx,
  organizationId: number,
  accountId: number,
): Promise<{ readonly role: OrganizationRole; readonly isElsewhere: boolean } | null> => {
  const [row] = await tx.rows<{ role: OrganizationRole; elsewhere: boolean }>(
    `SELECT role, EXISTS (SELECT 1 FROM organization_member o WHERE o.account_id = $2 AND o.organization_id <> $1) AS elsewhere
     FROM organization_member WHERE organization_id = $1 AND account_id = $2`,
    [organizationId, accountId],
  )
  return row === undefined ? null : { role: row.role, isElsewhere: row.elsewhere }
}

import type { ControlTx } from '../../../platform/postgres/control-db.ts'

export interface SignedInMember {
  readonly id: number
  readonly email: string
  /** False: the identity provider has put the person aside (SCIM); nobody gets in by an old assertion. */
  readonly isActive: boolean
  readonly isNew: boolean
}

/**
 * AUTH-27, just in time: the account of an address, made when there is none, and its membership, as member. Addresses
 * are lower case. A person who is put aside is answered as such and not made a member again.
 */
export const admitMember = async (
  tx: ControlTx,
  organizationId: number,
  person: { readonly email: string; readonly firstName: string; readonly lastName: string },
  nowMs: number,
): Promise<SignedInMember> => {
  await tx.rows('INSERT INTO account (email) VALUES ($1) ON CONFLICT (lower(email)) DO NOTHING', [person.email])
  const [account] = await tx.rows<{ id: number; email: string }>(
    'SELECT id, email FROM account WHERE lower(email) = $1 FOR UPDATE',
    [person.email],
  )
  if (account === undefined) throw new Error('an account that was just made is gone')
  const [known] = await tx.rows<{ is_active: boolean }>(
    `INSERT INTO sso_member (organization_id, account_id, first_name, last_name, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $5)
     ON CONFLICT (organization_id, account_id) DO UPDATE SET
       first_name = CASE WHEN $3 = '' THEN sso_member.first_name ELSE $3 END,
       last_name = CASE WHEN $4 = '' THEN sso_member.last_name ELSE $4 END
     RETURNING is_active OR EXISTS (
       SELECT 1 FROM organization_member WHERE organization_id = $1 AND account_id = $2) AS is_active`,
    [organizationId, account.id, person.firstName, person.lastName, new Date(nowMs)],
  )
  if (known?.is_active !== true) return { ...account, isActive: false, isNew: false }
  const added = await tx.rows(
    `INSERT INTO organization_member (organization_id, account_id, role) VALUES ($1, $2, 'member')
     ON CONFLICT DO NOTHING RETURNING account_id`,
    [organizationId, account.id],
  )
  return { ...account, isActive: true, isNew: added.length === 1 }
}

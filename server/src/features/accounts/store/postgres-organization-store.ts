import type { OrganizationRole } from '../../../kernel/principal.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'

export interface Organization {
  readonly id: number
  readonly name: string
  readonly created: Date
  /** Deleted: when it is closed. */
  readonly closes: Date | null
}

export const findOrganization = async (control: ControlTx, id: number): Promise<Organization | null> => {
  const [row] = await control.rows<Organization>(
    'SELECT id, name, created_at AS created, closes_at AS closes FROM organization WHERE id = $1',
    [id],
  )
  return row ?? null
}

export const listOrganizationsOf = (
  control: ControlTx,
  accountId: number,
): Promise<readonly (Organization & { readonly role: OrganizationRole })[]> =>
  control.rows(
    `SELECT o.id, o.name, o.created_at AS created, o.closes_at AS closes, m.role FROM organization o
     JOIN organization_member m ON m.organization_id = o.id WHERE m.account_id = $1 ORDER BY o.id`,
    [accountId],
  )

export const insertOrganization = async (tx: ControlTx, name: string): Promise<Organization> => {
  for (;;) {
    const [row] = await tx.rows<Organization>(
      `INSERT INTO organization (id, name) VALUES (nextval('organization_number'), $1) ON CONFLICT (id) DO NOTHING
       RETURNING id, name, created_at AS created, closes_at AS closes`,
      [name],
    )
    if (row !== undefined) return row
  }
}

export const renameOrganization = async (tx: ControlTx, id: number, name: string): Promise<void> => {
  await tx.rows('UPDATE organization SET name = $2 WHERE id = $1', [id, name])
}

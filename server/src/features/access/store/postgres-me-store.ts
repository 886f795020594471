import { Unauthenticated } from '../../../kernel/errors.ts'
import type { CustomRoles, Permission, Principal, Role } from '../../../kernel/principal.ts'
import type { Project } from '../../../kernel/project.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import { permissionsOn } from '../domain/permissions.ts'
import { findAccountRights, findOrganizationRole } from './postgres-credential-store.ts'

/** Answer of GET /api/app/me (auth §1). */
export interface Me {
  readonly user_id: number
  readonly user_name: string
  readonly user_email: string
  readonly organizations: Readonly<
    Record<string, { readonly id: number; readonly name: string; readonly role: string }>
  >
  readonly projects: Readonly<
    Record<
      string,
      {
        readonly id: number
        readonly name: string
        /** A built-in role, or the names of custom ones. */
        readonly role: string
        /** What may be done there (auth §6.2, §6.4). */
        readonly permissions: readonly Permission[]
        readonly timezone: string
        readonly region: string
        readonly cluster: string
      }
    >
  >
}

/** Who the caller is and what they may reach, read fresh. */
export const findMe = async (control: ControlTx, principal: Principal): Promise<Me> => {
  if (!('projectRoles' in principal)) throw new Unauthenticated('Invalid credentials')
  if (principal.kind === 'service-account') {
    const { organizationId } = principal
    const role = (await findOrganizationRole(control, principal, organizationId)) ?? 'member'
    const roles = new Map([[organizationId, role]])
    const reached = await reachOf(control, roles, principal)
    return { user_id: principal.id, user_name: principal.username, user_email: principal.username, ...reached }
  }
  const rights = await findAccountRights(control, principal.userId)
  if (rights === null) throw new Unauthenticated('Invalid credentials')
  const reached = await reachOf(control, rights.organizationRoles, rights)
  return { user_id: principal.userId, user_name: principal.email, user_email: principal.email, ...reached }
}

interface ProjectRights {
  readonly projectRoles: ReadonlyMap<number, Role>
  readonly customRoles: ReadonlyMap<number, CustomRoles>
}

const reachOf = async (
  control: ControlTx,
  organizationRoles: ReadonlyMap<number, string>,
  rights: ProjectRights,
): Promise<Pick<Me, 'organizations' | 'projects'>> => {
  const organizations = await control.rows<{ id: number; name: string }>(
    'SELECT id, name FROM organization WHERE id = ANY($1::int[]) ORDER BY id',
    [[...organizationRoles.keys()]],
  )
  const projects = await control.rows<Pick<Project, 'id' | 'name' | 'timezone' | 'region' | 'cluster'>>(
    'SELECT id, name, timezone, region, cluster FROM project WHERE id = ANY($1::int[]) AND deleted_at IS NULL ORDER BY id',
    [[...rights.projectRoles.keys(), ...rights.customRoles.keys()]],
  )
  return {
    organizations: withRoles(organizations, organizationRoles),
    projects: Object.fromEntries(
      projects.map((row) => {
        const role = rights.projectRoles.get(row.id) ?? rights.customRoles.get(row.id)?.names.join(', ') ?? ''
        return [String(row.id), { ...row, role, permissions: permissionsOn(rights, row.id) }]
      }),
    ),
  }
}

const withRoles = <Row extends { readonly id: number }>(rows: readonly Row[], roles: ReadonlyMap<number, string>) =>
  Object.fromEntries(rows.map((row) => [String(row.id), { ...row, role: roles.get(row.id) ?? '' }]))

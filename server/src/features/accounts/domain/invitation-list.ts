import { createCsvReader } from '../../../kernel/csv-reader.ts'
import { InvalidRequest } from '../../../kernel/errors.ts'
import type { OrganizationRole, Role } from '../../../kernel/principal.ts'
import { emailPattern } from './member.ts'
import type { ProjectGrant } from './service-account.ts'

/** One line of an uploaded list. */
export interface ListedInvitation {
  readonly email: string
  readonly role: OrganizationRole
  readonly projects: readonly ProjectGrant[]
}

const lineCountMax = 1_000
const columns = ['email', 'role', 'project_id', 'project_role'] as const
type Column = (typeof columns)[number]
const organizationRoles: readonly string[] = ['owner', 'admin', 'billing_admin', 'member']
const projectRoles: readonly string[] = ['owner', 'admin', 'analyst', 'consumer']

/**
 * CSV with a header: `email`, and if wanted `role`, `project_id` and `project_role`. Several lines of one e-mail give
 * several projects. Throws InvalidRequest with the line that is wrong, and without what stands in it.
 */
export const readInvitationList = (body: Buffer): readonly ListedInvitation[] => {
  const reader = createCsvReader(10_000)
  const records = [...reader.push(body.toString('utf8').replace(/^\uFEFF/, '')), ...reader.end()]
  const [head, ...lines] = records
  const names = (head?.fields ?? []).map((name) => name.trim().toLowerCase())
  if (!names.includes('email') || names.some((name) => !columns.includes(name as Column))) {
    throw new InvalidRequest(`line 1: expected the columns ${columns.join(', ')}; only email is needed`)
  }
  if (lines.length === 0) throw new InvalidRequest('the list names nobody')
  if (lines.length > lineCountMax) throw new InvalidRequest(`at most ${lineCountMax} lines`)
  const listed = new Map<string, ListedInvitation>()
  lines.forEach(({ fields, fault }, index) => {
    const at = `line ${index + 2}`
    if (fault !== null) throw new InvalidRequest(`${at}: ${fault}`)
    const one = invitationOf((name) => fields[names.indexOf(name)]?.trim() ?? '', at)
    const before = listed.get(one.email)
    if (before !== undefined && before.role !== one.role) throw new InvalidRequest(`${at}: another role than before`)
    listed.set(one.email, { ...one, projects: [...(before?.projects ?? []), ...one.projects] })
  })
  return [...listed.values()]
}

const invitationOf = (cell: (name: Column) => string, at: string): ListedInvitation => {
  const email = cell('email').toLowerCase()
  const role = cell('role') || 'member'
  const [id, projectRole] = [cell('project_id'), cell('project_role') || 'consumer']
  if (email.length > 254 || !emailPattern.test(email)) throw new InvalidRequest(`${at}: expected an e-mail address`)
  if (!organizationRoles.includes(role))
    throw new InvalidRequest(`${at}: role is none of ${organizationRoles.join(', ')}`)
  if (!/^\d{0,9}$/.test(id)) throw new InvalidRequest(`${at}: project_id is no number`)
  if (!projectRoles.includes(projectRole)) {
    throw new InvalidRequest(`${at}: project_role is none of ${projectRoles.join(', ')}`)
  }
  const projects = id === '' ? [] : [{ id: Number(id), role: projectRole as Role }]
  return { email, role: role as OrganizationRole, projects }
}

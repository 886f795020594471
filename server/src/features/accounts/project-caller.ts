import type { Scoped } from '../../http/route.ts'
import { Forbidden } from '../../kernel/errors.ts'
import { authorityOf } from './authority.ts'
import { type OrganizationRoleOf, whoOf } from './organization-route.ts'
import type { Caller } from './service-accounts.ts'

/** Who asks about a project, with what they may give in its organization, now. */
export const projectCaller = async (roleOf: OrganizationRoleOf, request: Scoped): Promise<Caller> => {
  const { principal, project } = request
  const role = await roleOf(principal, project.organizationId)
  // A grant on a project outlives no membership: only a service account of long ago could come here.
  if (role === null) throw new Forbidden('these credentials are of no member of the organization')
  const who = whoOf(request)
  return { authority: authorityOf(principal, project.organizationId, role), who, id: Number(who.actor.id) }
}

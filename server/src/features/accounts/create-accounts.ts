import type { Reply, Route } from '../../http/route.ts'
import { firstOwnerRoute } from './first-owner.ts'
import { createInvitations, type InvitationsDeps } from './invitations.ts'
import { memberRoutes } from './member-routes.ts'
import { createMembers } from './members.ts'
import { type OrganizationEndDeps, organizationEndRoutes } from './organization-end.ts'
import type { OrganizationRoleOf } from './organization-route.ts'
import { organizationRoutes } from './organization-routes.ts'
import { projectRoutes, type RegionChoice } from './project-routes.ts'
import { createProjects, type ProjectsDeps } from './projects.ts'
import { type PurgeDeps, startPurgeWorkers } from './purge-projects.ts'
import { roleRoutes } from './role-routes.ts'
import { createRoles } from './roles.ts'
import { serviceAccountRoutes } from './service-account-routes.ts'
import { createServiceAccounts } from './service-accounts.ts'
import { teamRoutes } from './team-routes.ts'
import { createTeams } from './teams.ts'

export interface AccountsDeps extends ProjectsDeps, PurgeDeps, InvitationsDeps, OrganizationEndDeps {
  readonly organizationRoleOf: OrganizationRoleOf
  /** All of the installation: the control store is one, wherever this server stands. */
  readonly regionChoices: readonly RegionChoice[]
}

export interface Accounts {
  readonly routes: readonly Route[]
  /** Removes the data of deleted projects. Answers how to stop. */
  startWorkers(): () => Promise<void>
}

/** Organizations, projects, and who works in them (auth §4, §6). */
export const createAccounts = (deps: AccountsDeps): Accounts => ({
  routes: accountRoutes(deps).map((route) => (route.method === 'GET' ? route : seenAtOnce(route, deps))),
  startWorkers: () => startPurgeWorkers(deps),
})

/** Other servers hear of a change by its notification; this one answers only when its own caches know of it. */
const seenAtOnce = <R extends Route>(route: R, { control }: Pick<AccountsDeps, 'control'>): R => {
  const handle = route.handle as (request: never) => Promise<Reply>
  return {
    ...route,
    handle: async (request: never) => {
      const reply = await handle(request)
      for (const channel of ['project_changed', 'access_changed']) control.tellOwnListeners(channel)
      return reply
    },
  }
}

export const accountRoutes = (deps: AccountsDeps): readonly Route[] => {
  const { organizationRoleOf, nowMs } = deps
  return [
    ...organizationRoutes(deps),
    ...organizationEndRoutes(deps),
    ...projectRoutes({ organizationRoleOf, projects: createProjects(deps), regions: deps.regionChoices }),
    ...memberRoutes({ organizationRoleOf, members: createMembers(deps), invitations: createInvitations(deps) }),
    ...roleRoutes({ control: deps.control, organizationRoleOf, roles: createRoles(deps) }),
    ...teamRoutes({ organizationRoleOf, teams: createTeams(deps) }),
    firstOwnerRoute(deps),
    ...serviceAccountRoutes({ organizationRoleOf, accounts: createServiceAccounts(deps), nowMs }),
  ]
}

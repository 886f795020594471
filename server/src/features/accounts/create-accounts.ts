import type { Route } from '../../http/route.ts'
import { firstOwnerRoute } from './first-owner.ts'
import { createInvitations, type InvitationsDeps } from './invitations.ts'
import { memberRoutes } from './member-routes.ts'
import { createMembers } from './members.ts'
import type { OrganizationRoleOf } from './organization-route.ts'
import { organizationRoutes } from './organization-routes.ts'
import { projectRoutes, type RegionChoice } from './project-routes.ts'
import { createProjects, type ProjectsDeps } from './projects.ts'
import { type PurgeDeps, startPurgeWorkers } from './purge-projects.ts'
import { serviceAccountRoutes } from './service-account-routes.ts'
import { createServiceAccounts } from './service-accounts.ts'
import { teamRoutes } from './team-routes.ts'
import { createTeams } from './teams.ts'

export interface AccountsDeps extends ProjectsDeps, PurgeDeps, InvitationsDeps {
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
  routes: accountRoutes(deps),
  startWorkers: () => startPurgeWorkers(deps),
})

export const accountRoutes = (deps: AccountsDeps): readonly Route[] => {
  const { organizationRoleOf, nowMs } = deps
  return [
    ...organizationRoutes(deps),
    ...projectRoutes({ organizationRoleOf, projects: createProjects(deps), regions: deps.regionChoices }),
    ...memberRoutes({ organizationRoleOf, members: createMembers(deps), invitations: createInvitations(deps) }),
    ...teamRoutes({ organizationRoleOf, teams: createTeams(deps) }),
    firstOwnerRoute(deps),
    ...serviceAccountRoutes({ organizationRoleOf, accounts: createServiceAccounts(deps), nowMs }),
  ]
}

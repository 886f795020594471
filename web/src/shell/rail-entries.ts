import type { MyOrganization, MyProject } from '../api/session.ts'
import { pathTo } from '../page-paths.ts'

export interface RailEntry {
  readonly label: string
  readonly to: string
}

const isAdmin = (role: string): boolean => role === 'owner' || role === 'admin'

/** Pages of a project that this member may open. Only what exists stands here. */
export const projectEntries = ({ id: projectId, role }: MyProject): readonly RailEntry[] => [
  { label: 'Overview', to: pathTo('project', { projectId }) },
  ...(isAdmin(role) ? [] : []),
]

/** Pages of an organization that this member may open. */
export const organizationEntries = ({ id: organizationId, role }: MyOrganization): readonly RailEntry[] => [
  { label: 'Projects', to: pathTo('organization', { organizationId }) },
  ...(isAdmin(role) ? [] : []),
]

/** Pages of the member's own. */
export const myEntries: readonly RailEntry[] = []

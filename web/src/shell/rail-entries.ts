import type { MyOrganization, MyProject } from '../api/session.ts'
import { pathTo } from '../page-paths.ts'

export interface RailEntry {
  readonly label: string
  readonly to: string
}

const isAdmin = (role: string): boolean => role === 'owner' || role === 'admin'

/** Pages of a project that this member may open. Only what exists stands here. */
export const projectEntries = ({ id: projectId, permissions }: MyProject): readonly RailEntry[] => [
  { label: 'Overview', to: pathTo('project', { projectId }) },
  ...(permissions.includes('people:read')
    ? [
        { label: 'Events', to: pathTo('events', { projectId }) },
        { label: 'Users', to: pathTo('people', { projectId }) },
      ]
    : []),
  { label: 'Lexicon', to: pathTo('lexicon', { projectId }) },
  { label: 'Connect', to: pathTo('connect', { projectId }) },
  ...(permissions.includes('privacy:request')
    ? [{ label: 'Privacy', to: pathTo('projectPrivacy', { projectId }) }]
    : []),
  ...(permissions.includes('project:admin') ? [{ label: 'Members', to: pathTo('projectMembers', { projectId }) }] : []),
  ...(permissions.includes('audit:read') ? [{ label: 'Audit log', to: pathTo('projectAudit', { projectId }) }] : []),
  { label: 'Settings', to: pathTo('settings', { projectId }) },
]

/** Pages of an organization that this member may open. */
export const organizationEntries = ({ id: organizationId, role }: MyOrganization): readonly RailEntry[] => [
  { label: 'Projects', to: pathTo('organization', { organizationId }) },
  ...(isAdmin(role) ? [{ label: 'Data & Privacy', to: pathTo('organizationPrivacy', { organizationId }) }] : []),
  ...(role === 'owner' ? [{ label: 'Deleted projects', to: pathTo('deletedProjects', { organizationId }) }] : []),
  ...(isAdmin(role)
    ? [
        { label: 'Members', to: pathTo('members', { organizationId }) },
        { label: 'Teams', to: pathTo('teams', { organizationId }) },
        { label: 'Service accounts', to: pathTo('serviceAccounts', { organizationId }) },
        { label: 'Access security', to: pathTo('accessSecurity', { organizationId }) },
        { label: 'Audit log', to: pathTo('audit', { organizationId }) },
      ]
    : []),
  ...(role === 'owner' ? [{ label: 'Settings', to: pathTo('organizationSettings', { organizationId }) }] : []),
]

/** Pages of the member's own. */
export const myEntries: readonly RailEntry[] = [
  { label: 'Data & Privacy', to: pathTo('myDataPrivacy') },
  { label: 'Security', to: pathTo('mySecurity') },
]

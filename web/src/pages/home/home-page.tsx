import { Navigate } from '@tanstack/react-router'
import { useMe } from '../../api/session.ts'
import { pathTo } from '../../page-paths.ts'
import { lastProjectId } from '../../shell/last-project.ts'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Page as Frame } from '../../ui/page.tsx'

/** Leads on: to the project of last time, the only project, or the organization. */
export const Page = () => {
  const me = useMe()
  const projects = Object.values(me.projects)
  const [organization] = Object.values(me.organizations)
  const last = me.projects[String(lastProjectId() ?? '')] ?? (projects.length === 1 ? projects[0] : undefined)
  if (last !== undefined) return <Navigate to={pathTo('project', { projectId: last.id })} replace />
  if (organization !== undefined) {
    return <Navigate to={pathTo('organization', { organizationId: organization.id })} replace />
  }
  return (
    <Frame title="Projects">
      <EmptyState title="You are in no organization">
        <p>Projects show here when an organization has invited you. Ask for an invitation to {me.user_email}.</p>
      </EmptyState>
    </Frame>
  )
}

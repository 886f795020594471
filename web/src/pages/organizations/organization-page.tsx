import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ListedProject, projectsQuery } from '../../api/organizations.ts'
import { useMe } from '../../api/session.ts'
import { pathTo } from '../../page-paths.ts'
import { useOrganizationId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { RegionBadge } from '../../ui/badge.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { NotFoundPage } from '../not-found-page.tsx'

const columns: readonly Column<ListedProject>[] = [
  { name: 'Name', show: ({ id, name }) => <Link to={pathTo('project', { projectId: id })}>{name}</Link> },
  { name: 'Region', show: ({ region }) => <RegionBadge region={region} /> },
  { name: 'Id', align: 'number', show: ({ id }) => id },
  { name: 'Time zone', show: ({ timezone }) => timezone },
  { name: 'Made', show: ({ created }) => <Time at={created} show="day" /> },
]

/** The projects of an organization, each with its region. */
export const Page = () => {
  const organizationId = useOrganizationId()
  const organization = useMe().organizations[String(organizationId)]
  const projects = useQuery({ ...projectsQuery(organizationId), enabled: organization !== undefined })
  if (organization === undefined) return <NotFoundPage />
  const mayCreate = organization.role === 'owner' || organization.role === 'admin'
  const create = (
    <ButtonLink kind="main" to={pathTo('newProject', { organizationId })}>
      Create a project
    </ButtonLink>
  )
  const hasProjects = (projects.data?.length ?? 0) > 0
  return (
    <Frame title={organization.name} intro="Projects" actions={mayCreate && hasProjects ? create : undefined}>
      <ErrorNote error={projects.error} onRetry={() => projects.refetch()} />
      {projects.isPending ? <SkeletonRows what="Loading the projects" /> : null}
      {projects.data === undefined ? null : (
        <Table
          caption="Projects"
          columns={columns}
          rows={projects.data}
          keyOf={({ id }) => id}
          empty={
            <EmptyState title="No projects yet" action={mayCreate ? create : undefined}>
              <p>
                A project holds the events and people of one application, in one region.{' '}
                {mayCreate ? '' : 'Ask an owner of the organization to make one or to add you.'}
              </p>
            </EmptyState>
          }
        />
      )}
      <AsCurl path={`/api/app/organizations/${organizationId}/projects`} />
    </Frame>
  )
}

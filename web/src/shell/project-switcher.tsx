import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { projectsQuery } from '../api/organizations.ts'
import type { Me } from '../api/session.ts'
import { pathTo } from '../page-paths.ts'
import { RegionBadge } from '../ui/badge.tsx'
import { Menu, type MenuGroup } from '../ui/menu.tsx'
import type { Place } from './place.ts'

/** Name and region of where the reader is; a list of everywhere else. */
export const ProjectSwitcher = ({ me, place }: { readonly me: Me; readonly place: Place }) => {
  const { project, organization } = place
  const organizations = Object.values(me.organizations)
  const groups: readonly MenuGroup[] = [
    {
      label: 'Projects',
      entries: Object.values(me.projects).map(({ id, name, region }) => ({
        key: `p${id}`,
        to: pathTo('project', { projectId: id }),
        label: <WithRegion name={name} region={region} />,
      })),
    },
    {
      label: 'Organizations',
      entries: organizations.map(({ id, name }) => ({
        key: `o${id}`,
        to: pathTo('organization', { organizationId: id }),
        label: name,
      })),
    },
  ]
  const name = project?.name ?? organization?.name ?? 'Choose a project'
  return (
    <Menu
      className="switcher"
      button={
        <>
          <span className="switcher-name">{name}</span>
          {project === null ? (
            <RegionsOf organizationId={organization?.id ?? null} />
          ) : (
            <RegionBadge region={project.region} />
          )}
          <span className="for-screen-readers">switch project</span>
          <span aria-hidden="true">▾</span>
        </>
      }
      groups={groups.filter(({ entries }) => entries.length > 0)}
    />
  )
}

const WithRegion = ({ name, region }: { readonly name: string; readonly region: string }): ReactNode => (
  <>
    {name} <RegionBadge region={region} />
  </>
)

/** An organization has its projects' regions. */
const RegionsOf = ({ organizationId }: { readonly organizationId: number | null }) => {
  const projects = useQuery({ ...projectsQuery(organizationId ?? 0), enabled: organizationId !== null }).data ?? []
  return [...new Set(projects.map(({ region }) => region))]
    .sort()
    .map((region) => <RegionBadge key={region} region={region} />)
}

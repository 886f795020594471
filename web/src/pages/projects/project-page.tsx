import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { projectQuery } from '../../api/projects.ts'
import { regionsQuery } from '../../api/regions.ts'
import { useMe } from '../../api/session.ts'
import { pathTo } from '../../page-paths.ts'
import { rememberProject } from '../../shell/last-project.ts'
import { useProjectId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Badge, RegionBadge } from '../../ui/badge.tsx'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { regionName } from '../../words/regions.ts'
import { NotFoundPage } from '../not-found-page.tsx'

/** What a project is, and where it lives. */
export const Page = () => {
  const projectId = useProjectId()
  const me = useMe()
  const mine = me.projects[String(projectId)]
  const project = useQuery({ ...projectQuery(projectId), enabled: mine !== undefined })
  const regions = useQuery(regionsQuery).data ?? []
  useEffect(() => {
    if (mine !== undefined) rememberProject(mine.id)
  }, [mine])
  if (mine === undefined) return <NotFoundPage />
  const home = regions.find(({ id }) => id === mine.region)
  const organizationId = project.data?.organization_id
  return (
    <Frame
      title={mine.name}
      status={
        <>
          <RegionBadge region={mine.region} />
          <Badge>you are {mine.role}</Badge>
        </>
      }
    >
      <ErrorNote error={project.error} onRetry={() => project.refetch()} />
      {project.isPending ? <SkeletonRows what="Loading the project" rows={5} /> : null}
      {project.data === undefined ? null : (
        <DefinitionList
          entries={[
            ['Region', `${regionName(mine.region)}, for good`],
            ['Clients send to', home?.api_host ?? 'a host of that region'],
            ['Project id', projectId],
            ['Time zone', project.data.timezone],
            ['Identity', project.data.identity],
            ['Cluster', project.data.cluster],
            [
              'Organization',
              organizationId === undefined ? (
                ''
              ) : (
                <Link key="organization" to={pathTo('organization', { organizationId })}>
                  {me.organizations[String(organizationId)]?.name ?? organizationId}
                </Link>
              ),
            ],
          ]}
        />
      )}
      <AsCurl path={`/api/app/projects/${projectId}`} />
    </Frame>
  )
}

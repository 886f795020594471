import { useQuery } from '@tanstack/react-query'
import { type DeletedProject, deletedProjectsQuery, restoreProject } from '../../api/project-settings.ts'
import { useMe } from '../../api/session.ts'
import { useOrganizationId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Badge, RegionBadge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { NotFoundPage } from '../not-found-page.tsx'
import { useSave } from './use-save.ts'

/** AUTH-19: projects that are deleted, while they can be restored, and the proof that they are gone afterwards. */
export const Page = () => {
  const organizationId = useOrganizationId()
  const organization = useMe().organizations[String(organizationId)]
  return organization?.role === 'owner' ? <Deleted organizationId={organizationId} /> : <NotFoundPage />
}

const Deleted = ({ organizationId }: { readonly organizationId: number }) => {
  const projects = useQuery(deletedProjectsQuery(organizationId))
  const restore = useSave(
    (projectId: number) => restoreProject(organizationId, projectId),
    [['organizations', organizationId], ['me']],
    'The project is restored',
  )
  return (
    <Frame title="Deleted projects" intro="They can be restored until their data is removed.">
      <ErrorNote error={projects.error ?? restore.error} />
      {projects.isPending ? <SkeletonRows what="Loading the deleted projects" /> : null}
      {projects.data === undefined ? null : (
        <Table
          caption="Deleted projects"
          columns={[
            { name: 'Name', show: ({ name }) => name },
            { name: 'Id', align: 'number', show: ({ id }) => id },
            { name: 'Region', show: ({ region }) => <RegionBadge region={region} /> },
            { name: 'Deleted', show: ({ deleted }) => <Time at={deleted} /> },
            { name: 'Data', show: (project) => <State project={project} /> },
            {
              name: 'Restore',
              show: ({ id, name, purged }) =>
                purged === null ? (
                  <Button size="small" isBusy={restore.isPending} onClick={() => restore.mutate(id)}>
                    Restore {name}
                  </Button>
                ) : null,
            },
          ]}
          rows={projects.data}
          keyOf={({ id }) => id}
          empty={
            <EmptyState title="No deleted projects">
              <p>
                A project that is deleted or reset stands here until its data is removed, and afterwards with the proof.
              </p>
            </EmptyState>
          }
        />
      )}
      <AsCurl path={`/api/app/organizations/${organizationId}/deleted-projects`} />
    </Frame>
  )
}

const State = ({ project: { purged, purge_due: due } }: { readonly project: DeletedProject }) =>
  purged === null ? (
    <span>
      removed <Time at={due} show="age" />
    </span>
  ) : (
    <Badge tone="good">removed</Badge>
  )

import { useQuery } from '@tanstack/react-query'
import { requestsQuery } from '../../api/privacy.ts'
import { useMe } from '../../api/session.ts'
import { pathTo } from '../../page-paths.ts'
import { useProjectId } from '../../shell/place.ts'
import { RegionBadge } from '../../ui/badge.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { TokenReminder } from '../me/token-reminder.tsx'
import { NotFoundPage } from '../not-found-page.tsx'
import { RequestTable } from './request-table.tsx'

/** PRIV-23: the requests of a project, live. */
export const Page = () => {
  const projectId = useProjectId()
  const project = useMe().projects[String(projectId)]
  const requests = useQuery({ ...requestsQuery(projectId), enabled: project !== undefined })
  if (project === undefined) return <NotFoundPage />
  const actions = (
    <>
      <ButtonLink to={pathTo('requestExport', { projectId })}>Request an export</ButtonLink>
      <ButtonLink kind="danger" to={pathTo('requestDeletion', { projectId })}>
        Request a deletion
      </ButtonLink>
    </>
  )
  return (
    <Frame
      title="Privacy"
      status={<RegionBadge region={project.region} />}
      intro="Exports and deletions of people in this project, asked for here or by the privacy API."
      actions={requests.data?.length ? actions : undefined}
    >
      <TokenReminder />
      <ErrorNote error={requests.error} onRetry={() => requests.refetch()} />
      {requests.isPending ? <SkeletonRows what="Loading the requests" /> : null}
      {requests.data?.length === 0 ? (
        <EmptyState title="Nobody has asked yet" action={<div className="row">{actions}</div>}>
          <p>
            Each request shows here with its state, the clock to its legal deadline, and in the end the archive or the
            proof. A deletion shows what it would erase before anything happens.
          </p>
        </EmptyState>
      ) : null}
      {requests.data?.length ? <RequestTable requests={requests.data} /> : null}
    </Frame>
  )
}

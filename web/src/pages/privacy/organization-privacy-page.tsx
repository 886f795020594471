import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { projectsQuery } from '../../api/organizations.ts'
import { organizationRequestsQuery } from '../../api/privacy.ts'
import { regionHere, useRegions } from '../../api/regions.ts'
import { useMe } from '../../api/session.ts'
import { pathTo } from '../../page-paths.ts'
import { useOrganizationId } from '../../shell/place.ts'
import { ButtonLink } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Select } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { Page as Frame, Panel } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { regionName } from '../../words/regions.ts'
import { TokenReminder } from '../me/token-reminder.tsx'
import { NotFoundPage } from '../not-found-page.tsx'
import { RequestTable } from './request-table.tsx'

/** RPT-15: requests of all projects of an organization that live in the region of this host. */
export const Page = () => {
  const organizationId = useOrganizationId()
  const me = useMe()
  const regions = useRegions()
  const organization = me.organizations[String(organizationId)]
  const projects = useQuery({ ...projectsQuery(organizationId), enabled: organization !== undefined })
  const requests = useQuery({ ...organizationRequestsQuery(organizationId), enabled: organization !== undefined })
  if (organization === undefined) return <NotFoundPage />
  const here = regionHere(regions)
  const mine = (projects.data ?? []).filter(({ id }) =>
    me.projects[String(id)]?.permissions.includes('privacy:request'),
  )
  const atThisHost = mine.filter(({ region }) => here === null || region === here.id)
  const elsewhere = [...new Set(mine.filter((one) => !atThisHost.includes(one)).map(({ region }) => region))]
  const nameOf = (id: number): string => me.projects[String(id)]?.name ?? String(id)
  return (
    <Frame title="Data & Privacy" intro={`Exports and deletions of people in the projects of ${organization.name}.`}>
      <TokenReminder />
      <ErrorNote error={projects.error ?? requests.error} onRetry={() => requests.refetch()} />
      {elsewhere.map((id) => (
        <Note key={id} title={`Projects in ${regionName(id)} have their requests there`}>
          <span>
            This host is of another region, and data stays in its own.{' '}
            <a
              href={`${regions.find((region) => region.id === id)?.url ?? ''}/organizations/${organizationId}/data-privacy`}
            >
              Open this page in region {id}
            </a>
          </span>
        </Note>
      ))}
      {atThisHost.length === 0 ? null : <AskFor projects={atThisHost} />}
      {requests.isPending ? <SkeletonRows what="Loading the requests" /> : null}
      {requests.data?.length === 0 ? (
        <EmptyState title="Nobody has asked yet">
          <p>Choose a project above to ask for the data of people in it, or to erase them.</p>
        </EmptyState>
      ) : null}
      {requests.data?.length ? <RequestTable requests={requests.data} projectName={nameOf} /> : null}
    </Frame>
  )
}

const AskFor = ({
  projects,
}: {
  readonly projects: readonly { readonly id: number; readonly name: string; readonly region: string }[]
}) => {
  const [chosen, setChosen] = useState(String(projects[0]?.id ?? ''))
  const projectId = Number(chosen)
  return (
    <Panel title="New request">
      <Select
        label="Project"
        value={chosen}
        onChange={(event) => setChosen(event.target.value)}
        choices={projects.map(({ id, name, region }) => ({ value: String(id), label: `${name} (${region})` }))}
      />
      <div className="row">
        <ButtonLink to={pathTo('requestExport', { projectId })}>Request an export</ButtonLink>
        <ButtonLink kind="danger" to={pathTo('requestDeletion', { projectId })}>
          Request a deletion
        </ButtonLink>
      </div>
    </Panel>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useMe } from '../../api/session.ts'
import { createTeam, teamsPath, teamsQuery } from '../../api/teams.ts'
import { useOrganizationId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { Form, Page as Frame, Panel } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { NotFoundPage } from '../not-found-page.tsx'
import { isAdmin } from './roles.ts'
import { TeamPanel } from './team-panel.tsx'
import { useChange } from './use-change.ts'

/** Groups of members and service accounts who share roles on projects. */
export const Page = () => {
  const organizationId = useOrganizationId()
  const organization = useMe().organizations[String(organizationId)]
  const isIn = isAdmin(organization?.role)
  const teams = useQuery({ ...teamsQuery(organizationId), enabled: isIn })
  const [name, setName] = useState('')
  const create = useChange(() => createTeam(organizationId, name), {
    key: ['organizations', organizationId, 'teams'],
    said: 'Team made',
    onDone: () => setName(''),
  })
  if (!isIn) return <NotFoundPage />
  return (
    <Frame title="Teams" intro="Who is in a team has its roles on projects, beside their own.">
      <ErrorNote error={teams.error} onRetry={() => teams.refetch()} />
      {teams.isPending ? <SkeletonRows what="Loading the teams" /> : null}
      {teams.data?.length === 0 ? (
        <EmptyState title="No teams yet">
          <p>A team gives several people the same roles, and takes them away together.</p>
        </EmptyState>
      ) : null}
      {teams.data?.map((team) => (
        <TeamPanel key={team.id} organizationId={organizationId} team={team} />
      ))}
      <Panel title="Make a team">
        <Form label="Make a team" onSend={() => create.mutate(undefined)}>
          <Field
            label="Name"
            required
            maxLength={255}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <ErrorNote error={create.error} />
          <div>
            <Button kind="main" type="submit" disabled={name.trim() === ''} isBusy={create.isPending}>
              Make the team
            </Button>
          </div>
        </Form>
      </Panel>
      <AsCurl path={teamsPath(organizationId)} />
    </Frame>
  )
}

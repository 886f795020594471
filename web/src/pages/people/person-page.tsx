import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { askAgainMs, feedQuery } from '../../api/events.ts'
import { deletePerson, type Person, personPath, personQuery } from '../../api/people.ts'
import { ApiError } from '../../api/request.ts'
import { useMe } from '../../api/session.ts'
import { pathTo } from '../../page-paths.ts'
import { usePathParam, useProjectId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { RawJson } from '../../ui/code-block.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { announce } from '../../ui/live-region.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Time } from '../../ui/time.tsx'
import { count, number } from '../../words/numbers.ts'
import { EventTable } from '../events/event-table.tsx'
import { NotFoundPage } from '../not-found-page.tsx'
import { handIds } from '../privacy/handed-ids.ts'
import { personName } from './person-name.ts'
import { PersonProperties } from './person-properties.tsx'
import { type PersonSearch, personSearch } from './person-search.ts'

const pollMs = 5_000

/** RPT-05: one person: who it is, what they did, every id that is theirs. */
export const Page = () => {
  const projectId = useProjectId()
  const distinctId = usePathParam('distinctId')
  const mine = useMe().projects[String(projectId)]
  const person = useQuery({
    ...personQuery(projectId, distinctId),
    refetchInterval: 2 * pollMs,
    enabled: mine !== undefined,
  })
  if (mine === undefined) return <NotFoundPage />
  // An erasure that starts while somebody looks takes the page away as well.
  if (person.error instanceof ApiError && person.error.status === 404) return <Unknown projectId={projectId} />
  if (person.data !== undefined) {
    return <Known projectId={projectId} person={person.data} permissions={mine.permissions} />
  }
  return (
    <Frame title={distinctId}>
      <ErrorNote error={person.error} onRetry={() => person.refetch()} />
      {person.isPending ? <SkeletonRows what="Loading the person" /> : null}
    </Frame>
  )
}

const Unknown = ({ projectId }: { readonly projectId: number }) => (
  <Frame title="Nobody of this id">
    <EmptyState
      title="Nothing is known of this id"
      action={<ButtonLink to={pathTo('people', { projectId })}>Back to the users</ButtonLink>}
    >
      <p>
        No event and no profile of it is stored in this project, or the person is being erased: then nothing of them is
        shown any more.
      </p>
    </EmptyState>
  </Frame>
)

interface KnownProps {
  readonly projectId: number
  readonly person: Person
  readonly permissions: readonly string[]
}

const Known = ({ projectId, person, permissions }: KnownProps) => {
  const navigate = useNavigate()
  const search = personSearch(useSearch({ strict: false }))
  const [isDeleting, setDeleting] = useState(false)
  const show = (changed: { [Name in keyof PersonSearch]: PersonSearch[Name] | undefined }) =>
    navigate({ to: '.', search: personSearch({ ...search, ...changed }), replace: true }).catch(() => undefined)
  const { distinct_id: distinctId } = person
  const mayWrite = permissions.includes('profiles:write')
  return (
    <Frame
      title={personName(distinctId, person.properties)}
      status={person.has_profile ? undefined : <Badge>no profile</Badge>}
      actions={
        <>
          {permissions.includes('privacy:request') ? (
            <Menu
              button="Privacy request"
              groups={[
                {
                  entries: [
                    {
                      key: 'export',
                      label: 'Request an export of this person',
                      to: pathTo('requestExport', { projectId }),
                      onSelect: () => handIds([distinctId]),
                    },
                    {
                      key: 'deletion',
                      label: 'Request the deletion of this person',
                      to: pathTo('requestDeletion', { projectId }),
                      onSelect: () => handIds([distinctId]),
                    },
                  ],
                },
              ]}
            />
          ) : null}
          {mayWrite && person.has_profile ? (
            <Button kind="danger" onClick={() => setDeleting(true)}>
              Delete the profile
            </Button>
          ) : null}
        </>
      }
    >
      <Facts person={person} />
      <Tabs
        label="About this person"
        value={search.tab ?? 'activity'}
        onChange={(tab) => show({ tab: tab as PersonSearch['tab'] })}
        tabs={[
          {
            value: 'activity',
            label: `Activity (${number(person.event_count)})`,
            panel: (
              <Activity
                projectId={projectId}
                distinctId={distinctId}
                open={search.open}
                onOpen={(open) => show({ open })}
              />
            ),
          },
          {
            value: 'properties',
            label: `Properties (${number(Object.keys(person.properties).length)})`,
            panel: <PersonProperties projectId={projectId} person={person} mayWrite={mayWrite} />,
          },
          {
            value: 'identities',
            label: `Identities (${number(person.distinct_ids.length)})`,
            panel: <Identities person={person} />,
          },
          { value: 'json', label: 'JSON', panel: <RawJson value={person} /> },
        ]}
      />
      <AsCurl path={personPath(projectId, distinctId)} />
      {isDeleting ? <DeleteProfile projectId={projectId} person={person} onClose={() => setDeleting(false)} /> : null}
    </Frame>
  )
}

const Facts = ({ person }: { readonly person: Person }) => (
  <DefinitionList
    entries={[
      [
        'distinct_id',
        <span className="row" key="id">
          <code>{person.distinct_id}</code>
          <CopyButton text={person.distinct_id} what="distinct_id" size="small" />
        </span>,
      ],
      ['First event', person.first_event === null ? 'none' : <Time key="first" at={person.first_event} />],
      ['Last event', person.last_event === null ? 'none' : <Time key="last" at={person.last_event} show="age" />],
    ]}
  />
)

const Activity = ({
  projectId,
  distinctId,
  open,
  onOpen,
}: {
  readonly projectId: number
  readonly distinctId: string
  readonly open: string | undefined
  readonly onOpen: (key: string | undefined) => void
}) => {
  const feed = useInfiniteQuery({ ...feedQuery(projectId, { distinctId }), refetchInterval: askAgainMs(pollMs) })
  const events = feed.data?.pages.flatMap((page) => page.events) ?? []
  return (
    <div className="stack">
      <ErrorNote error={feed.error} onRetry={() => feed.refetch()} />
      {feed.isPending ? <SkeletonRows what="Loading the activity" /> : null}
      {feed.data !== undefined && events.length === 0 ? (
        <EmptyState title="Nothing done yet">
          <p>What this person does shows here within seconds.</p>
        </EmptyState>
      ) : null}
      {events.length === 0 ? null : (
        <EventTable projectId={projectId} events={events} columns={[]} isOfOnePerson open={open} onOpen={onOpen} />
      )}
      {feed.hasNextPage ? (
        <div>
          <Button isBusy={feed.isFetchingNextPage} onClick={() => feed.fetchNextPage()}>
            Load older events
          </Button>
        </div>
      ) : null}
    </div>
  )
}

const Identities = ({ person }: { readonly person: Person }) => (
  <div className="stack">
    <p className="muted">
      {count(person.distinct_ids.length, 'id')} of one person. What is done under any of them is theirs; an erasure of
      one erases all.
    </p>
    <ul>
      {person.distinct_ids.map((id) => (
        <li key={id}>
          <code>{id}</code> {id === person.distinct_id ? <Badge tone="accent">shown as</Badge> : null}
        </li>
      ))}
    </ul>
  </div>
)

const DeleteProfile = ({
  projectId,
  person,
  onClose,
}: {
  readonly projectId: number
  readonly person: Person
  readonly onClose: () => void
}) => {
  const client = useQueryClient()
  const navigate = useNavigate()
  const end = useMutation({
    mutationFn: () => deletePerson(projectId, person.distinct_id),
    onSuccess: async () => {
      announce('The profile is deleted')
      await navigate({ to: pathTo('people', { projectId }) })
      await client.invalidateQueries({ queryKey: ['projects', projectId] })
    },
  })
  return (
    <ConfirmDialog
      title="Delete the profile"
      consequence={`The ${count(Object.keys(person.properties).length, 'property', 'properties')} of this profile are gone for good. What the person did (${count(person.event_count, 'event')}) stays, and so do their ids. To erase a person completely, with proof, make a privacy request.`}
      verb="Delete the profile"
      isOpen
      isBusy={end.isPending}
      error={end.error}
      onConfirm={() => end.mutate()}
      onClose={onClose}
    />
  )
}

import './events.css'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { askAgainMs, eventNamesQuery, feedCsvPath, feedPath, feedQuery } from '../../api/events.ts'
import { useMe } from '../../api/session.ts'
import { ColumnEditor } from '../../filters/column-editor.tsx'
import { type PropertyFilter, whereOf } from '../../filters/property-filter.ts'
import { pathTo } from '../../page-paths.ts'
import { useProjectId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { useSettled } from '../../ui/use-settled.ts'
import { count } from '../../words/numbers.ts'
import { NotFoundPage } from '../not-found-page.tsx'
import { EventFilters } from './event-filters.tsx'
import { EventTable } from './event-table.tsx'
import { type EventsSearch, eventsSearch } from './events-search.ts'

const pollMs = 3_000
// What a live page can ask again, and one file holds.
const rowsMax = 1_000

/** RPT-13: what comes in, newest first. */
export const Page = () => {
  const projectId = useProjectId()
  const mine = useMe().projects[String(projectId)]
  return mine === undefined ? <NotFoundPage /> : <Events projectId={projectId} permissions={mine.permissions} />
}

const noFilters: readonly PropertyFilter[] = []
const noNames: readonly string[] = []

const Events = ({ projectId, permissions }: { projectId: number; permissions: readonly string[] }) => {
  const navigate = useNavigate()
  const search = eventsSearch(useSearch({ strict: false }))
  const { event = noNames, filter = noFilters, columns = noNames, id = '' } = search
  const isLive = search.live !== 'paused'
  const show = (changed: { [Name in keyof EventsSearch]: EventsSearch[Name] | undefined }) => {
    const next = Object.fromEntries(
      Object.entries({ ...search, ...changed }).filter(([, value]) => value !== undefined && value !== ''),
    )
    navigate({ to: '.', search: eventsSearch(next), replace: true }).catch(() => undefined)
  }
  // While somebody types, the conditions of a moment ago hold.
  const where = useSettled(whereOf(filter))
  const asked = { events: event, where, distinctId: id === '' ? undefined : id }
  const feed = useInfiniteQuery({
    ...feedQuery(projectId, asked),
    refetchInterval: isLive ? askAgainMs(pollMs) : false,
  })
  const eventNames = useQuery(eventNamesQuery(projectId)).data ?? noNames
  const events = feed.data?.pages.flatMap((page) => page.events) ?? []
  const propertyNames = [...new Set(events.flatMap(({ properties }) => Object.keys(properties)))].sort()
  const isNarrowed = event.length > 0 || where !== undefined || id !== ''
  return (
    <Frame
      title="Events"
      status={
        isLive ? (
          <Badge tone="good">
            <span className="live-dot" aria-hidden="true" />
            live
          </Badge>
        ) : (
          <Badge>paused</Badge>
        )
      }
      actions={
        <>
          <Button onClick={() => show({ live: isLive ? 'paused' : undefined })}>{isLive ? 'Pause' : 'Go live'}</Button>
          <ColumnEditor columns={columns} names={propertyNames} onChange={(next) => show({ columns: next })} />
          {permissions.includes('events:export') && events.length > 0 ? (
            <a
              className="button"
              href={feedCsvPath(projectId, { ...asked, limit: csvLimit(events.length, event.length) }, columns)}
              download
            >
              Download CSV
            </a>
          ) : null}
        </>
      }
    >
      <EventFilters
        events={event}
        eventNames={eventNames}
        filters={filter}
        propertyNames={propertyNames}
        id={id}
        onEvents={(next) => show({ event: next })}
        onFilters={(next) => show({ filter: next })}
        onId={(next) => show({ id: next })}
      />
      <ErrorNote error={feed.error} onRetry={() => feed.refetch()} />
      {feed.isPending ? <SkeletonRows what="Loading the events" rows={10} /> : null}
      {feed.data !== undefined && events.length === 0 ? (
        <Nothing projectId={projectId} isNarrowed={isNarrowed} />
      ) : null}
      {events.length === 0 ? null : (
        <>
          <EventTable
            projectId={projectId}
            events={events}
            columns={columns}
            open={search.open}
            onOpen={(open) => show({ open })}
          />
          <div className="row">
            <span className="muted">
              {count(events.length, 'event')}
              {event.length > 1 ? ', the latest of each name' : ''}
            </span>
            {feed.hasNextPage && events.length >= rowsMax ? (
              <span className="muted">This page holds no more: narrow it, or export raw events for all of them.</span>
            ) : null}
            {feed.hasNextPage && events.length < rowsMax ? (
              <Button isBusy={feed.isFetchingNextPage} onClick={() => feed.fetchNextPage()}>
                Load older events
              </Button>
            ) : null}
          </div>
        </>
      )}
      <AsCurl path={feedPath(projectId, asked)} />
    </Frame>
  )
}

/** Rows of the file: those that are loaded; with several names the limit is of each. */
const csvLimit = (loadedCount: number, nameCount: number): number =>
  nameCount > 1 ? 100 : Math.min(loadedCount, rowsMax)

const Nothing = ({ projectId, isNarrowed }: { readonly projectId: number; readonly isNarrowed: boolean }) =>
  isNarrowed ? (
    <EmptyState title="No event is like that">
      <p>Names and values are case sensitive. Take a condition away to see more.</p>
    </EmptyState>
  ) : (
    <EmptyState
      title="No events yet"
      action={
        <ButtonLink kind="main" to={pathTo('connect', { projectId })}>
          Connect an SDK
        </ButtonLink>
      }
    >
      <p>Every event shows here within seconds of being sent, with all its properties and whose it is.</p>
    </EmptyState>
  )

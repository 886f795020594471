import '../../ui/table.css'
import './events.css'
import { Link } from '@tanstack/react-router'
import { useId } from 'react'
import type { FeedEvent } from '../../api/events.ts'
import { pathTo } from '../../page-paths.ts'
import { Time } from '../../ui/time.tsx'
import { shownValue } from '../../words/values.ts'
import { EventDetails } from './event-details.tsx'

export interface EventTableProps {
  readonly projectId: number
  readonly events: readonly FeedEvent[]
  /** Properties that have a column. */
  readonly columns: readonly string[]
  /** On the page of one person everything is theirs. */
  readonly isOfOnePerson?: boolean
  /** `eventKey` of the one that is open. */
  readonly open: string | undefined
  readonly onOpen: (key: string | undefined) => void
}

/** One event among all, for links and lists. */
export const eventKey = ({ time, insert_id: insertId, event }: FeedEvent): string => `${time}-${insertId}-${event}`

/** Newest first; a row opens to all that the event holds. */
export const EventTable = ({ projectId, events, columns, isOfOnePerson = false, open, onOpen }: EventTableProps) => {
  const width = columns.length + (isOfOnePerson ? 2 : 3)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section className="table-frame" aria-label="Events" tabIndex={0}>
      <table className="table">
        <caption className="for-screen-readers">Events, the newest first</caption>
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">Time</th>
            {isOfOnePerson ? null : <th scope="col">Person</th>}
            {columns.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <EventRow
              key={`${eventKey(event)}-${event.sent_distinct_id}`}
              event={event}
              projectId={projectId}
              columns={columns}
              width={width}
              isOfOnePerson={isOfOnePerson}
              isOpen={open === eventKey(event)}
              onTurn={(isOpen) => onOpen(isOpen ? eventKey(event) : undefined)}
            />
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface EventRowProps {
  readonly event: FeedEvent
  readonly projectId: number
  readonly columns: readonly string[]
  readonly width: number
  readonly isOfOnePerson: boolean
  readonly isOpen: boolean
  readonly onTurn: (isOpen: boolean) => void
}

const EventRow = ({ event, projectId, columns, width, isOfOnePerson, isOpen, onTurn }: EventRowProps) => {
  const id = useId()
  return (
    <>
      <tr data-open={isOpen}>
        <th scope="row">
          <button
            type="button"
            className="event-name"
            aria-expanded={isOpen}
            aria-controls={isOpen ? id : undefined}
            onClick={() => onTurn(!isOpen)}
          >
            <span aria-hidden="true">{isOpen ? '▾' : '▸'}</span> {event.event}
          </button>
        </th>
        <td>
          <Time at={event.time} show="second" />
        </td>
        {isOfOnePerson ? null : (
          <td className="event-cell">
            {event.distinct_id === '' ? (
              <span className="muted">nobody</span>
            ) : (
              <Link to={pathTo('person', { projectId, distinctId: event.distinct_id })} search={{}}>
                {event.distinct_id}
              </Link>
            )}
          </td>
        )}
        {columns.map((name) => (
          <td key={name} className="event-cell" title={shownValue(event.properties[name])}>
            {shownValue(event.properties[name])}
          </td>
        ))}
      </tr>
      {isOpen ? (
        <tr className="event-open">
          <td colSpan={width} id={id}>
            <EventDetails event={event} />
          </td>
        </tr>
      ) : null}
    </>
  )
}

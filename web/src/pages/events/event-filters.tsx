import { useId, useState } from 'react'
import { FilterRows } from '../../filters/filter-rows.tsx'
import type { PropertyFilter } from '../../filters/property-filter.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'

export interface EventFiltersProps {
  readonly events: readonly string[]
  readonly eventNames: readonly string[]
  readonly filters: readonly PropertyFilter[]
  readonly propertyNames: readonly string[]
  readonly id: string
  readonly onEvents: (events: readonly string[]) => void
  readonly onFilters: (filters: readonly PropertyFilter[]) => void
  readonly onId: (id: string) => void
}

/** By event, by person, by property. Names are case sensitive. */
export const EventFilters = (props: EventFiltersProps) => {
  const listId = useId()
  const [typedEvent, setTypedEvent] = useState('')
  const [typedId, setTypedId] = useState(props.id)
  const add = () => {
    if (typedEvent !== '') props.onEvents([...new Set([...props.events, typedEvent])])
    setTypedEvent('')
  }
  return (
    <div className="stack">
      <datalist id={listId}>
        {props.eventNames.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <div className="chips">
        <form
          className="chips"
          aria-label="Filter by event"
          onSubmit={(sent) => {
            sent.preventDefault()
            add()
          }}
        >
          <Field
            label="Event"
            placeholder="Every event"
            list={listId}
            autoComplete="off"
            value={typedEvent}
            onChange={(changed) => setTypedEvent(changed.target.value)}
          />
          <Button type="submit">Show this event</Button>
        </form>
        <form
          className="chips"
          aria-label="Filter by person"
          onSubmit={(sent) => {
            sent.preventDefault()
            props.onId(typedId.trim())
          }}
        >
          <Field
            label="Person"
            placeholder="Any distinct_id of theirs"
            autoComplete="off"
            value={typedId}
            onChange={(changed) => setTypedId(changed.target.value)}
          />
          <Button type="submit">Show this person</Button>
        </form>
      </div>
      {props.events.length === 0 && props.id === '' ? null : (
        <div className="row">
          {props.events.map((name) => (
            <Button
              key={name}
              size="small"
              aria-label={`No longer only ${name}`}
              onClick={() => props.onEvents(props.events.filter((one) => one !== name))}
            >
              {name} ×
            </Button>
          ))}
          {props.id === '' ? null : (
            <Button
              size="small"
              aria-label={`No longer only ${props.id}`}
              onClick={() => {
                setTypedId('')
                props.onId('')
              }}
            >
              person {props.id} ×
            </Button>
          )}
        </div>
      )}
      <FilterRows filters={props.filters} names={props.propertyNames} onChange={props.onFilters} />
    </div>
  )
}

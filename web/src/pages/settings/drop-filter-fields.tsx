import '../../filters/filters.css'
import type { DropFilter } from '../../api/project-settings.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { TypedValues } from './typed-values.tsx'

export interface DropFilterFieldsProps {
  readonly filters: readonly DropFilter[]
  readonly onChange: (filters: readonly DropFilter[]) => void
}

const countMax = 15
const newCondition = { name: '', values: [] } as const

/** PRIV-35: events that are dropped when all their conditions hold. */
export const DropFilterFields = ({ filters, onChange }: DropFilterFieldsProps) => {
  const change = (at: number, changed: DropFilter) =>
    onChange(filters.map((filter, place) => (place === at ? changed : filter)))
  return (
    <div className="stack">
      {filters.map((filter, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a filter is its place
        <fieldset className="filter-row chips" key={at}>
          <legend className="for-screen-readers">Drop filter {at + 1}</legend>
          <Field
            label="Event"
            value={filter.event}
            onChange={(event) => change(at, { ...filter, event: event.target.value })}
          />
          {filter.properties.map((condition, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a condition is its place
            <div className="chips" key={place}>
              <Field
                label="Property"
                value={condition.name}
                onChange={(event) =>
                  change(at, {
                    ...filter,
                    properties: filter.properties.map((one, n) =>
                      n === place ? { ...one, name: event.target.value } : one,
                    ),
                  })
                }
              />
              <TypedValues
                label="Is one of"
                values={condition.values}
                onChange={(values) =>
                  change(at, {
                    ...filter,
                    properties: filter.properties.map((one, n) => (n === place ? { ...one, values } : one)),
                  })
                }
              />
            </div>
          ))}
          <Button
            size="small"
            onClick={() => change(at, { ...filter, properties: [...filter.properties, newCondition] })}
          >
            Add a condition
          </Button>
          <Button
            kind="quiet"
            aria-label={`Remove drop filter ${at + 1}`}
            onClick={() => onChange(filters.filter((_, place) => place !== at))}
          >
            Remove
          </Button>
        </fieldset>
      ))}
      {filters.length < countMax ? (
        <div>
          <Button size="small" onClick={() => onChange([...filters, { event: '', properties: [newCondition] }])}>
            Add a drop filter
          </Button>
        </div>
      ) : null}
    </div>
  )
}

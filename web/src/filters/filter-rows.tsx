import './filters.css'
import { useId } from 'react'
import { Button } from '../ui/button.tsx'
import { type Operator, operators, type PropertyFilter, takesValue } from './property-filter.ts'

export interface FilterRowsProps {
  readonly filters: readonly PropertyFilter[]
  /** Names to choose from; others may be typed. */
  readonly names: readonly string[]
  readonly onChange: (filters: readonly PropertyFilter[]) => void
}

/** Conditions on properties, one below the other; all of them have to hold. */
export const FilterRows = ({ filters, names, onChange }: FilterRowsProps) => {
  const listId = useId()
  const change = (at: number, changed: Partial<PropertyFilter>) =>
    onChange(filters.map((filter, place) => (place === at ? { ...filter, ...changed } : filter)))
  return (
    <div className="filters">
      <datalist id={listId}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {filters.map((filter, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a condition is its place; it holds no state of its own
        <fieldset className="filter-row" key={at}>
          <legend className="for-screen-readers">Condition {at + 1}</legend>
          <input
            className="input"
            aria-label="Property"
            placeholder="Property"
            list={listId}
            value={filter.property}
            onChange={(event) => change(at, { property: event.target.value })}
          />
          <select
            className="input"
            aria-label="Comparison"
            value={filter.operator}
            onChange={(event) => change(at, { operator: event.target.value as Operator })}
          >
            {Object.entries(operators).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
          {takesValue(filter.operator) ? (
            <input
              className="input"
              aria-label="Value"
              placeholder="Value"
              value={filter.value}
              onChange={(event) => change(at, { value: event.target.value })}
            />
          ) : null}
          <Button
            kind="quiet"
            aria-label={`Remove condition ${at + 1}`}
            onClick={() => onChange(filters.filter((_, place) => place !== at))}
          >
            Remove
          </Button>
        </fieldset>
      ))}
      <div>
        <Button size="small" onClick={() => onChange([...filters, { property: '', operator: 'is', value: '' }])}>
          Add a condition
        </Button>
      </div>
    </div>
  )
}

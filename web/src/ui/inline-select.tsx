import './field.css'
import './inline-select.css'
import type { Choice } from './field.tsx'

/** One of a few, inside a table or a line: the name is for screen readers. */
export const InlineSelect = ({
  label,
  value,
  choices,
  disabled,
  onChange,
}: {
  readonly label: string
  readonly value: string
  readonly choices: readonly Choice[]
  readonly disabled?: boolean
  readonly onChange: (value: string) => void
}) => (
  <select
    className="input input-inline"
    aria-label={label}
    value={value}
    disabled={disabled}
    onChange={(event) => onChange(event.target.value)}
  >
    {choices.map((choice) => (
      <option key={choice.value} value={choice.value}>
        {choice.label}
      </option>
    ))}
  </select>
)

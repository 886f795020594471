import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'

export interface NameListProps {
  readonly label: string
  readonly hint?: string
  readonly names: readonly string[]
  readonly onChange: (names: readonly string[]) => void
}

/** Names, one after the other, with a field to add one. */
export const NameList = ({ label, hint, names, onChange }: NameListProps) => {
  const [typed, setTyped] = useState('')
  const add = () => {
    if (typed !== '') onChange([...new Set([...names, typed])])
    setTyped('')
  }
  return (
    <div className="stack">
      <div className="chips">
        <Field
          label={label}
          hint={hint}
          autoComplete="off"
          maxLength={255}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return
            event.preventDefault()
            add()
          }}
        />
        <Button disabled={typed === ''} onClick={add}>
          Add
        </Button>
      </div>
      {names.length === 0 ? null : (
        <div className="row">
          {names.map((name) => (
            <Button
              key={name}
              size="small"
              aria-label={`Remove ${name}`}
              onClick={() => onChange(names.filter((one) => one !== name))}
            >
              {name} ×
            </Button>
          ))}
        </div>
      )}
    </div>
  )
}

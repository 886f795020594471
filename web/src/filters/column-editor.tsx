import './filters.css'
import { useState } from 'react'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Checkbox, Field } from '../ui/field.tsx'

export interface ColumnEditorProps {
  readonly columns: readonly string[]
  readonly names: readonly string[]
  readonly onChange: (columns: readonly string[]) => void
}

/** A button, and the dialog where the properties that a table shows are chosen. */
export const ColumnEditor = ({ columns, names, onChange }: ColumnEditorProps) => {
  const [isOpen, setOpen] = useState(false)
  const [typed, setTyped] = useState('')
  const shown = [...new Set([...columns, ...names])].filter((name) => name.toLowerCase().includes(typed.toLowerCase()))
  const isNew = typed !== '' && !columns.includes(typed) && !names.includes(typed)
  const turn = (name: string) =>
    onChange(columns.includes(name) ? columns.filter((one) => one !== name) : [...columns, name])
  return (
    <>
      <Button onClick={() => setOpen(true)}>Columns ({columns.length})</Button>
      <Dialog
        title="Columns"
        description="Properties that the table shows, and a download holds."
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        buttons={
          <Button kind="main" onClick={() => setOpen(false)}>
            Show these columns
          </Button>
        }
      >
        <Field
          label="Find a property"
          value={typed}
          autoComplete="off"
          onChange={(event) => setTyped(event.target.value)}
        />
        <div className="column-list">
          {isNew ? <Checkbox label={`Add ${typed}`} checked={false} onChange={() => turn(typed)} /> : null}
          {shown.map((name) => (
            <Checkbox key={name} label={name} checked={columns.includes(name)} onChange={() => turn(name)} />
          ))}
          {shown.length === 0 && !isNew ? <p className="muted">No property is known yet.</p> : null}
        </div>
      </Dialog>
    </>
  )
}

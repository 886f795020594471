import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { changePerson, type Person } from '../../api/people.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { announce } from '../../ui/live-region.tsx'
import { typedOf, typedResult, ValueField } from './value-field.tsx'

export interface EditPropertyProps {
  readonly projectId: number
  readonly person: Person
  /** Null: a new one. */
  readonly name: string | null
  readonly onClose: () => void
}

/** Sets one property of a person, or takes it away. */
export const EditProperty = ({ projectId, person, name, onClose }: EditPropertyProps) => {
  const client = useQueryClient()
  const [typedName, setTypedName] = useState(name ?? '')
  const [typed, setTyped] = useState(typedOf(name === null ? '' : person.properties[name]))
  const [fault, setFault] = useState<string | null>(null)
  const change = useMutation({
    mutationFn: (changes: Parameters<typeof changePerson>[2]) => changePerson(projectId, person.distinct_id, changes),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['projects', projectId] })
      announce('Saved')
      onClose()
    },
  })
  const save = () => {
    const { value, fault: found } = { value: undefined, fault: undefined, ...typedResult(typed) }
    setFault(found ?? null)
    if (found === undefined) change.mutate({ set: { [typedName.trim()]: value } })
  }
  return (
    <Dialog
      title={name === null ? 'Add a property' : `Edit ${name}`}
      isOpen
      onClose={onClose}
      buttons={
        <>
          {name === null ? null : (
            <Button kind="danger" isBusy={change.isPending} onClick={() => change.mutate({ unset: [name] })}>
              Remove the property
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="main" disabled={typedName.trim() === ''} isBusy={change.isPending} onClick={save}>
            Save the property
          </Button>
        </>
      }
    >
      {name === null ? (
        <Field
          label="Name"
          autoComplete="off"
          maxLength={255}
          value={typedName}
          onChange={(event) => setTypedName(event.target.value)}
        />
      ) : null}
      <ValueField value={typed} fault={fault} onChange={setTyped} />
      <ErrorNote error={change.error} />
    </Dialog>
  )
}

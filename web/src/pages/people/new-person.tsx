import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { createPerson } from '../../api/people.ts'
import { pathTo } from '../../page-paths.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'

/** Makes a profile, and leads to its page. */
export const NewPerson = ({ projectId, onClose }: { readonly projectId: number; readonly onClose: () => void }) => {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [distinctId, setDistinctId] = useState('')
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const create = useMutation({
    mutationFn: () =>
      createPerson(projectId, distinctId, {
        ...(name === '' ? {} : { $name: name }),
        ...(email === '' ? {} : { $email: email }),
      }),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ['projects', projectId] })
      onClose()
      await navigate({ to: pathTo('person', { projectId, distinctId: made.distinct_id }) })
    },
  })
  return (
    <Dialog
      title="Add a person"
      description="A profile with the id that your clients use for them."
      isOpen
      onClose={onClose}
      buttons={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="main" disabled={distinctId === ''} isBusy={create.isPending} onClick={() => create.mutate()}>
            Add the person
          </Button>
        </>
      }
    >
      <Field
        label="distinct_id"
        autoComplete="off"
        maxLength={255}
        value={distinctId}
        onChange={(event) => setDistinctId(event.target.value)}
      />
      <Field label="Name" autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />
      <Field
        label="E-mail"
        type="email"
        autoComplete="off"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <ErrorNote error={create.error} />
    </Dialog>
  )
}

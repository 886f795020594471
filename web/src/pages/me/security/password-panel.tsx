import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Security, setPassword } from '../../../api/sign-in.ts'
import { Button } from '../../../ui/button.tsx'
import { ErrorNote } from '../../../ui/error-note.tsx'
import { Field } from '../../../ui/field.tsx'
import { announce } from '../../../ui/live-region.tsx'
import { Note } from '../../../ui/note.tsx'
import { Form, Panel } from '../../../ui/page.tsx'

/** Set, or change, one's own password. */
export const PasswordPanel = ({ security }: { readonly security: Security }) => {
  const client = useQueryClient()
  const [current, setCurrent] = useState('')
  const [wanted, setWanted] = useState('')
  const change = useMutation({
    mutationFn: () => setPassword(wanted, security.has_password ? current : undefined),
    onSuccess: async () => {
      setCurrent('')
      setWanted('')
      announce('The password is set')
      await client.invalidateQueries({ queryKey: ['me'] })
    },
  })
  return (
    <Panel title="Password">
      {security.has_password ? null : (
        <p>You log in by mailed links. Once you set a password, links are not sent any more, for good.</p>
      )}
      <Form label="Password" onSend={() => change.mutate()}>
        {security.has_password ? (
          <Field
            label="Current password"
            type="password"
            autoComplete="current-password"
            required
            value={current}
            onChange={(event) => setCurrent(event.target.value)}
          />
        ) : null}
        <Field
          label="New password"
          hint="At least 8 characters. Your other sessions end."
          type="password"
          autoComplete="new-password"
          required
          minLength={8}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
        <ErrorNote error={change.error} />
        {change.isSuccess ? <Note tone="good" title="The password is set. All other sessions were ended." /> : null}
        <div>
          <Button type="submit" isBusy={change.isPending}>
            {security.has_password ? 'Change the password' : 'Set a password'}
          </Button>
        </div>
      </Form>
    </Panel>
  )
}

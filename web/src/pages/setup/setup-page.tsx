import { useMutation } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { logIn, makeFirstOwner } from '../../api/session.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { Form, usePageTitle } from '../../ui/page.tsx'

/** The link that a new installation prints leads here: the first owner and their organization. */
export const Page = () => {
  usePageTitle('Set up')
  const search: { readonly code?: string } = useSearch({ strict: false })
  const [owner, setOwner] = useState({ code: search.code ?? '', organization: '', email: '', password: '' })
  const set = (name: keyof typeof owner) => (event: { target: { value: string } }) =>
    setOwner({ ...owner, [name]: event.target.value })
  const make = useMutation({
    mutationFn: async () => {
      const organization = await makeFirstOwner(owner)
      await logIn(owner.email.trim(), owner.password)
      return organization
    },
    onSuccess: ({ id }) => window.location.assign(`/organizations/${id}`),
  })
  return (
    <>
      <h1>Set up this installation</h1>
      <p className="muted">You become the owner of its first organization. Everybody else is invited.</p>
      <Form label="Set up" onSend={() => make.mutate()}>
        {search.code ? null : (
          <Field
            label="Code"
            hint="The server prints it when it starts and nobody can log in yet."
            required
            autoComplete="off"
            value={owner.code}
            onChange={set('code')}
          />
        )}
        <Field
          label="Organization"
          required
          maxLength={255}
          value={owner.organization}
          onChange={set('organization')}
        />
        <Field
          label="Your e-mail"
          type="email"
          autoComplete="username"
          required
          value={owner.email}
          onChange={set('email')}
        />
        <Field
          label="Password"
          hint="At least 8 characters."
          type="password"
          autoComplete="new-password"
          required
          minLength={8}
          value={owner.password}
          onChange={set('password')}
        />
        <ErrorNote error={make.error} />
        <Button kind="main" type="submit" isBusy={make.isPending || make.isSuccess}>
          Make the first owner
        </Button>
      </Form>
    </>
  )
}

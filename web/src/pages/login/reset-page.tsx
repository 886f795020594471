import { useMutation } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { resetPassword } from '../../api/sign-in.ts'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { Form, usePageTitle } from '../../ui/page.tsx'

/** Where a mailed link leads that sets a new password. */
export const Page = () => {
  usePageTitle('Set a new password')
  const { token = '' }: { readonly token?: string } = useSearch({ strict: false })
  const [password, setPassword] = useState('')
  const reset = useMutation({ mutationFn: () => resetPassword(token, password) })
  if (reset.isSuccess) {
    return (
      <>
        <h1>Your password is set</h1>
        <Note tone="good" title="All your sessions were ended.">
          <span>Log in with the new password. A second factor, if you have one, is as it was.</span>
        </Note>
        <ButtonLink kind="main" to="/login">
          Log in
        </ButtonLink>
      </>
    )
  }
  return (
    <>
      <h1>Set a new password</h1>
      <Form label="Set a new password" onSend={() => reset.mutate()}>
        <Field
          label="New password"
          hint="At least 8 characters."
          type="password"
          autoComplete="new-password"
          required
          minLength={8}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <ErrorNote error={reset.error} />
        <Button kind="main" type="submit" isBusy={reset.isPending}>
          Set the password
        </Button>
        <p className="muted">
          <Link to="/login">Back to the login</Link>
        </p>
      </Form>
    </>
  )
}

import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError } from '../../api/request.ts'
import { acceptAsMe, acceptAsNew, meQuery } from '../../api/session.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { Form, usePageTitle } from '../../ui/page.tsx'

/** Joins an organization: with the account one is logged in with, or with a new one. */
export const Page = () => {
  usePageTitle('Invitation')
  const { token = '' }: { readonly token?: string } = useSearch({ strict: false })
  const me = useQuery({ ...meQuery, retry: false })
  if (token === '') return <Note tone="danger" title="This link has no invitation in it. Ask for a new one." />
  if (me.isPending) return <p className="muted">Looking who you are</p>
  return (
    <>
      <h1>Join an organization</h1>
      {me.data === undefined ? <AsNew token={token} /> : <AsMe token={token} email={me.data.user_email} />}
    </>
  )
}

const goTo = ({ organization_id }: { readonly organization_id: number }): void =>
  window.location.assign(`/organizations/${organization_id}`)

const AsMe = ({ token, email }: { readonly token: string; readonly email: string }) => {
  const accept = useMutation({ mutationFn: () => acceptAsMe(token), onSuccess: goTo })
  return (
    <>
      <p>You are logged in as {email}.</p>
      <ErrorNote error={accept.error} />
      <Button kind="main" isBusy={accept.isPending || accept.isSuccess} onClick={() => accept.mutate()}>
        Accept the invitation
      </Button>
    </>
  )
}

const AsNew = ({ token }: { readonly token: string }) => {
  const [password, setPassword] = useState('')
  const accept = useMutation({
    mutationFn: (wanted: string | undefined) => acceptAsNew(token, wanted),
    onSuccess: () => window.location.assign('/login'),
  })
  const hasAccount = accept.error instanceof ApiError && accept.error.status === 409
  return (
    <Form label="Make an account" onSend={() => accept.mutate(password)}>
      <Field
        label="Password of your new account"
        hint="At least 8 characters. Then log in with the e-mail that was invited."
        type="password"
        autoComplete="new-password"
        required
        minLength={8}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <ErrorNote error={accept.error} />
      <Button kind="main" type="submit" isBusy={accept.isPending || accept.isSuccess}>
        Make the account and join
      </Button>
      <Button isBusy={accept.isPending || accept.isSuccess} onClick={() => accept.mutate(undefined)}>
        Join without a password
      </Button>
      <p className="muted">Without one you log in by links that are mailed to you, until you set one.</p>
      <p className={hasAccount ? '' : 'muted'}>
        You have an account already?{' '}
        <Link to="/login" search={{ next: `/invitation?token=${encodeURIComponent(token)}` }}>
          Log in, then accept
        </Link>
      </p>
    </Form>
  )
}

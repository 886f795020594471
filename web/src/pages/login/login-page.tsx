import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { findSso, logIn } from '../../api/session.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { Form, usePageTitle } from '../../ui/page.tsx'
import { pageOfNext } from './next.ts'
import { OtherMethods } from './other-methods.tsx'
import { SecondStep } from './second-step.tsx'

export const Page = () => {
  usePageTitle('Log in')
  const search: { readonly next?: string; readonly email?: string } = useSearch({ strict: false })
  const next = pageOfNext(search.next, window.location.origin)
  const client = useQueryClient()
  const [email, setEmail] = useState(search.email ?? '')
  const [password, setPassword] = useState('')
  const goOn = () => {
    client.clear()
    window.location.assign(next)
  }
  const login = useMutation({
    mutationFn: () => logIn(email.trim(), password),
    onSuccess: (entered) => {
      if (entered === null) goOn()
    },
  })
  const sso = useMutation({
    mutationFn: () => findSso(email.trim()),
    onSuccess: ({ sign_in_path }) => {
      const to = new URL(sign_in_path, window.location.origin)
      to.searchParams.set('next', next.slice(window.location.origin.length))
      window.location.assign(to.pathname + to.search)
    },
  })
  if (login.data) return <SecondStep ticket={login.data.ticket} onLoggedIn={goOn} onBack={() => login.reset()} />
  return (
    <>
      <h1>Log in</h1>
      <Form label="Log in" onSend={() => login.mutate()}>
        <Field
          label="E-mail"
          type="email"
          name="email"
          autoComplete="username webauthn"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <Field
          label="Password"
          type="password"
          name="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <ErrorNote error={login.error ?? sso.error} />
        <Button kind="main" type="submit" isBusy={login.isPending || login.isSuccess}>
          Log in
        </Button>
        <Button disabled={email.trim() === ''} isBusy={sso.isPending} onClick={() => sso.mutate()}>
          Log in with single sign-on
        </Button>
        <OtherMethods email={email.trim()} onLoggedIn={goOn} />
      </Form>
    </>
  )
}

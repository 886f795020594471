import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { requireSecondFactor, secondFactorQuery } from '../../api/access-security.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { Form, Panel } from '../../ui/page.tsx'
import { useChange } from '../organizations/use-change.ts'

/** Whether everybody who signs in here, and not by a provider, needs a second factor. */
export const SecondFactorPanel = ({ organizationId }: { readonly organizationId: number }) => {
  const state = useQuery(secondFactorQuery(organizationId))
  const [password, setPassword] = useState('')
  const isRequired = state.data?.required === true
  const change = useChange(() => requireSecondFactor(organizationId, !isRequired, password), {
    key: ['organizations', organizationId, 'two-factor'],
    said: isRequired ? 'The second factor is no longer required' : 'A second factor is required',
    onDone: () => setPassword(''),
  })
  return (
    <Panel title="Second factor">
      <div className="row">
        <Badge tone={isRequired ? 'good' : 'plain'}>{isRequired ? 'required' : 'not required'}</Badge>
        <span className="muted">
          {state.data?.available === false
            ? 'Your identity provider asks for it.'
            : 'A code of an authenticator app or a passkey, beside the password.'}
        </span>
      </div>
      <ErrorNote error={state.error} />
      {state.data?.available === true ? (
        <Form label="Second factor" onSend={() => change.mutate(undefined)}>
          <Field
            label="Your password, to change this"
            type="password"
            required
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <ErrorNote error={change.error} />
          <div>
            <Button type="submit" disabled={password === ''} isBusy={change.isPending}>
              {isRequired ? 'Stop requiring a second factor' : 'Require a second factor of all members'}
            </Button>
          </div>
        </Form>
      ) : null}
    </Panel>
  )
}

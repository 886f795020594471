import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { sendSecondStep } from '../../api/sign-in.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { Form } from '../../ui/page.tsx'

export interface SecondStepProps {
  readonly ticket: string
  readonly onLoggedIn: () => void
  /** Back to the first step. */
  readonly onBack: () => void
}

/** After the password or a mailed link: a code of the app, or a recovery code. */
export const SecondStep = ({ ticket, onLoggedIn, onBack }: SecondStepProps) => {
  const [code, setCode] = useState('')
  const send = useMutation({ mutationFn: () => sendSecondStep(ticket, code.trim()), onSuccess: onLoggedIn })
  return (
    <>
      <h1>One more step</h1>
      <Form label="Second step" onSend={() => send.mutate()}>
        <Field
          label="Code"
          hint="Six digits of your authenticator app, or one of your recovery codes."
          name="code"
          autoComplete="one-time-code"
          autoFocus
          isMono
          required
          maxLength={50}
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
        <ErrorNote error={send.error} />
        <Button kind="main" type="submit" isBusy={send.isPending || send.isSuccess}>
          Log in
        </Button>
        <Button onClick={onBack}>Begin again</Button>
      </Form>
    </>
  )
}

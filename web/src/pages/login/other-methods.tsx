import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { askForLink, askForReset, logInWithPasskey } from '../../api/sign-in.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Note } from '../../ui/note.tsx'
import { wordsOfPasskey } from '../../words/passkeys.ts'

export interface OtherMethodsProps {
  /** As typed; may be empty. */
  readonly email: string
  /** To be called when the session's cookie is set. */
  readonly onLoggedIn: () => void
}

const WithPasskey = ({ onLoggedIn }: OtherMethodsProps) => {
  const login = useMutation({ mutationFn: logInWithPasskey, onSuccess: onLoggedIn })
  return (
    <>
      <ErrorNote error={wordsOfPasskey(login.error)} />
      <Button isBusy={login.isPending || login.isSuccess} onClick={() => login.mutate()}>
        Log in with a passkey
      </Button>
    </>
  )
}

const ByMail = ({ email }: OtherMethodsProps) => {
  const link = useMutation({ mutationFn: () => askForLink(email) })
  const reset = useMutation({ mutationFn: () => askForReset(email) })
  return (
    <>
      <ErrorNote error={link.error ?? reset.error} />
      <div aria-live="polite">
        {link.isSuccess ? (
          <Note title="Look into your mail.">
            <span>
              If {email} logs in by links, one is on its way. It works once, for 15 minutes. Who has set a password logs
              in with it.
            </span>
          </Note>
        ) : null}
        {reset.isSuccess ? (
          <Note title="Look into your mail.">
            <span>
              If {email} logs in with a password, a link to set a new one is on its way. It works once, for 15 minutes.
            </span>
          </Note>
        ) : null}
      </div>
      <Button disabled={email === ''} isBusy={link.isPending} onClick={() => link.mutate()}>
        Mail me a link
      </Button>
      <Button kind="quiet" disabled={email === ''} isBusy={reset.isPending} onClick={() => reset.mutate()}>
        I do not know my password
      </Button>
    </>
  )
}

/** Ways to log in beside the password and single sign-on, each a component of its own. */
const methods: readonly ((props: OtherMethodsProps) => ReactNode)[] = [WithPasskey, ByMail]

export const OtherMethods = (props: OtherMethodsProps) =>
  methods.map((Method, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
    <Method key={at} {...props} />
  ))

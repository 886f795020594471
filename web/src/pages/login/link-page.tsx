import { useMutation } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { openLink } from '../../api/sign-in.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { usePageTitle } from '../../ui/page.tsx'
import { SecondStep } from './second-step.tsx'

const goHome = (): void => window.location.assign('/')

/** Where a mailed link leads. A press of the button uses it up: programs that look at mails follow links, too. */
export const Page = () => {
  usePageTitle('Log in by link')
  const { token = '' }: { readonly token?: string } = useSearch({ strict: false })
  const open = useMutation({
    mutationFn: () => openLink(token),
    onSuccess: (entered) => {
      if (entered === null) goHome()
    },
  })
  if (open.data) return <SecondStep ticket={open.data.ticket} onLoggedIn={goHome} onBack={() => goTo('/login')} />
  return (
    <>
      <h1>Log in by link</h1>
      <p>Your link works once. Nobody but you should have it.</p>
      <ErrorNote error={open.error} />
      <Button kind="main" isBusy={open.isPending || open.isSuccess} onClick={() => open.mutate()}>
        Log in
      </Button>
      <p className="muted">
        <Link to="/login">Ask for another link</Link>
      </p>
    </>
  )
}

const goTo = (path: string): void => window.location.assign(path)

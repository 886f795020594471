import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useMe } from '../../../api/session.ts'
import { type Security, securityQuery } from '../../../api/sign-in.ts'
import { ErrorNote } from '../../../ui/error-note.tsx'
import { Note } from '../../../ui/note.tsx'
import { Page as Frame } from '../../../ui/page.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { FactorPanel } from './factor-panel.tsx'
import { PasskeysPanel } from './passkeys-panel.tsx'
import { PasswordPanel } from './password-panel.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'
import { SessionsPanel } from './sessions-panel.tsx'

/** How one's own account is logged in to. */
export const Page = () => {
  const me = useMe()
  const { data: security, error, refetch } = useQuery(securityQuery)
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  return (
    <Frame title="Security" intro={`How you log in as ${me.user_email}.`}>
      <ErrorNote error={error} onRetry={() => void refetch()} />
      {codes === null ? null : <RecoveryCodes codes={codes} onKept={() => setCodes(null)} />}
      {security === undefined ? (
        error === null ? (
          <SkeletonRows />
        ) : null
      ) : (
        <>
          <Needed security={security} />
          {security.single_sign_on_required_by === null ? null : (
            <Note title="Your organization requires single sign-on.">
              <span>What you set up here is for when it does no longer.</span>
            </Note>
          )}
          {isLimited(security) ? null : <PasswordPanel security={security} />}
          <FactorPanel security={security} onCodes={setCodes} />
          <PasskeysPanel security={security} onCodes={setCodes} />
        </>
      )}
      <SessionsPanel />
    </Frame>
  )
}

/** A second factor has to be set up before anything else. */
const isLimited = ({ must_set_up, second_factor_required, second_factor, passkeys }: Security): boolean =>
  must_set_up || (second_factor_required && !second_factor && passkeys.length === 0)

const Needed = ({ security }: { readonly security: Security }) => {
  if (security.must_set_up) {
    return (
      <Note tone="warn" title="Your recovery codes are used up.">
        <span>Set up an authenticator app or a passkey before you go on.</span>
      </Note>
    )
  }
  return isLimited(security) ? (
    <Note tone="warn" title="Your organization requires a second factor.">
      <span>Set up an authenticator app or a passkey before you go on.</span>
    </Note>
  ) : null
}

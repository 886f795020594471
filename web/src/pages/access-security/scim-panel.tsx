import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { makeScimToken, revokeScimToken, scimTokenQuery } from '../../api/access-security.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Panel } from '../../ui/page.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { Time } from '../../ui/time.tsx'
import { useChange } from '../organizations/use-change.ts'

/** The token by which the identity provider keeps members and teams. */
export const ScimPanel = ({ organizationId }: { readonly organizationId: number }) => {
  const token = useQuery(scimTokenQuery(organizationId))
  const [made, setMade] = useState<string | null>(null)
  const key = ['organizations', organizationId, 'scim-token']
  const make = useChange(() => makeScimToken(organizationId), {
    key,
    said: 'SCIM token made',
    onDone: ({ token: text }) => setMade(text),
  })
  const revoke = useChange(() => revokeScimToken(organizationId), {
    key,
    said: 'SCIM token revoked',
    onDone: () => setMade(null),
  })
  const current = token.data ?? null
  return (
    <Panel title="SCIM">
      <p className="muted">
        The identity provider makes, changes and puts aside members, and keeps teams by its groups, at{' '}
        <code className="breakable">{window.location.origin}/api/app/scim/v2</code>.
      </p>
      {made === null ? null : <SecretOnce what="SCIM token" secret={made} />}
      <ErrorNote error={token.error ?? make.error ?? revoke.error} />
      {current === null ? null : (
        <p>
          A token was made <Time at={current.created} show="age" />
          {current.last_used === null ? ' and never used' : ', last used '}
          {current.last_used === null ? null : <Time at={current.last_used} show="age" />}.
        </p>
      )}
      <div className="row">
        <Button onClick={() => make.mutate(undefined)} isBusy={make.isPending}>
          {current === null ? 'Make a SCIM token' : 'Replace the SCIM token'}
        </Button>
        {current === null ? null : (
          <Button kind="danger" onClick={() => revoke.mutate(undefined)} isBusy={revoke.isPending}>
            Revoke the SCIM token
          </Button>
        )}
      </div>
    </Panel>
  )
}

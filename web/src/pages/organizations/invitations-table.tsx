import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type Invitation,
  invitationsQuery,
  renewInvitation,
  revokeInvitation,
  type SentInvitation,
} from '../../api/members.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { count } from '../../words/numbers.ts'
import { SentLinks } from './sent-links.tsx'
import { useChange } from './use-change.ts'

/** Invitations that nobody has accepted yet. Nothing while there are none. */
export const InvitationsTable = ({ organizationId }: { readonly organizationId: number }) => {
  const invitations = useQuery(invitationsQuery(organizationId))
  const [sent, setSent] = useState<readonly SentInvitation[]>([])
  const key = ['organizations', organizationId, 'invitations']
  const renew = useChange(({ id }: Invitation) => renewInvitation(organizationId, id, true), {
    key,
    said: 'Invited again',
    onDone: (one) => setSent([one]),
  })
  const revoke = useChange(({ id }: Invitation) => revokeInvitation(organizationId, id), {
    key,
    said: 'Invitation withdrawn',
    onDone: () => setSent([]),
  })
  const rows = invitations.data ?? []
  if (rows.length === 0) return <ErrorNote error={invitations.error} />
  return (
    <section className="stack" aria-label="Open invitations">
      <h2>{count(rows.length, 'open invitation')}</h2>
      <SentLinks sent={sent} />
      <ErrorNote error={renew.error ?? revoke.error} />
      <Table
        caption="Open invitations"
        rows={rows}
        keyOf={({ id }) => id}
        columns={[
          { name: 'E-mail', show: ({ email }) => email },
          { name: 'Role', show: ({ role }) => role.replace('_', ' ') },
          { name: 'Projects', align: 'number', show: ({ projects }) => projects.length },
          { name: 'Ends', show: ({ expires }) => <Time at={expires} show="age" /> },
          {
            name: 'Do',
            show: (one) => (
              <span className="row">
                <Button size="small" onClick={() => renew.mutate(one)} aria-label={`Invite again: ${one.email}`}>
                  Invite again
                </Button>
                <Button
                  size="small"
                  kind="danger"
                  onClick={() => revoke.mutate(one)}
                  aria-label={`Withdraw the invitation of ${one.email}`}
                >
                  Withdraw
                </Button>
              </span>
            ),
          },
        ]}
      />
    </section>
  )
}

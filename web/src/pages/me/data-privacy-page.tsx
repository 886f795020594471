import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type GdprToken,
  gdprTokensQuery,
  type IssuedGdprToken,
  issueGdprToken,
  liveToken,
  revokeGdprToken,
} from '../../api/gdpr-tokens.ts'
import { useMe } from '../../api/session.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { announce } from '../../ui/live-region.tsx'
import { Page as Frame, Panel } from '../../ui/page.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { TokenReminder } from './token-reminder.tsx'

/** AUTH-04: one's own token for the privacy API. One lives at a time, for a year, and is shown once. */
export const Page = () => {
  const client = useQueryClient()
  const tokens = useQuery(gdprTokensQuery)
  const [issued, setIssued] = useState<IssuedGdprToken | null>(null)
  const [asking, setAsking] = useState<'replace' | 'revoke' | null>(null)
  const refresh = () => client.invalidateQueries({ queryKey: gdprTokensQuery.queryKey })
  const issue = useMutation({
    mutationFn: issueGdprToken,
    onSuccess: async (made) => {
      setAsking(null)
      setIssued(made)
      announce('The token is generated. It is shown once.')
      await refresh()
    },
  })
  const revoke = useMutation({
    mutationFn: revokeGdprToken,
    onSuccess: async () => {
      setAsking(null)
      setIssued(null)
      announce('The token is revoked.')
      await refresh()
    },
  })
  const live = tokens.data === undefined ? null : liveToken(tokens.data, Date.now())
  return (
    <Frame
      title="Data & Privacy"
      intro="Your token for the privacy API: with it, scripts ask for the data of people and erase them, in your name."
    >
      {issued === null ? null : <Issued token={issued} />}
      <TokenReminder />
      <ErrorNote error={tokens.error ?? issue.error} onRetry={() => tokens.refetch()} />
      {tokens.isPending ? <SkeletonRows what="Loading your token" rows={3} /> : null}
      {tokens.data === undefined ? null : (
        <>
          {live === null ? (
            <EmptyState
              title="You have no token"
              action={<MayGenerate isBusy={issue.isPending} onGenerate={() => issue.mutate()} />}
            >
              <p>A token opens the privacy API of the projects that you own or administer. It lives for a year.</p>
            </EmptyState>
          ) : (
            <Live token={live} onReplace={() => setAsking('replace')} onRevoke={() => setAsking('revoke')} />
          )}
          <WhatItCan />
          <Earlier tokens={tokens.data.filter(({ id }) => id !== live?.id)} />
        </>
      )}
      <ConfirmDialog
        title="Generate a new token"
        consequence="The token that you have now is refused from this moment on. Scripts that use it need the new one."
        verb="Generate and end the old one"
        isOpen={asking === 'replace'}
        isBusy={issue.isPending}
        error={issue.error}
        onConfirm={() => issue.mutate()}
        onClose={() => setAsking(null)}
      />
      <ConfirmDialog
        title="Revoke the token"
        consequence="It is refused from this moment on. Requests that were made with it go on."
        verb="Revoke the token"
        isOpen={asking === 'revoke'}
        isBusy={revoke.isPending}
        error={revoke.error}
        onConfirm={() => live !== null && revoke.mutate(live.id)}
        onClose={() => setAsking(null)}
      />
    </Frame>
  )
}

const MayGenerate = ({ isBusy, onGenerate }: { readonly isBusy: boolean; readonly onGenerate: () => void }) => {
  const me = useMe()
  const roles = [...Object.values(me.organizations), ...Object.values(me.projects)].map(({ role }) => role)
  if (!roles.some((role) => role === 'owner' || role === 'admin')) {
    return <p className="muted">Only owners and admins of an organization or a project can generate one.</p>
  }
  return (
    <Button kind="main" isBusy={isBusy} onClick={onGenerate}>
      Generate a token
    </Button>
  )
}

const Issued = ({ token }: { readonly token: IssuedGdprToken }) => (
  <SecretOnce
    what="Your privacy token"
    secret={token.token}
    note={
      <p className="muted">
        It ends on <Time at={token.expires} show="day" />.
      </p>
    }
  />
)

const Live = ({
  token,
  onReplace,
  onRevoke,
}: {
  readonly token: GdprToken
  readonly onReplace: () => void
  readonly onRevoke: () => void
}) => (
  <Panel title="Your token">
    <DefinitionList
      entries={[
        ['Begins with', <code key="hint">{token.hint}…</code>],
        ['Generated', <Time key="made" at={token.created} />],
        [
          'Ends',
          <span key="ends">
            <Time at={token.expires} show="day" /> (<Time at={token.expires} show="age" />)
          </span>,
        ],
        ['Last used', token.last_used === null ? 'never' : <Time key="used" at={token.last_used} show="age" />],
      ]}
    />
    <div className="row">
      <Button onClick={onReplace}>Generate a new one</Button>
      <Button kind="danger" onClick={onRevoke}>
        Revoke the token
      </Button>
    </div>
  </Panel>
)

const WhatItCan = () => (
  <Panel title="What it can, and what it cannot">
    <ul>
      <li>It asks for the data of people, erases them, and tells how far that is.</li>
      <li>It opens projects that you own or administer at that moment; with your role it ends.</li>
      <li>It cannot read events, profiles or reports, log in, or change settings.</li>
      <li>Each request made with it stands in the audit log with your name.</li>
    </ul>
    <CodeBlock
      what="First call"
      code={`curl '${window.location.origin}/api/app/data-retrievals/v3.0?token=<project token>' \\
  --header 'Authorization: Bearer <your privacy token>' \\
  --json '{"distinct_ids":["ada"],"compliance_type":"GDPR"}'`}
    />
  </Panel>
)

const columns: readonly Column<GdprToken>[] = [
  { name: 'Token', show: ({ hint }) => <code>{hint}…</code> },
  { name: 'State', show: ({ revoked }) => <Badge>{revoked === null ? 'ended' : 'revoked'}</Badge> },
  { name: 'Generated', show: ({ created }) => <Time at={created} show="day" /> },
  { name: 'Ended', show: ({ revoked, expires }) => <Time at={revoked ?? expires} show="day" /> },
]

const Earlier = ({ tokens }: { readonly tokens: readonly GdprToken[] }) =>
  tokens.length === 0 ? null : (
    <Panel title="Earlier tokens">
      <Table caption="Earlier tokens" columns={columns} rows={tokens} keyOf={({ id }) => id} />
    </Panel>
  )

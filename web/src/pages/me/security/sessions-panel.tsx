import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { endOtherSessions, endSession, type OwnSession, sessionsQuery } from '../../../api/sign-in.ts'
import { Badge } from '../../../ui/badge.tsx'
import { Button } from '../../../ui/button.tsx'
import { ErrorNote } from '../../../ui/error-note.tsx'
import { Panel } from '../../../ui/page.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { Table } from '../../../ui/table.tsx'
import { Time } from '../../../ui/time.tsx'

const methodNames: Readonly<Record<OwnSession['method'], string>> = {
  password: 'password',
  'magic-link': 'mailed link',
  passkey: 'passkey',
  sso: 'single sign-on',
}

const waysOf = ({ method, second_factor }: OwnSession): string =>
  second_factor && method !== 'passkey' ? `${methodNames[method]} and second factor` : methodNames[method]

/** Where one is logged in. Places are not known: addresses are not kept. */
export const SessionsPanel = () => {
  const client = useQueryClient()
  const sessions = useQuery(sessionsQuery)
  const reload = () => client.invalidateQueries({ queryKey: sessionsQuery.queryKey })
  const end = useMutation({ mutationFn: endSession, onSuccess: reload })
  const endOthers = useMutation({ mutationFn: endOtherSessions, onSuccess: reload })
  return (
    <Panel title="Sessions">
      <p>Where you are logged in. What your browsers send, and from where, is not kept.</p>
      <ErrorNote error={sessions.error ?? end.error ?? endOthers.error} />
      {sessions.data === undefined ? (
        <SkeletonRows />
      ) : (
        <Table
          caption="Sessions"
          rows={sessions.data}
          keyOf={({ id }) => id}
          columns={[
            {
              name: 'Device',
              show: ({ agent, current }) => (
                <span className="row">
                  {agent === '' ? 'another program' : agent}
                  {current ? <Badge tone="good">this one</Badge> : null}
                </span>
              ),
            },
            { name: 'By', show: waysOf },
            { name: 'Since', show: ({ created }) => <Time at={created} /> },
            { name: 'Last seen', show: ({ last_seen }) => <Time at={last_seen} show="age" /> },
            {
              name: 'End',
              show: ({ id, agent, current }) =>
                current ? null : (
                  <Button size="small" aria-label={`End the session of ${agent}`} onClick={() => end.mutate(id)}>
                    End
                  </Button>
                ),
            },
          ]}
        />
      )}
      <div>
        <Button
          disabled={(sessions.data?.length ?? 0) < 2}
          isBusy={endOthers.isPending}
          onClick={() => endOthers.mutate()}
        >
          End all other sessions
        </Button>
      </div>
    </Panel>
  )
}

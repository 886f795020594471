import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { renewSecret, renewToken } from '../../api/project-settings.ts'
import { accessKeysQuery, projectQuery } from '../../api/projects.ts'
import { type MyProject, useMe } from '../../api/session.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Panel } from '../../ui/page.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { SettingsFrame } from './settings-frame.tsx'
import { useSave } from './use-save.ts'

export const Page = () => <SettingsFrame page="settingsKeys">{(mine) => <Keys mine={mine} />}</SettingsFrame>

/** AUTH-20: what clients and scripts of the project show. */
const Keys = ({ mine }: { readonly mine: MyProject }) => {
  const keys = useQuery(accessKeysQuery(mine.id))
  const project = useQuery(projectQuery(mine.id)).data
  const organization = useMe().organizations[String(project?.organization_id ?? 0)]
  const mayOwn = mine.permissions.includes('project:own')
  return (
    <>
      <Panel title="Project token">
        <p className="muted">
          Every client of the project carries it, so it is no secret: whoever has it can send events, and read nothing.
        </p>
        <ErrorNote error={keys.error} onRetry={() => keys.refetch()} />
        {keys.isPending ? <SkeletonRows rows={1} what="Loading the token" /> : null}
        {keys.data === undefined ? null : (
          <div className="row">
            <code>{keys.data.token}</code>
            <CopyButton text={keys.data.token} what="project token" size="small" />
          </div>
        )}
        {mayOwn && organization?.role === 'owner' ? <Renew projectId={mine.id} what="token" /> : null}
      </Panel>
      <Panel title="Project secret">
        <p className="muted">
          It reads and writes all events of the project. The server keeps only its hash: it was shown when the project
          was made, and a new one is shown once. Service accounts are better, each with a role of its own.
        </p>
        {mayOwn ? <Renew projectId={mine.id} what="secret" /> : <p>An owner of the project can make a new one.</p>}
      </Panel>
      <AsCurl path={`/api/app/projects/${mine.id}/access-keys`} />
    </>
  )
}

const consequences = {
  token:
    'The old token is worth nothing at once: every application that carries it falls silent until it has the new one. What is stored stays.',
  secret: 'The old secret is worth nothing at once: scripts that use it are refused until they have the new one.',
} as const

const Renew = ({ projectId, what }: { readonly projectId: number; readonly what: 'token' | 'secret' }) => {
  const [isAsking, setAsking] = useState(false)
  const [made, setMade] = useState<string | null>(null)
  const renew = useSave(
    async () => (what === 'token' ? (await renewToken(projectId)).token : (await renewSecret(projectId)).secret),
    [['projects', projectId, 'access-keys']],
    `There is a new ${what}`,
  )
  return (
    <>
      {made !== null && what === 'secret' ? <SecretOnce what="New project secret" secret={made} /> : null}
      <div>
        <Button kind="danger" onClick={() => setAsking(true)}>
          Make a new {what}
        </Button>
      </div>
      <ConfirmDialog
        title={`Make a new project ${what}`}
        consequence={consequences[what]}
        verb={`Make a new ${what}`}
        isOpen={isAsking}
        isBusy={renew.isPending}
        error={renew.error}
        onClose={() => setAsking(false)}
        onConfirm={() =>
          renew.mutate(undefined, {
            onSuccess: (key) => {
              setMade(key)
              setAsking(false)
            },
          })
        }
      />
    </>
  )
}

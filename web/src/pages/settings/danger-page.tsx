import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { MadeProject } from '../../api/organizations.ts'
import { deleteProject, resetProject, transferProject } from '../../api/project-settings.ts'
import { type MyProject, useMe } from '../../api/session.ts'
import { pathTo } from '../../page-paths.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { Select } from '../../ui/field.tsx'
import { Panel } from '../../ui/page.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { regionName } from '../../words/regions.ts'
import { SettingsFrame } from './settings-frame.tsx'
import { useSave } from './use-save.ts'

export const Page = () => <SettingsFrame page="settingsDanger">{(mine) => <Danger mine={mine} />}</SettingsFrame>

const everywhere = [['me'], ['organizations'], ['projects']]

/** AUTH-19: what takes a project away, with what it means where the button is. */
const Danger = ({ mine }: { readonly mine: MyProject }) => (
  <>
    <Transfer mine={mine} />
    <Reset mine={mine} />
    <Delete mine={mine} />
  </>
)

const Transfer = ({ mine }: { readonly mine: MyProject }) => {
  const navigate = useNavigate()
  const targets = Object.values(useMe().organizations).filter(({ role }) => role === 'owner' || role === 'admin')
  const [to, setTo] = useState('')
  const [isAsking, setAsking] = useState(false)
  const transfer = useSave((id: number) => transferProject(mine.id, id), everywhere, 'The project is transferred')
  const target = targets.find(({ id }) => String(id) === to)
  return (
    <Panel title="Transfer the project" tone="danger">
      <p>
        It belongs to another organization then, with all its data, which stays in {regionName(mine.region)}. Members,
        teams and service accounts of this organization lose it.
      </p>
      {targets.length < 2 ? (
        <p className="muted">You may make projects in no other organization; an owner of it has to invite you first.</p>
      ) : (
        <>
          <Select
            label="To the organization"
            value={to}
            choices={[
              { value: '', label: 'Choose one' },
              ...targets.map(({ id, name }) => ({ value: String(id), label: name })),
            ]}
            onChange={(event) => setTo(event.target.value)}
          />
          <div>
            <Button kind="danger" disabled={target === undefined} onClick={() => setAsking(true)}>
              Transfer {mine.name}
            </Button>
          </div>
        </>
      )}
      <ConfirmDialog
        title={`Transfer ${mine.name} to ${target?.name ?? ''}`}
        consequence="Everybody of this organization loses the project at once. Only an owner there can give it back."
        verb="Transfer the project"
        typed={mine.name}
        isOpen={isAsking}
        isBusy={transfer.isPending}
        error={transfer.error}
        onClose={() => setAsking(false)}
        onConfirm={() =>
          transfer.mutate(Number(to), {
            onSuccess: () => navigate({ to: pathTo('organization', { organizationId: Number(to) }) }),
          })
        }
      />
    </Panel>
  )
}

const Reset = ({ mine }: { readonly mine: MyProject }) => {
  const [isAsking, setAsking] = useState(false)
  const [made, setMade] = useState<MadeProject | null>(null)
  const reset = useSave(() => resetProject(mine.id), [], 'The project is reset')
  return (
    <Panel title="Reset the project" tone="danger">
      <p>
        A new project of the same name takes its place, empty, with a new id, token and secret. This one is closed at
        once: its token takes nothing more, and its data is removed after the grace period. Until then an owner of the
        organization can restore it.
      </p>
      {made === null ? (
        <div>
          <Button kind="danger" onClick={() => setAsking(true)}>
            Reset {mine.name}
          </Button>
        </div>
      ) : (
        <ResetDone made={made} />
      )}
      <ConfirmDialog
        title={`Reset ${mine.name}`}
        consequence="Applications that carry the old token fall silent until they have the new one."
        verb="Reset the project"
        typed={mine.name}
        isOpen={isAsking}
        isBusy={reset.isPending}
        error={reset.error}
        onClose={() => setAsking(false)}
        onConfirm={() =>
          reset.mutate(undefined, {
            onSuccess: (project) => {
              setMade(project)
              setAsking(false)
            },
          })
        }
      />
    </Panel>
  )
}

const ResetDone = ({ made }: { readonly made: MadeProject }) => {
  const client = useQueryClient()
  const navigate = useNavigate()
  // Only now: the page of the old project would be gone, and the secret with it.
  const open = async () => {
    await client.invalidateQueries({ queryKey: ['me'] })
    await navigate({ to: pathTo('project', { projectId: made.id }) })
  }
  return (
    <>
      <DefinitionList
        entries={[
          ['New project id', made.id],
          ['New project token', <code key="token">{made.token}</code>],
        ]}
      />
      <SecretOnce what="New project secret" secret={made.secret} />
      <div>
        <Button kind="main" onClick={() => void open()}>
          Open the new project
        </Button>
      </div>
    </>
  )
}

const Delete = ({ mine }: { readonly mine: MyProject }) => {
  const navigate = useNavigate()
  const [isAsking, setAsking] = useState(false)
  const end = useSave(() => deleteProject(mine.id), everywhere, 'The project is deleted')
  return (
    <Panel title="Delete the project" tone="danger">
      <p>
        It is closed at once for everybody: nothing is taken, nothing can be read, its keys are worth nothing. Its data
        is removed from {regionName(mine.region)} after the grace period, with a proof of what was there and what is
        left. Until then an owner of the organization can restore it.
      </p>
      <div className="row">
        <Button kind="danger" onClick={() => setAsking(true)}>
          Delete {mine.name}
        </Button>
      </div>
      <ConfirmDialog
        title={`Delete ${mine.name}`}
        consequence="Nobody can send to it or read from it any more."
        verb="Delete the project"
        typed={mine.name}
        isOpen={isAsking}
        isBusy={end.isPending}
        error={end.error}
        onClose={() => setAsking(false)}
        onConfirm={() => end.mutate(undefined, { onSuccess: () => navigate({ to: pathTo('home') }) })}
      />
    </Panel>
  )
}

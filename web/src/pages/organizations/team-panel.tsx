import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type BuiltInRole, membersQuery } from '../../api/members.ts'
import { projectsQuery } from '../../api/organizations.ts'
import { serviceAccountsQuery } from '../../api/service-accounts.ts'
import { addToTeam, changeTeam, deleteTeam, type Team, type TeamPart, takeFromTeam } from '../../api/teams.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Checkbox } from '../../ui/field.tsx'
import { InlineSelect } from '../../ui/inline-select.tsx'
import { Panel } from '../../ui/page.tsx'
import { Table } from '../../ui/table.tsx'
import { projectRoles } from './roles.ts'
import { useChange } from './use-change.ts'

interface Line {
  readonly part: TeamPart
  readonly id: number
  readonly name: string
  readonly what: string
}

/** One team: who is in it, and what it opens. */
export const TeamPanel = ({ organizationId, team }: { readonly organizationId: number; readonly team: Team }) => {
  const members = useQuery(membersQuery(organizationId)).data ?? []
  const accounts = useQuery(serviceAccountsQuery(organizationId)).data ?? []
  const projects = useQuery(projectsQuery(organizationId)).data ?? []
  const [isEnding, setIsEnding] = useState(false)
  // At once, and back when it is refused.
  const [isClassified, setIsClassified] = useState(team.classified_access)
  const [projectRole, setProjectRole] = useState<BuiltInRole>('analyst')
  const key = ['organizations', organizationId, 'teams']
  const add = useChange(
    ({ part, id }: { part: TeamPart; id: number }) =>
      addToTeam(organizationId, team.id, part, id, part === 'projects' ? projectRole : undefined),
    { key, said: 'Added to the team' },
  )
  const take = useChange(({ part, id }: Line) => takeFromTeam(organizationId, team.id, part, id), {
    key,
    said: 'Taken out of the team',
  })
  const flag = useChange((isOn: boolean) => changeTeam(organizationId, team.id, { classified_access: isOn }), {
    key,
    said: 'Access to classified properties changed',
  })
  const end = useChange(() => deleteTeam(organizationId, team.id), { key, said: 'Team deleted' })
  const named = <T,>(rows: readonly T[], ids: readonly number[], idOf: (row: T) => number) =>
    rows.filter((row) => ids.includes(idOf(row)))
  const lines: readonly Line[] = [
    ...named(members, team.members, ({ id }) => id).map(
      ({ id, email }): Line => ({ part: 'members', id, name: email, what: 'member' }),
    ),
    ...named(accounts, team.service_accounts, ({ id }) => id).map(
      ({ id, username }): Line => ({ part: 'service-accounts', id, name: username, what: 'service account' }),
    ),
    ...team.projects.map(({ id, role, custom_role_id: custom }): Line => {
      const name = projects.find((project) => project.id === id)?.name ?? `Project ${id}`
      return { part: 'projects', id, name, what: custom === undefined ? `project, as ${role}` : 'project, custom role' }
    }),
  ]
  const left: readonly { readonly part: TeamPart; readonly label: string; readonly choices: readonly Choice[] }[] = [
    {
      part: 'members',
      label: 'Add a member',
      choices: choicesOf(members, team.members, ({ email }) => email),
    },
    {
      part: 'service-accounts',
      label: 'Add a service account',
      choices: choicesOf(accounts, team.service_accounts, ({ username }) => username),
    },
    {
      part: 'projects',
      label: 'Add a project',
      choices: choicesOf(
        projects,
        team.projects.map(({ id }) => id),
        ({ name }) => name,
      ),
    },
  ]
  return (
    <Panel title={team.name}>
      <Table
        caption={`Team ${team.name}`}
        rows={lines}
        keyOf={({ part, id }) => `${part} ${id}`}
        empty={<p className="muted">Nobody and nothing is in it yet.</p>}
        columns={[
          { name: 'Name', show: ({ name }) => name },
          { name: 'What', show: ({ what }) => what },
          {
            name: 'Do',
            show: (line) => (
              <Button
                size="small"
                onClick={() => take.mutate(line)}
                aria-label={`Take out ${line.name} of ${team.name}`}
              >
                Take out
              </Button>
            ),
          },
        ]}
      />
      <div className="row">
        {left.map(({ part, label, choices }) => (
          <InlineSelect
            key={part}
            label={`${label} to ${team.name}`}
            value=""
            choices={[{ value: '', label }, ...choices]}
            disabled={choices.length === 0}
            onChange={(id) => (id === '' ? undefined : add.mutate({ part, id: Number(id) }))}
          />
        ))}
        <InlineSelect
          label={`Role of ${team.name} on projects that are added`}
          value={projectRole}
          choices={projectRoles.map(({ value }) => ({ value, label: `Projects are added as ${value}` }))}
          onChange={(role) => setProjectRole(role as BuiltInRole)}
        />
      </div>
      <Checkbox
        label="Sees classified properties"
        hint="Of the projects above. No role does by itself."
        checked={isClassified}
        onChange={({ target: { checked } }) => {
          setIsClassified(checked)
          flag.mutate(checked, { onError: () => setIsClassified(!checked) })
        }}
      />
      <ErrorNote error={add.error ?? take.error ?? flag.error} />
      <div>
        <Button size="small" onClick={() => setIsEnding(true)}>
          Delete {team.name}
        </Button>
      </div>
      <ConfirmDialog
        title={`Delete ${team.name}`}
        consequence="What only the team gave is lost at once; roles that people have of their own stay."
        verb="Delete the team"
        isOpen={isEnding}
        isBusy={end.isPending}
        error={end.error}
        onConfirm={() => end.mutate(undefined)}
        onClose={() => setIsEnding(false)}
      />
    </Panel>
  )
}

interface Choice {
  readonly value: string
  readonly label: string
}

const choicesOf = <Row extends { readonly id: number }>(
  rows: readonly Row[],
  taken: readonly number[],
  labelOf: (row: Row) => string,
): readonly Choice[] =>
  rows.filter(({ id }) => !taken.includes(id)).map((row) => ({ value: String(row.id), label: labelOf(row) }))

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type BuiltInRole,
  invite,
  membersQuery,
  type ProjectMember,
  projectMembersQuery,
  removeFromProject,
  type SentInvitation,
  setProjectRole,
  type WantedRole,
} from '../../api/members.ts'
import { projectQuery } from '../../api/projects.ts'
import { type CustomRole, rolesQuery } from '../../api/roles.ts'
import { useMe } from '../../api/session.ts'
import { useProjectId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { type Choice, Field, Select } from '../../ui/field.tsx'
import { InlineSelect } from '../../ui/inline-select.tsx'
import { Form, Page as Frame, Panel } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { NotFoundPage } from '../not-found-page.tsx'
import { isAdmin, projectRoles } from '../organizations/roles.ts'
import { SentLinks } from '../organizations/sent-links.tsx'
import { useChange } from '../organizations/use-change.ts'
import { RolesNav } from './roles-nav.tsx'

/** Who works in the project, in which role. */
export const Page = () => {
  const projectId = useProjectId()
  const mine = useMe().projects[String(projectId)]
  return mine?.permissions.includes('project:admin') ? <Members projectId={projectId} /> : <NotFoundPage />
}

const customPrefix = 'custom '
const roleText = ({ role, custom_role_id: id }: Pick<ProjectMember, 'role' | 'custom_role_id'>): string =>
  id === null ? role : `${customPrefix}${id}`
const wantedOf = (value: string): WantedRole =>
  value.startsWith(customPrefix)
    ? { custom_role_id: Number(value.slice(customPrefix.length)) }
    : { role: value as BuiltInRole }
const choicesOf = (custom: readonly CustomRole[]): readonly Choice[] => [
  ...projectRoles,
  ...custom.map(({ id, name }) => ({ value: `${customPrefix}${id}`, label: name })),
]

const Members = ({ projectId }: { readonly projectId: number }) => {
  const members = useQuery(projectMembersQuery(projectId))
  const choices = choicesOf(useQuery(rolesQuery(projectId)).data?.results ?? [])
  const key = ['projects', projectId]
  const set = useChange(
    ({ id, value }: { id: number; value: string }) => setProjectRole(projectId, id, wantedOf(value)),
    {
      key,
      said: 'Role changed',
    },
  )
  const remove = useChange(({ id }: ProjectMember) => removeFromProject(projectId, id), { key, said: 'Member removed' })
  return (
    <Frame
      title="Members and roles"
      intro="Roles in this project. Owners and admins of the organization reach it anyway; teams give roles beside these."
    >
      <RolesNav projectId={projectId} />
      <ErrorNote error={members.error} onRetry={() => members.refetch()} />
      <ErrorNote error={set.error ?? remove.error} />
      {members.isPending ? <SkeletonRows what="Loading the members" /> : null}
      {members.data === undefined ? null : (
        <Table
          caption="Members of the project"
          rows={members.data}
          keyOf={({ id }) => id}
          empty={
            <EmptyState title="Nobody has a role of their own here">
              <p>Add members of the organization below.</p>
            </EmptyState>
          }
          columns={[
            { name: 'E-mail', show: ({ email }) => email },
            {
              name: 'Role',
              show: (member) => (
                <InlineSelect
                  label={`Role of ${member.email}`}
                  value={roleText(member)}
                  choices={choices}
                  disabled={set.isPending}
                  onChange={(value) => set.mutate({ id: member.id, value })}
                />
              ),
            },
            {
              name: 'Do',
              show: (member) => (
                <Button
                  size="small"
                  kind="danger"
                  onClick={() => remove.mutate(member)}
                  aria-label={`Remove ${member.email} from the project`}
                >
                  Remove
                </Button>
              ),
            },
          ]}
        />
      )}
      <AddMember projectId={projectId} members={members.data ?? []} choices={choices} />
      <AsCurl path={`/api/app/projects/${projectId}/members`} />
    </Frame>
  )
}

const AddMember = ({
  projectId,
  members,
  choices,
}: {
  readonly projectId: number
  readonly members: readonly ProjectMember[]
  readonly choices: readonly Choice[]
}) => {
  const me = useMe()
  const organizationId = useQuery(projectQuery(projectId)).data?.organization_id ?? 0
  const mayList = isAdmin(me.organizations[String(organizationId)]?.role)
  const all = useQuery({ ...membersQuery(organizationId), enabled: mayList }).data ?? []
  const [email, setEmail] = useState('')
  const [role, setRole] = useState('analyst')
  const [sent, setSent] = useState<readonly SentInvitation[]>([])
  const known = all.find((member) => member.email.toLowerCase() === email.trim().toLowerCase())
  const add = useChange(
    async (): Promise<readonly SentInvitation[]> => {
      if (known !== undefined) {
        await setProjectRole(projectId, known.id, wantedOf(role))
        return []
      }
      const projects = [{ id: projectId, ...wantedOf(role) }]
      return invite(organizationId, { emails: [email.trim()], role: 'member', projects })
    },
    {
      key: ['projects', projectId],
      said: 'Added',
      onDone: (made) => {
        setSent(made)
        setEmail('')
      },
    },
  )
  const inIt = new Set(members.map(({ id }) => id))
  return (
    <Panel title="Add somebody">
      <SentLinks sent={sent} />
      <Form label="Add somebody" onSend={() => add.mutate(undefined)}>
        <Field
          label="E-mail"
          hint="Who is not in the organization is invited into it."
          type="email"
          required
          autoComplete="off"
          list="members-to-add"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <datalist id="members-to-add">
          {all
            .filter(({ id }) => !inIt.has(id))
            .map((member) => (
              <option key={member.id} value={member.email} />
            ))}
        </datalist>
        <Select label="Role" value={role} choices={choices} onChange={(event) => setRole(event.target.value)} />
        <ErrorNote error={add.error} />
        <div>
          <Button kind="main" type="submit" disabled={email.trim() === ''} isBusy={add.isPending}>
            {known === undefined ? 'Invite into the project' : 'Add to the project'}
          </Button>
        </div>
      </Form>
    </Panel>
  )
}

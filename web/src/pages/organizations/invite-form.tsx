import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type BuiltInRole, invite, inviteList, type SentInvitation } from '../../api/members.ts'
import { projectsQuery } from '../../api/organizations.ts'
import type { OrganizationRole } from '../../api/session.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Select, TextArea } from '../../ui/field.tsx'
import { Form, Panel } from '../../ui/page.tsx'
import { UploadField } from '../../ui/upload-field.tsx'
import { count } from '../../words/numbers.ts'
import { organizationRoles, projectRoles } from './roles.ts'
import { SentLinks } from './sent-links.tsx'
import { useChange } from './use-change.ts'

const emailsIn = (text: string): readonly string[] => [...new Set(text.split(/[\s,;]+/).filter((part) => part !== ''))]

/** Invites people into the organization, and into one of its projects. */
export const InviteForm = ({ organizationId, mayMakeOwner }: { organizationId: number; mayMakeOwner: boolean }) => {
  const projects = useQuery(projectsQuery(organizationId)).data ?? []
  const [text, setText] = useState('')
  const [role, setRole] = useState<OrganizationRole>('member')
  const [projectId, setProjectId] = useState('')
  const [projectRole, setProjectRole] = useState<BuiltInRole>('analyst')
  const [sent, setSent] = useState<readonly SentInvitation[]>([])
  const emails = emailsIn(text)
  const key = ['organizations', organizationId]
  const done = (made: readonly SentInvitation[]) => {
    setSent(made)
    setText('')
  }
  const send = useChange(
    () =>
      invite(organizationId, {
        emails,
        role,
        projects: projectId === '' ? [] : [{ id: Number(projectId), role: projectRole }],
      }),
    { key, said: 'Invited', onDone: done },
  )
  const sendList = useChange((list: string) => inviteList(organizationId, list), { key, said: 'Invited', onDone: done })
  return (
    <Panel title="Invite people">
      <SentLinks sent={sent} />
      <Form label="Invite people" onSend={() => send.mutate(undefined)}>
        <TextArea
          label="E-mail addresses"
          hint="One or many, apart by commas or lines."
          rows={2}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Select
          label="Role in the organization"
          value={role}
          choices={organizationRoles.filter(({ value }) => value !== 'owner' || mayMakeOwner)}
          onChange={(event) => setRole(event.target.value as OrganizationRole)}
        />
        <Select
          label="Project"
          hint="Members see the projects that they are in."
          value={projectId}
          choices={[
            { value: '', label: 'None yet' },
            ...projects.map(({ id, name, region }) => ({ value: String(id), label: `${name} (${region})` })),
          ]}
          onChange={(event) => setProjectId(event.target.value)}
        />
        {projectId === '' ? null : (
          <Select
            label="Role in the project"
            value={projectRole}
            choices={projectRoles}
            onChange={(event) => setProjectRole(event.target.value as BuiltInRole)}
          />
        )}
        <ErrorNote error={send.error} />
        <div>
          <Button kind="main" type="submit" disabled={emails.length === 0} isBusy={send.isPending}>
            {emails.length === 0 ? 'Invite people' : `Invite ${count(emails.length, 'person', 'people')}`}
          </Button>
        </div>
      </Form>
      <details>
        <summary>Invite a list (CSV)</summary>
        <UploadField
          label="List"
          hint="A column email, and if wanted role, project_id and project_role."
          accept=".csv,text/csv"
          bytesMax={64 * 1024}
          onText={(list) => sendList.mutate(list)}
        />
        <ErrorNote error={sendList.error} />
      </details>
    </Panel>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { BuiltInRole } from '../../api/members.ts'
import { projectsQuery } from '../../api/organizations.ts'
import {
  createServiceAccount,
  deleteServiceAccount,
  type ServiceAccount,
  serviceAccountsPath,
  serviceAccountsQuery,
} from '../../api/service-accounts.ts'
import { useMe } from '../../api/session.ts'
import { useOrganizationId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { Form, Page as Frame, Panel } from '../../ui/page.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { NotFoundPage } from '../not-found-page.tsx'
import { isAdmin, projectRoles } from './roles.ts'
import { useChange } from './use-change.ts'

/** Credentials of scripts and servers: a user name and a secret, with a role on some projects. */
export const Page = () => {
  const organizationId = useOrganizationId()
  const organization = useMe().organizations[String(organizationId)]
  const isIn = isAdmin(organization?.role)
  const accounts = useQuery({ ...serviceAccountsQuery(organizationId), enabled: isIn })
  const [ending, setEnding] = useState<ServiceAccount | null>(null)
  const remove = useChange(({ id }: ServiceAccount) => deleteServiceAccount(organizationId, id), {
    key: ['organizations', organizationId, 'service-accounts'],
    said: 'Service account deleted',
    onDone: () => setEnding(null),
  })
  if (!isIn) return <NotFoundPage />
  return (
    <Frame title="Service accounts" intro="For scripts and servers: HTTP Basic with user name and secret.">
      <ErrorNote error={accounts.error} onRetry={() => accounts.refetch()} />
      {accounts.isPending ? <SkeletonRows what="Loading the service accounts" /> : null}
      {accounts.data === undefined ? null : (
        <Table
          caption="Service accounts"
          rows={accounts.data}
          keyOf={({ id }) => id}
          empty={
            <EmptyState title="No service accounts yet">
              <p>A script that imports or exports needs one. Make it below; its secret is shown once.</p>
            </EmptyState>
          }
          columns={[
            { name: 'User name', show: ({ username }) => <code>{username}</code> },
            { name: 'Last used', show: ({ last_used: at }) => (at === null ? 'never' : <Time at={at} show="age" />) },
            { name: 'Ends', show: ({ expires }) => <Ends at={expires} /> },
            { name: 'Made', show: ({ created }) => <Time at={created} show="day" /> },
            {
              name: 'Do',
              show: (account) => (
                <Button size="small" onClick={() => setEnding(account)} aria-label={`Delete ${account.username}`}>
                  Delete
                </Button>
              ),
            },
          ]}
        />
      )}
      <CreateAccount organizationId={organizationId} />
      <AsCurl path={serviceAccountsPath(organizationId)} />
      <ConfirmDialog
        title={`Delete ${ending?.username ?? ''}`}
        consequence="It opens nothing from this moment on, in every project. Whatever uses it stops working."
        verb="Delete the service account"
        isOpen={ending !== null}
        isBusy={remove.isPending}
        error={remove.error}
        onConfirm={() => (ending === null ? undefined : remove.mutate(ending))}
        onClose={() => setEnding(null)}
      />
    </Frame>
  )
}

const Ends = ({ at }: { readonly at: string | null }) => {
  if (at === null) return 'never'
  return Date.parse(at) <= Date.now() ? <Badge tone="danger">ended</Badge> : <Time at={at} show="day" />
}

const CreateAccount = ({ organizationId }: { readonly organizationId: number }) => {
  const projects = useQuery(projectsQuery(organizationId)).data ?? []
  const [name, setName] = useState('')
  const [projectId, setProjectId] = useState('')
  const [role, setRole] = useState<BuiltInRole>('analyst')
  const [ends, setEnds] = useState('')
  const [made, setMade] = useState<{ readonly username: string; readonly token: string } | null>(null)
  const create = useChange(
    () =>
      createServiceAccount(organizationId, {
        username: name,
        projects: projectId === '' ? [] : [{ id: Number(projectId), role }],
        ...(ends === '' ? {} : { expires: `${ends}T00:00:00Z` }),
      }),
    {
      key: ['organizations', organizationId, 'service-accounts'],
      said: 'Service account made',
      onDone: (account) => {
        setMade(account)
        setName('')
      },
    },
  )
  return (
    <Panel title="Make a service account">
      {made === null ? null : (
        <SecretOnce
          what={`Secret of ${made.username}`}
          secret={made.token}
          note={
            <p className="muted">
              User name: <code>{made.username}</code>
            </p>
          }
        />
      )}
      <Form label="Make a service account" onSend={() => create.mutate(undefined)}>
        <Field
          label="Name"
          hint="What it is for, such as nightly-export."
          required
          maxLength={200}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Select
          label="Project"
          value={projectId}
          choices={[
            { value: '', label: 'None yet' },
            ...projects.map(({ id, name: label, region }) => ({ value: String(id), label: `${label} (${region})` })),
          ]}
          onChange={(event) => setProjectId(event.target.value)}
        />
        {projectId === '' ? null : (
          <Select
            label="Role in the project"
            hint="Importing needs admin or owner."
            value={role}
            choices={projectRoles}
            onChange={(event) => setRole(event.target.value as BuiltInRole)}
          />
        )}
        <Field
          label="Ends on"
          hint="Left empty: never."
          type="date"
          value={ends}
          onChange={(event) => setEnds(event.target.value)}
        />
        <ErrorNote error={create.error} />
        <div>
          <Button kind="main" type="submit" disabled={name.trim() === ''} isBusy={create.isPending}>
            Make the service account
          </Button>
        </div>
      </Form>
    </Panel>
  )
}

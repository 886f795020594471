import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  deleteOrganization,
  type Organization,
  organizationQuery,
  renameOrganization,
  restoreOrganization,
} from '../../api/organizations.ts'
import { useMe } from '../../api/session.ts'
import { useOrganizationId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { Form, Page as Frame, Panel } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Time } from '../../ui/time.tsx'
import { NotFoundPage } from '../not-found-page.tsx'
import { useChange } from './use-change.ts'

/** Name and end of an organization, for its owners. */
export const Page = () => {
  const organizationId = useOrganizationId()
  const isOwner = useMe().organizations[String(organizationId)]?.role === 'owner'
  const organization = useQuery({ ...organizationQuery(organizationId), enabled: isOwner })
  if (!isOwner) return <NotFoundPage />
  const closes = organization.data?.closes ?? null
  return (
    <Frame title="Organization settings" status={closes === null ? null : <Badge tone="danger">deleted</Badge>}>
      <ErrorNote error={organization.error} onRetry={() => organization.refetch()} />
      {organization.isPending ? <SkeletonRows what="Loading the organization" rows={3} /> : null}
      {organization.data === undefined ? null : (
        <>
          <Rename key={organization.data.name} organization={organization.data} />
          {closes === null ? (
            <Delete organization={organization.data} />
          ) : (
            <Restore organizationId={organizationId} closes={closes} />
          )}
        </>
      )}
      <AsCurl path={`/api/app/organizations/${organizationId}`} />
    </Frame>
  )
}

const Rename = ({ organization: { id, name: before } }: { readonly organization: Organization }) => {
  const client = useQueryClient()
  const [name, setName] = useState(before)
  const rename = useChange(() => renameOrganization(id, name), {
    key: ['organizations', id],
    said: 'Organization renamed',
    onDone: () => client.invalidateQueries({ queryKey: ['me'] }),
  })
  return (
    <Form label="Rename the organization" onSend={() => rename.mutate(undefined)}>
      <Field
        label="Name"
        required
        maxLength={255}
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <ErrorNote error={rename.error} />
      <div>
        <Button kind="main" type="submit" disabled={name.trim() === '' || name === before} isBusy={rename.isPending}>
          Rename the organization
        </Button>
      </div>
    </Form>
  )
}

const Delete = ({ organization: { id, name } }: { readonly organization: Organization }) => {
  const [isAsking, setIsAsking] = useState(false)
  const end = useChange(() => deleteOrganization(id), {
    key: ['organizations', id],
    said: 'Organization deleted',
    onDone: () => setIsAsking(false),
  })
  return (
    <Panel title="Delete the organization" tone="danger">
      <p>
        It works on for a while, 90 days unless whoever runs the server has set another time, and can be restored. Then
        nobody is in it any longer, and the data of its projects is removed in every region, for good.
      </p>
      <div>
        <Button kind="danger" onClick={() => setIsAsking(true)}>
          Delete the organization
        </Button>
      </div>
      <ConfirmDialog
        title={`Delete ${name}`}
        consequence="All members, teams, service accounts and projects end with it."
        verb={`Delete ${name}`}
        typed={name}
        isOpen={isAsking}
        isBusy={end.isPending}
        error={end.error}
        onConfirm={() => end.mutate(undefined)}
        onClose={() => setIsAsking(false)}
      />
    </Panel>
  )
}

const Restore = ({ organizationId, closes }: { readonly organizationId: number; readonly closes: string }) => {
  const restore = useChange(() => restoreOrganization(organizationId), {
    key: ['organizations', organizationId],
    said: 'Organization restored',
  })
  return (
    <Note tone="danger" title="This organization is deleted">
      <span>
        It is closed <Time at={closes} show="age" />: then nobody is in it, and the data of its projects is removed.
      </span>
      <ErrorNote error={restore.error} />
      <div>
        <Button onClick={() => restore.mutate(undefined)} isBusy={restore.isPending}>
          Restore the organization
        </Button>
      </div>
    </Note>
  )
}

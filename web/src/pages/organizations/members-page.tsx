import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Member, membersQuery, removeMember, setMemberRole } from '../../api/members.ts'
import { type OrganizationRole, useMe } from '../../api/session.ts'
import { useOrganizationId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { InlineSelect } from '../../ui/inline-select.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { NotFoundPage } from '../not-found-page.tsx'
import { InvitationsTable } from './invitations-table.tsx'
import { InviteForm } from './invite-form.tsx'
import { isAdmin, organizationRoles } from './roles.ts'
import { useChange } from './use-change.ts'

/** Who works in the organization, and who is invited. */
export const Page = () => {
  const organizationId = useOrganizationId()
  const organization = useMe().organizations[String(organizationId)]
  if (!isAdmin(organization?.role)) return <NotFoundPage />
  const isOwner = organization?.role === 'owner'
  return (
    <Frame title="Members" intro="People who log in and work here. The people in your data are under Users.">
      <MembersTable organizationId={organizationId} isOwner={isOwner} />
      <InvitationsTable organizationId={organizationId} />
      <InviteForm organizationId={organizationId} mayMakeOwner={isOwner} />
      <AsCurl path={`/api/app/organizations/${organizationId}/members`} />
    </Frame>
  )
}

const MembersTable = ({ organizationId, isOwner }: { organizationId: number; isOwner: boolean }) => {
  const me = useMe()
  const members = useQuery(membersQuery(organizationId))
  const [leaving, setLeaving] = useState<Member | null>(null)
  const key = ['organizations', organizationId]
  const setRole = useChange(
    ({ id, role }: { id: number; role: OrganizationRole }) => setMemberRole(organizationId, id, role),
    { key, said: 'Role changed' },
  )
  const remove = useChange(({ id }: Member) => removeMember(organizationId, id), {
    key,
    said: 'Member removed',
    onDone: () => setLeaving(null),
  })
  /** Whoever is above stays as they are. */
  const isBelow = ({ role }: Member) => isOwner || role !== 'owner'
  return (
    <>
      <ErrorNote error={members.error} onRetry={() => members.refetch()} />
      <ErrorNote error={setRole.error} />
      {members.isPending ? <SkeletonRows what="Loading the members" /> : null}
      {members.data === undefined ? null : (
        <Table
          caption="Members"
          rows={members.data}
          keyOf={({ id }) => id}
          columns={[
            { name: 'E-mail', show: ({ id, email }) => (id === me.user_id ? `${email} (you)` : email) },
            {
              name: 'Role in the organization',
              show: (member) => (
                <InlineSelect
                  label={`Role of ${member.email}`}
                  value={member.role}
                  disabled={!isBelow(member) || setRole.isPending}
                  choices={organizationRoles.filter(
                    ({ value }) => value !== 'owner' || isOwner || member.role === value,
                  )}
                  onChange={(role) => setRole.mutate({ id: member.id, role: role as OrganizationRole })}
                />
              ),
            },
            { name: 'Projects', align: 'number', show: ({ projects }) => projects.length },
            { name: 'Teams', align: 'number', show: ({ teams }) => teams.length },
            {
              name: 'Do',
              show: (member) =>
                isBelow(member) ? (
                  <Button size="small" onClick={() => setLeaving(member)} aria-label={`Remove ${member.email}`}>
                    Remove
                  </Button>
                ) : null,
            },
          ]}
        />
      )}
      <ConfirmDialog
        title={`Remove ${leaving?.email ?? ''}`}
        consequence="They are out of the organization, its projects and its teams at once. What they made stays. This cannot be undone; they can be invited again."
        verb="Remove the member"
        isOpen={leaving !== null}
        isBusy={remove.isPending}
        error={remove.error}
        onConfirm={() => (leaving === null ? undefined : remove.mutate(leaving))}
        onClose={() => setLeaving(null)}
      />
    </>
  )
}

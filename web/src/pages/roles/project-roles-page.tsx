import '../organizations/organizations.css'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type CustomRole, copyRole, deleteRole, type Roles, rolesPath, rolesQuery } from '../../api/roles.ts'
import { useMe } from '../../api/session.ts'
import { useProjectId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { InlineSelect } from '../../ui/inline-select.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { count } from '../../words/numbers.ts'
import { NotFoundPage } from '../not-found-page.tsx'
import { useChange } from '../organizations/use-change.ts'
import { RoleEditor } from './role-editor.tsx'
import { RolesNav } from './roles-nav.tsx'

/** Roles of the project's own, made of single permissions. */
export const Page = () => {
  const projectId = useProjectId()
  const mine = useMe().projects[String(projectId)]
  const isIn = mine?.permissions.includes('project:admin') === true
  const roles = useQuery({ ...rolesQuery(projectId), enabled: isIn })
  const [edited, setEdited] = useState<CustomRole | 'new' | null>(null)
  if (!isIn) return <NotFoundPage />
  const isFull = (roles.data?.results.length ?? 0) >= (roles.data?.limit ?? 0)
  return (
    <Frame
      title="Custom roles"
      intro="What a role holds, its holders may do from the next request on, everywhere."
      actions={
        <Button kind="main" disabled={isFull || edited === 'new'} onClick={() => setEdited('new')}>
          Make a role
        </Button>
      }
    >
      <RolesNav projectId={projectId} />
      <ErrorNote error={roles.error} onRetry={() => roles.refetch()} />
      {roles.isPending ? <SkeletonRows what="Loading the roles" /> : null}
      {edited === null || roles.data === undefined ? null : (
        <RoleEditor
          key={edited === 'new' ? 'new' : edited.id}
          projectId={projectId}
          roles={roles.data}
          role={edited === 'new' ? null : edited}
          onClose={() => setEdited(null)}
        />
      )}
      {roles.data === undefined ? null : <RoleTable projectId={projectId} roles={roles.data} onEdit={setEdited} />}
      <AsCurl path={rolesPath(projectId)} />
    </Frame>
  )
}

const RoleTable = ({
  projectId,
  roles,
  onEdit,
}: {
  readonly projectId: number
  readonly roles: Roles
  readonly onEdit: (role: CustomRole) => void
}) => {
  const others = Object.values(useMe().projects).filter(
    ({ id, permissions }) => id !== projectId && permissions.includes('project:admin'),
  )
  const [ending, setEnding] = useState<CustomRole | null>(null)
  const key = ['projects', projectId]
  const copy = useChange(({ id, to }: { id: number; to: number }) => copyRole(projectId, id, to), {
    key: ['projects'],
    said: 'Role copied',
  })
  const end = useChange(({ id }: CustomRole) => deleteRole(projectId, id), {
    key,
    said: 'Role deleted',
    onDone: () => setEnding(null),
  })
  return (
    <>
      <ErrorNote error={copy.error} />
      <Table
        caption="Custom roles"
        rows={roles.results}
        keyOf={({ id }) => id}
        empty={
          <EmptyState title="No roles of your own yet">
            <p>
              Owner, admin, analyst and consumer are always there. Make one when nobody of them fits: up to{' '}
              {roles.limit} in a project.
            </p>
          </EmptyState>
        }
        columns={[
          { name: 'Name', show: ({ name }) => name },
          { name: 'Holds', show: ({ permissions }) => count(permissions.length, 'permission') },
          { name: 'Holders', align: 'number', show: ({ holder_count: holders }) => holders },
          {
            name: 'Do',
            show: (role) => (
              <span className="row">
                <Button size="small" onClick={() => onEdit(role)} aria-label={`Edit ${role.name}`}>
                  Edit
                </Button>
                {others.length === 0 ? null : (
                  <InlineSelect
                    label={`Copy ${role.name} to another project`}
                    value=""
                    choices={[
                      { value: '', label: 'Copy to…' },
                      ...others.map(({ id, name, region }) => ({ value: String(id), label: `${name} (${region})` })),
                    ]}
                    onChange={(to) => (to === '' ? undefined : copy.mutate({ id: role.id, to: Number(to) }))}
                  />
                )}
                <Button size="small" onClick={() => setEnding(role)} aria-label={`Delete ${role.name}`}>
                  Delete
                </Button>
              </span>
            ),
          },
        ]}
      />
      <ConfirmDialog
        title={`Delete ${ending?.name ?? ''}`}
        consequence={`${count(ending?.holder_count ?? 0, 'holder')} of it become consumers at once.`}
        verb="Delete the role"
        isOpen={ending !== null}
        isBusy={end.isPending}
        error={end.error}
        onConfirm={() => (ending === null ? undefined : end.mutate(ending))}
        onClose={() => setEnding(null)}
      />
    </>
  )
}

import { useState } from 'react'
import { type CustomRole, changeRole, createRole, type OfferedPermission, type Roles } from '../../api/roles.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Checkbox, Field } from '../../ui/field.tsx'
import { Form, Panel } from '../../ui/page.tsx'
import { useChange } from '../organizations/use-change.ts'

const titleOf = (category: string): string => category.charAt(0).toUpperCase() + category.slice(1)

/** Makes a role or changes one: its name, and what it holds by category. */
export const RoleEditor = ({
  projectId,
  roles,
  role,
  onClose,
}: {
  readonly projectId: number
  readonly roles: Roles
  readonly role: CustomRole | null
  readonly onClose: () => void
}) => {
  const [name, setName] = useState(role?.name ?? '')
  const [description, setDescription] = useState(role?.description ?? '')
  const [held, setHeld] = useState<ReadonlySet<string>>(new Set(role?.permissions))
  const save = useChange(
    () => {
      const wanted = { name, description, permissions: [...held] }
      return role === null ? createRole(projectId, wanted) : changeRole(projectId, role.id, wanted)
    },
    { key: ['projects', projectId], said: 'Role saved', onDone: onClose },
  )
  const toggle = (id: string, isOn: boolean) => {
    const next = new Set(held)
    if (isOn) next.add(id)
    else next.delete(id)
    setHeld(next)
  }
  const categories = Map.groupBy(roles.permissions, ({ category }) => category)
  const title = role === null ? 'Make a role' : `Edit ${role.name}`
  return (
    <Panel title={title}>
      <Form label={title} onSend={() => save.mutate(undefined)}>
        <Field
          label="Name"
          required
          maxLength={255}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Field
          label="Description"
          maxLength={1024}
          autoComplete="off"
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
        <p className="muted">Always: {roles.always.map((one) => one.title.toLowerCase()).join('; ')}.</p>
        {[...categories].map(([category, permissions]) => (
          <Category key={category} name={category} permissions={permissions} held={held} onToggle={toggle} />
        ))}
        <ErrorNote error={save.error} />
        <div className="row">
          <Button kind="main" type="submit" disabled={name.trim() === ''} isBusy={save.isPending}>
            {role === null ? 'Make the role' : 'Save the role'}
          </Button>
          <Button onClick={onClose}>Keep as it was</Button>
        </div>
      </Form>
    </Panel>
  )
}

const Category = ({
  name,
  permissions,
  held,
  onToggle,
}: {
  readonly name: string
  readonly permissions: readonly OfferedPermission[]
  readonly held: ReadonlySet<string>
  readonly onToggle: (id: string, isOn: boolean) => void
}) => (
  <fieldset className="permissions">
    <legend>{titleOf(name)}</legend>
    {permissions.map(({ id, title }) => (
      <Checkbox
        key={id}
        label={title}
        checked={held.has(id)}
        onChange={(event) => onToggle(id, event.target.checked)}
      />
    ))}
  </fieldset>
)

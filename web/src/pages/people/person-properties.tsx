import { useState } from 'react'
import type { Person } from '../../api/people.ts'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { shownValue } from '../../words/values.ts'
import { EditProperty } from './edit-property.tsx'

type Entry = readonly [name: string, value: unknown]

export interface PersonPropertiesProps {
  readonly projectId: number
  readonly person: Person
  readonly mayWrite: boolean
}

/** What the profile holds, and the way to change it. */
export const PersonProperties = ({ projectId, person, mayWrite }: PersonPropertiesProps) => {
  // Undefined: nothing is edited; null: a property is added.
  const [edited, setEdited] = useState<string | null | undefined>(undefined)
  const entries = Object.entries(person.properties).toSorted(([a], [b]) => a.localeCompare(b))
  const columns: readonly Column<Entry>[] = [
    { name: 'Property', show: ([name]) => <code>{name}</code> },
    { name: 'Value', show: ([, value]) => <span className="value">{shownValue(value)}</span> },
    ...(mayWrite
      ? [
          {
            name: 'Change',
            show: ([name]: Entry) => (
              <Button kind="quiet" size="small" aria-label={`Edit ${name}`} onClick={() => setEdited(name)}>
                Edit
              </Button>
            ),
          },
        ]
      : []),
  ]
  return (
    <div className="stack">
      {mayWrite ? (
        <div>
          <Button onClick={() => setEdited(null)}>Add a property</Button>
        </div>
      ) : null}
      <Table
        caption="Properties"
        columns={columns}
        rows={entries}
        keyOf={([name]) => name}
        empty={
          <EmptyState title="No properties">
            <p>A client or a member sets them; they then can be searched and shown as columns.</p>
          </EmptyState>
        }
      />
      {edited === undefined ? null : (
        <EditProperty
          key={edited ?? ''}
          projectId={projectId}
          person={person}
          name={edited}
          onClose={() => setEdited(undefined)}
        />
      )}
    </div>
  )
}

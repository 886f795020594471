import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { addGroupKey, type GroupKey, groupKeysQuery, removeGroupKey } from '../../api/project-settings.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { Panel } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { useSave } from './use-save.ts'

/** ING-24: properties that name a group, such as a company. */
export const GroupKeysPanel = ({ projectId }: { readonly projectId: number }) => {
  const keys = useQuery(groupKeysQuery(projectId))
  const [typed, setTyped] = useState('')
  const [removed, setRemoved] = useState<GroupKey | null>(null)
  const changed = [['projects', projectId, 'group-keys']]
  const add = useSave((key: string) => addGroupKey(projectId, key), changed, 'The group key is added')
  const remove = useSave((key: string) => removeGroupKey(projectId, key), changed, 'The group key is removed')
  return (
    <Panel title="Group keys">
      <p className="muted">
        Properties of events that name a group, such as a company. Groups have profiles of their own.
      </p>
      <ErrorNote error={keys.error} onRetry={() => keys.refetch()} />
      {keys.isPending ? <SkeletonRows rows={2} what="Loading the group keys" /> : null}
      {keys.data === undefined || keys.data.length === 0 ? null : (
        <Table
          caption="Group keys"
          columns={[
            { name: 'Key', show: ({ key }) => <code>{key}</code> },
            { name: 'data_group_id', show: ({ data_group_id: id }) => <code>{id}</code> },
            { name: 'Added', show: ({ created_at: at }) => <Time at={at} show="day" /> },
            {
              name: 'Remove',
              show: (key) => (
                <Button kind="quiet" size="small" aria-label={`Remove ${key.key}`} onClick={() => setRemoved(key)}>
                  Remove
                </Button>
              ),
            },
          ]}
          rows={keys.data}
          keyOf={({ key }) => key}
        />
      )}
      <form
        className="chips"
        aria-label="Add a group key"
        onSubmit={(sent) => {
          sent.preventDefault()
          add.mutate(typed, { onSuccess: () => setTyped('') })
        }}
      >
        <Field
          label="New group key"
          placeholder="company_id"
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit" disabled={typed === ''} isBusy={add.isPending}>
          Add the group key
        </Button>
      </form>
      <ErrorNote error={add.error} />
      <ConfirmDialog
        title={`Remove ${removed?.key ?? ''}`}
        consequence="Reports by this group stop. Profiles of its groups stay, and are there again when the key comes back."
        verb="Remove the group key"
        isOpen={removed !== null}
        isBusy={remove.isPending}
        error={remove.error}
        onClose={() => setRemoved(null)}
        onConfirm={() => remove.mutate(removed?.key ?? '', { onSuccess: () => setRemoved(null) })}
      />
    </Panel>
  )
}

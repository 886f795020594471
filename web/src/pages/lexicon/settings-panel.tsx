import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type LexiconSettings, lexiconKey, lexiconSettingsQuery, saveLexiconSettings } from '../../api/lexicon.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Checkbox, Select } from '../../ui/field.tsx'
import { Form } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { useSave } from '../settings/use-save.ts'

interface Props {
  readonly projectId: number
  readonly mayWrite: boolean
}

/** LEX-09…11: how the project governs its names. */
export const SettingsPanel = (props: Props) => {
  const stored = useQuery(lexiconSettingsQuery(props.projectId))
  if (stored.data === undefined) {
    return (
      <>
        <ErrorNote error={stored.error} onRetry={() => stored.refetch()} />
        {stored.isPending ? <SkeletonRows what="Loading the standards" rows={4} /> : null}
      </>
    )
  }
  return <Settings key={stored.data.version} {...props} {...stored.data} />
}

const conventions = ['snake_case', 'kebab-case', 'camelCase', 'PascalCase', 'Title Case', 'Sentence case']

const Settings = ({
  projectId,
  mayWrite,
  version,
  settings: before,
}: Props & { readonly version: number; readonly settings: LexiconSettings }) => {
  const [settings, setSettings] = useState(before)
  const save = useSave(() => saveLexiconSettings(projectId, { version, settings }), [lexiconKey(projectId)])
  const { standards, volume_monitoring: volumes } = settings
  const setStandards = (changed: Partial<LexiconSettings['standards']>) =>
    setSettings({ ...settings, standards: { ...standards, ...changed } })
  return (
    <Form label="Standards" onSend={() => save.mutate()}>
      <Checkbox
        label="New events wait for approval"
        hint="They are stored, and in no list until somebody says something about them."
        checked={settings.event_approval}
        disabled={!mayWrite}
        onChange={(event) => setSettings({ ...settings, event_approval: event.target.checked })}
      />
      <Select
        label="Names of events"
        hint="Of what people call them; of the name itself where they call it nothing else."
        value={standards.naming ?? ''}
        disabled={!mayWrite}
        onChange={(event) => setStandards({ naming: event.target.value === '' ? null : event.target.value })}
        choices={[{ value: '', label: 'As they like' }, ...conventions.map((name) => ({ value: name, label: name }))]}
      />
      <Checkbox
        label="Every event has a description"
        checked={standards.requires_description}
        disabled={!mayWrite}
        onChange={(event) => setStandards({ requires_description: event.target.checked })}
      />
      <Checkbox
        label="Every event has an owner"
        checked={standards.requires_owner}
        disabled={!mayWrite}
        onChange={(event) => setStandards({ requires_owner: event.target.checked })}
      />
      <Checkbox
        label="Tell when volumes are unusual"
        hint="Half of what is usual on that day of the week or less, or half as much again."
        checked={volumes.enabled}
        disabled={!mayWrite}
        onChange={(event) =>
          setSettings({ ...settings, volume_monitoring: { ...volumes, enabled: event.target.checked } })
        }
      />
      <ErrorNote error={save.error} />
      {mayWrite ? (
        <div>
          <Button type="submit" kind="main" isBusy={save.isPending}>
            Save the standards
          </Button>
        </div>
      ) : null}
    </Form>
  )
}

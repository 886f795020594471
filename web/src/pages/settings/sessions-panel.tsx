import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type SessionSettings,
  type StoredSessionSettings,
  sessionSettingsQuery,
  setSessionSettings,
} from '../../api/project-settings.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field, RadioGroup } from '../../ui/field.tsx'
import { Form, Panel } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { NameList } from './name-list.tsx'
import { useSave } from './use-save.ts'

/** RPT-07: what a session is; it holds for what was stored before as well. */
export const SessionsPanel = ({ projectId }: { readonly projectId: number }) => {
  const stored = useQuery(sessionSettingsQuery(projectId))
  return (
    <Panel title="Sessions">
      <p className="muted">How reports put events together to sessions. It holds for what was stored before as well.</p>
      <ErrorNote error={stored.error} onRetry={() => stored.refetch()} />
      {stored.isPending ? <SkeletonRows rows={3} what="Loading the sessions" /> : null}
      {stored.data === undefined ? null : (
        <SessionsForm key={stored.data.version} projectId={projectId} stored={stored.data} />
      )}
    </Panel>
  )
}

type Mode = SessionSettings['mode']

const SessionsForm = ({ projectId, stored }: { projectId: number; stored: StoredSessionSettings }) => {
  const { settings } = stored
  const [mode, setMode] = useState<Mode>(settings.mode)
  const [minutes, setMinutes] = useState(settings.mode === 'timeout' ? String(settings.timeout_minutes) : '30')
  const [start, setStart] = useState(settings.mode === 'events' ? settings.start_event : '')
  const [end, setEnd] = useState(settings.mode === 'events' ? settings.end_event : '')
  const [property, setProperty] = useState(settings.mode === 'property' ? settings.property : '')
  const [excluded, setExcluded] = useState(settings.excluded_events ?? [])
  const save = useSave(
    (changed: SessionSettings) => setSessionSettings(projectId, { version: stored.version, settings: changed }),
    [['projects', projectId, 'session-settings']],
  )
  const wanted = (): SessionSettings => {
    const { inherited_properties: inherited } = settings
    const beside = {
      ...(excluded.length === 0 ? {} : { excluded_events: excluded }),
      ...(inherited === undefined ? {} : { inherited_properties: inherited }),
    }
    if (mode === 'timeout') return { ...beside, mode, timeout_minutes: Number(minutes) }
    return mode === 'events' ? { ...beside, mode, start_event: start, end_event: end } : { ...beside, mode, property }
  }
  return (
    <Form label="Sessions" onSend={() => save.mutate(wanted())}>
      <RadioGroup
        label="A session ends"
        name="session-mode"
        value={mode}
        onChange={(value) => setMode(value as Mode)}
        choices={[
          { value: 'timeout', label: 'after some time without an event' },
          { value: 'events', label: 'with an event, and begins with one' },
          { value: 'property', label: 'when a property has another value' },
        ]}
      />
      {mode === 'timeout' ? (
        <Field
          label="Minutes without an event"
          type="number"
          min={1}
          max={1440}
          value={minutes}
          onChange={(event) => setMinutes(event.target.value)}
        />
      ) : null}
      {mode === 'events' ? (
        <>
          <Field label="First event" value={start} onChange={(event) => setStart(event.target.value)} />
          <Field label="Last event" value={end} onChange={(event) => setEnd(event.target.value)} />
        </>
      ) : null}
      {mode === 'property' ? (
        <Field label="Property" value={property} onChange={(event) => setProperty(event.target.value)} />
      ) : null}
      <NameList label="Events that are in no session" names={excluded} onChange={setExcluded} />
      <ErrorNote error={save.error} />
      <div>
        <Button kind="main" type="submit" isBusy={save.isPending}>
          Save the sessions
        </Button>
      </div>
    </Form>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Retention, retentionQuery, setRetention } from '../../api/project-settings.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { Form, Panel } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { count } from '../../words/numbers.ts'
import { useSave } from './use-save.ts'

/** PRIV-33: how long events are kept. */
export const RetentionPanel = ({ projectId }: { readonly projectId: number }) => {
  const retention = useQuery(retentionQuery(projectId))
  return (
    <Panel title="Retention">
      <p className="muted">Older events are hidden from the moment that you save, and then removed. Profiles stay.</p>
      <ErrorNote error={retention.error} onRetry={() => retention.refetch()} />
      {retention.isPending ? <SkeletonRows rows={3} what="Loading the retention" /> : null}
      {retention.data === undefined ? null : (
        <RetentionForm key={JSON.stringify(retention.data)} projectId={projectId} stored={retention.data} />
      )}
    </Panel>
  )
}

type Kind = 'default' | 'ever' | 'days'

const RetentionForm = ({ projectId, stored }: { readonly projectId: number; readonly stored: Retention }) => {
  const [kind, setKind] = useState<Kind>(stored.is_default ? 'default' : stored.days === null ? 'ever' : 'days')
  const [days, setDays] = useState(String(stored.days ?? 365))
  const [events, setEvents] = useState(stored.events)
  const [name, setName] = useState('')
  const save = useSave(
    (sent: Parameters<typeof setRetention>[1]) => setRetention(projectId, sent),
    [['projects', projectId]],
  )
  const send = () =>
    save.mutate({ events, ...(kind === 'default' ? {} : { days: kind === 'ever' ? null : Number(days) }) })
  return (
    <Form label="Retention" onSend={send}>
      <Select
        label="Keep events"
        value={kind}
        choices={[
          {
            value: 'default',
            label: stored.is_default
              ? `As the server says (${stored.days === null ? 'for ever' : count(stored.days, 'day')})`
              : 'As the server says',
          },
          { value: 'ever', label: 'For ever' },
          { value: 'days', label: 'For a number of days' },
        ]}
        onChange={(event) => setKind(event.target.value as Kind)}
      />
      {kind === 'days' ? (
        <Field label="Days" type="number" min={1} value={days} onChange={(event) => setDays(event.target.value)} />
      ) : null}
      {events.map(({ event, days: kept }, at) => (
        <div className="chips" key={event}>
          <Field
            label={`Days of ${event}`}
            hint="Empty: for ever"
            type="number"
            min={1}
            value={kept ?? ''}
            onChange={(changed) => {
              const next = changed.target.value === '' ? null : Number(changed.target.value)
              setEvents(events.map((one, place) => (place === at ? { event, days: next } : one)))
            }}
          />
          <Button
            aria-label={`No rule of its own for ${event}`}
            onClick={() => setEvents(events.filter((_, place) => place !== at))}
          >
            Remove
          </Button>
        </div>
      ))}
      <div className="chips">
        <Field
          label="An event with a rule of its own"
          placeholder="Name of an event"
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button
          disabled={name === '' || events.some(({ event }) => event === name)}
          onClick={() => {
            setEvents([...events, { event: name, days: 30 }])
            setName('')
          }}
        >
          Add
        </Button>
      </div>
      <ErrorNote error={save.error} />
      <div>
        <Button kind="main" type="submit" isBusy={save.isPending}>
          Save the retention
        </Button>
      </div>
    </Form>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Classified, classifiedQuery, setClassified } from '../../api/project-settings.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Form, Panel } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { NameList } from './name-list.tsx'
import { useSave } from './use-save.ts'

/** PRIV-36: properties that only those see who were granted it. */
export const ClassifiedPanel = ({ projectId }: { readonly projectId: number }) => {
  const stored = useQuery(classifiedQuery(projectId))
  return (
    <Panel title="Classified properties">
      <p className="muted">
        Nobody sees, filters or downloads them, owners included, without classified access: a custom role or a team
        grants it.
      </p>
      <ErrorNote error={stored.error} onRetry={() => stored.refetch()} />
      {stored.isPending ? <SkeletonRows rows={2} what="Loading the classified properties" /> : null}
      {stored.data === undefined ? null : (
        <ClassifiedForm key={JSON.stringify(stored.data)} projectId={projectId} stored={stored.data} />
      )}
    </Panel>
  )
}

const ClassifiedForm = ({ projectId, stored }: { readonly projectId: number; readonly stored: Classified }) => {
  const [event, setEvent] = useState(stored.event)
  const [profile, setProfile] = useState(stored.profile)
  const save = useSave((sent: Classified) => setClassified(projectId, sent), [['projects', projectId]])
  return (
    <Form label="Classified properties" onSend={() => save.mutate({ event, profile })}>
      <NameList label="Properties of events" names={event} onChange={setEvent} />
      <NameList label="Properties of profiles" names={profile} onChange={setProfile} />
      <ErrorNote error={save.error} />
      <div>
        <Button kind="main" type="submit" isBusy={save.isPending}>
          Save the classified properties
        </Button>
      </div>
    </Form>
  )
}

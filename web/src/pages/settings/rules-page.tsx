import '../events/events.css'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type DataRules, dataRulesQuery, setDataRules, suppressionQuery } from '../../api/project-settings.ts'
import type { MyProject } from '../../api/session.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Button } from '../../ui/button.tsx'
import { RawJson } from '../../ui/code-block.tsx'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Panel } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { count } from '../../words/numbers.ts'
import { ConsentFields } from './consent-fields.tsx'
import { DropFilterFields } from './drop-filter-fields.tsx'
import { NameList } from './name-list.tsx'
import { PropertyRuleFields } from './property-rule-fields.tsx'
import { SettingsFrame } from './settings-frame.tsx'
import { useSave } from './use-save.ts'

export const Page = () => <SettingsFrame page="settingsRules">{(mine) => <Rules mine={mine} />}</SettingsFrame>

/** Privacy §6: what is done to data before it is stored. */
const Rules = ({ mine }: { readonly mine: MyProject }) => {
  const rules = useQuery(dataRulesQuery(mine.id))
  return (
    <>
      <p className="muted">
        What is done at the door, before anything is stored. It holds for what comes from now on; what is stored stays
        as it is.
      </p>
      <ErrorNote error={rules.error} onRetry={() => rules.refetch()} />
      {rules.isPending ? <SkeletonRows what="Loading the rules" /> : null}
      {rules.data === undefined ? null : (
        <>
          <RulesForm key={rules.data.version} projectId={mine.id} stored={rules.data} />
          <Suppressed projectId={mine.id} />
          <details>
            <summary>Raw JSON</summary>
            <RawJson value={rules.data} />
          </details>
        </>
      )}
      <AsCurl path={`/api/app/projects/${mine.id}/data-rules`} />
    </>
  )
}

const RulesForm = ({ projectId, stored }: { readonly projectId: number; readonly stored: DataRules }) => {
  const [rules, setRules] = useState(stored)
  const save = useSave((sent: DataRules) => setDataRules(projectId, sent), [['projects', projectId, 'data-rules']])
  const isChanged = JSON.stringify(rules) !== JSON.stringify(stored)
  return (
    <form
      className="stack"
      aria-label="Privacy rules"
      onSubmit={(sent) => {
        sent.preventDefault()
        save.mutate(rules)
      }}
    >
      <Panel title="Properties">
        <p className="muted">
          Left out, replaced by a keyed hash that tells values apart without saying them, or cut after some characters.
        </p>
        <PropertyRuleFields rules={rules.properties} onChange={(properties) => setRules({ ...rules, properties })} />
      </Panel>
      <Panel title="Consent">
        <ConsentFields consent={rules.consent} onChange={(consent) => setRules({ ...rules, consent })} />
      </Panel>
      <Panel title="Blocked events">
        <p className="muted">Every event of these names is dropped.</p>
        <NameList
          label="Name of an event"
          names={rules.blocked_events}
          onChange={(blocked) => setRules({ ...rules, blocked_events: blocked })}
        />
      </Panel>
      <Panel title="Drop filters">
        <p className="muted">Events of a name are dropped when all their conditions hold. At most 15.</p>
        <DropFilterFields
          filters={rules.drop_filters}
          onChange={(filters) => setRules({ ...rules, drop_filters: filters })}
        />
      </Panel>
      <ErrorNote error={save.error} />
      <div className="row">
        <Button kind="main" type="submit" disabled={!isChanged} isBusy={save.isPending}>
          Save the rules
        </Button>
        {isChanged ? <Button onClick={() => setRules(stored)}>Undo the changes</Button> : null}
      </div>
    </form>
  )
}

/** PRIV-31. */
const Suppressed = ({ projectId }: { readonly projectId: number }) => {
  const suppression = useQuery(suppressionQuery(projectId))
  return (
    <Panel title="Suppression list">
      <p className="muted">
        Keyed hashes of ids that were erased and may not come back: what is sent about them is dropped and counted.
      </p>
      <ErrorNote error={suppression.error} onRetry={() => suppression.refetch()} />
      {suppression.data === undefined ? null : (
        <DefinitionList
          entries={[
            ['On the list', count(suppression.data.count, 'id')],
            [
              'Every erasure adds to it',
              suppression.data.suppress_erased ? 'yes' : 'only when the request asks for it',
            ],
          ]}
        />
      )}
    </Panel>
  )
}

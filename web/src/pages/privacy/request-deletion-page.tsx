import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { type ComplianceType, createPrivacyRequest, type DryRun, dryRun } from '../../api/privacy.ts'
import { useMe } from '../../api/session.ts'
import { pathTo } from '../../page-paths.ts'
import { useProjectId } from '../../shell/place.ts'
import { RegionBadge } from '../../ui/badge.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Checkbox, Field, RadioGroup } from '../../ui/field.tsx'
import { announce } from '../../ui/live-region.tsx'
import { Form, Page as Frame, Panel } from '../../ui/page.tsx'
import { type Step, Stepper } from '../../ui/stepper.tsx'
import { count, number } from '../../words/numbers.ts'
import { NotFoundPage } from '../not-found-page.tsx'
import { complianceChoices } from './compliance.ts'
import { DryRunResult } from './dry-run-result.tsx'
import { useIdsInput } from './handed-ids.ts'
import { IdsForm, idsOf, isUsable } from './ids-form.tsx'

const stepsAt = (at: 0 | 1): readonly Step[] =>
  ['Who', 'What is held', 'Confirm'].map((name, place) => ({
    name,
    state: place < at ? 'done' : place === at || (at === 1 && place === 2) ? 'now' : 'next',
  }))

/** PRIV-23: who, then the dry run, then the number of people typed. No surprise after it. */
export const Page = () => {
  const projectId = useProjectId()
  const project = useMe().projects[String(projectId)]
  const [input, setInput] = useIdsInput()
  const [compliance, setCompliance] = useState<ComplianceType>('GDPR')
  const [isSuppressed, setSuppressed] = useState(false)
  const read = idsOf(input)
  const look = useMutation({
    mutationFn: () => dryRun(projectId, read.ids),
    onSuccess: ({ people }) => announce(`Counted what is held of ${count(people, 'person', 'people')}.`),
  })
  const hasLooked = look.data !== undefined
  // The form was long, and what it found begins above.
  useEffect(() => {
    if (hasLooked) document.querySelector('h1')?.focus()
  }, [hasLooked])
  if (project === undefined) return <NotFoundPage />
  return (
    <Frame
      title="Request a deletion"
      status={<RegionBadge region={project.region} />}
      intro={`Erases people from ${project.name}, for good. Nothing happens before you have seen what would be erased.`}
    >
      <Stepper label="Steps" steps={stepsAt(look.data === undefined ? 0 : 1)} />
      {look.data === undefined ? (
        <Form label="Who is to be erased" onSend={() => look.mutate()}>
          <IdsForm input={input} setInput={setInput} />
          <RadioGroup
            label="Under which law"
            name="compliance"
            value={compliance}
            onChange={(value) => setCompliance(value === 'CCPA' ? 'CCPA' : 'GDPR')}
            choices={complianceChoices}
          />
          <Checkbox
            label="Refuse these people from now on"
            hint="Later events and profiles of their ids are not taken. Without it, somebody who comes back is a new person."
            checked={isSuppressed}
            onChange={(event) => setSuppressed(event.target.checked)}
          />
          <ErrorNote error={look.error} />
          <div className="row">
            <Button kind="main" type="submit" disabled={!isUsable(read)} isBusy={look.isPending}>
              {look.isPending ? 'Counting what is held' : 'See what is held'}
            </Button>
            <ButtonLink to={pathTo('projectPrivacy', { projectId })}>Back to the requests</ButtonLink>
          </div>
        </Form>
      ) : (
        <>
          <DryRunResult result={look.data} />
          <Confirm
            projectId={projectId}
            ids={read.ids}
            result={look.data}
            compliance={compliance}
            isSuppressed={isSuppressed}
            onBack={look.reset}
          />
        </>
      )}
    </Frame>
  )
}

interface ConfirmProps {
  readonly projectId: number
  readonly ids: readonly string[]
  readonly result: DryRun
  readonly compliance: ComplianceType
  readonly isSuppressed: boolean
  readonly onBack: () => void
}

const Confirm = ({ projectId, ids, result, compliance, isSuppressed, onBack }: ConfirmProps) => {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [typed, setTyped] = useState('')
  const people = count(result.people, 'person', 'people')
  const isRight = typed.trim() === String(result.people)
  const erase = useMutation({
    mutationFn: () =>
      createPrivacyRequest(projectId, {
        kind: 'deletion',
        distinct_ids: ids,
        compliance_type: compliance,
        suppress: isSuppressed,
      }),
    onSuccess: async ({ tracking_id: trackingId }) => {
      await client.invalidateQueries({ queryKey: ['projects', projectId, 'privacy'] })
      await navigate({ to: pathTo('privacyRequest', { projectId, trackingId }) })
    },
  })
  return (
    <Panel title={`Erase ${people}`} tone="danger">
      <p>
        After a grace, in which you can take it back, every row of{' '}
        {result.people === 1 ? 'this person' : 'these people'} leaves this server, and a signed receipt says so. It
        cannot be undone.
        {isSuppressed ? ' What comes in of them later is refused.' : ''}
      </p>
      <Form label="Confirm" onSend={() => (isRight ? erase.mutate() : undefined)}>
        <Field
          label={`Type the number of people, ${number(result.people)}, to confirm`}
          inputMode="numeric"
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <ErrorNote error={erase.error} />
        <div className="row">
          <Button onClick={onBack}>Change who</Button>
          <Button kind="danger" type="submit" disabled={!isRight} isBusy={erase.isPending}>
            Erase {people}
          </Button>
        </div>
      </Form>
    </Panel>
  )
}

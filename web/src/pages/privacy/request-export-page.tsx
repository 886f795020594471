import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { type ComplianceType, createPrivacyRequest, type DisclosureType } from '../../api/privacy.ts'
import { useMe } from '../../api/session.ts'
import { pathTo } from '../../page-paths.ts'
import { useProjectId } from '../../shell/place.ts'
import { RegionBadge } from '../../ui/badge.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { RadioGroup } from '../../ui/field.tsx'
import { Form, Page as Frame } from '../../ui/page.tsx'
import { count } from '../../words/numbers.ts'
import { NotFoundPage } from '../not-found-page.tsx'
import { complianceChoices } from './compliance.ts'
import { useIdsInput } from './handed-ids.ts'
import { IdsForm, idsOf, isUsable } from './ids-form.tsx'

/** What an archive holds, said before it is made. */
const contents: readonly { readonly value: DisclosureType; readonly label: string; readonly hint: string }[] = [
  { value: 'DATA', label: 'Their data', hint: 'Events of the last 365 days, and their profiles.' },
  { value: 'CATEGORIES', label: 'Categories', hint: 'Names of events and properties, without values.' },
  { value: 'SOURCES', label: 'Sources', hint: 'How the data was collected: libraries, campaigns, referrers.' },
]

/** PRIV-23: asks for the data of people. */
export const Page = () => {
  const projectId = useProjectId()
  const project = useMe().projects[String(projectId)]
  const client = useQueryClient()
  const navigate = useNavigate()
  const [input, setInput] = useIdsInput()
  const [compliance, setCompliance] = useState<ComplianceType>('GDPR')
  const [disclosure, setDisclosure] = useState<DisclosureType>('DATA')
  const read = idsOf(input)
  const create = useMutation({
    mutationFn: () =>
      createPrivacyRequest(projectId, {
        kind: 'retrieval',
        distinct_ids: read.ids,
        compliance_type: compliance,
        disclosure_type: disclosure,
      }),
    onSuccess: async ({ tracking_id: trackingId }) => {
      await client.invalidateQueries({ queryKey: ['projects', projectId, 'privacy'] })
      await navigate({ to: pathTo('privacyRequest', { projectId, trackingId }) })
    },
  })
  if (project === undefined) return <NotFoundPage />
  return (
    <Frame
      title="Request an export"
      status={<RegionBadge region={project.region} />}
      intro={`The data of people in ${project.name}, as an archive that you hand on to them.`}
    >
      <Form label="Request an export" onSend={() => create.mutate()}>
        <IdsForm input={input} setInput={setInput} />
        <RadioGroup
          label="Under which law"
          name="compliance"
          value={compliance}
          onChange={(value) => setCompliance(value === 'CCPA' ? 'CCPA' : 'GDPR')}
          choices={complianceChoices}
        />
        {compliance === 'GDPR' ? (
          <p>The archive will hold every event and the profile of each of them, all ids of the person included.</p>
        ) : (
          <RadioGroup
            label="What they asked for"
            name="disclosure"
            value={disclosure}
            onChange={(value) => setDisclosure(contents.find((one) => one.value === value)?.value ?? 'DATA')}
            choices={contents}
          />
        )}
        <ErrorNote error={create.error} />
        <div className="row">
          <Button kind="main" type="submit" disabled={!isUsable(read)} isBusy={create.isPending}>
            {read.ids.length === 0 ? 'Export' : `Export the data of ${count(read.ids.length, 'id')}`}
          </Button>
          <ButtonLink to={pathTo('projectPrivacy', { projectId })}>Back to the requests</ButtonLink>
        </div>
      </Form>
    </Frame>
  )
}

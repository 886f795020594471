import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { cancelPrivacyRequest, hasEnded, type PrivacyRequestDetail, requestQuery } from '../../api/privacy.ts'
import { ApiError } from '../../api/request.ts'
import { pathTo } from '../../page-paths.ts'
import { usePathParam, useProjectId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Badge, RegionBadge } from '../../ui/badge.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { RawJson } from '../../ui/code-block.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { announce } from '../../ui/live-region.tsx'
import { Note } from '../../ui/note.tsx'
import { Page as Frame, Panel } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Stepper } from '../../ui/stepper.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Time } from '../../ui/time.tsx'
import { count } from '../../words/numbers.ts'
import { kindWords, stateTones, waitingSentence, whyNotCancelable } from '../../words/privacy.ts'
import { Deadline } from './deadline.tsx'
import { EvidencePanel, ReceiptPanel } from './evidence.tsx'
import { IdList } from './ids-form.tsx'
import { stepsOf } from './request-steps.ts'
import { RetrievalPanels } from './retrieval.tsx'

/** One request: its states with their times, its clock, its counts, and its end. */
export const Page = () => {
  const projectId = useProjectId()
  const trackingId = usePathParam('trackingId')
  const found = useQuery(requestQuery(projectId, trackingId))
  const isAbsent = found.error instanceof ApiError && found.error.status === 404
  const isUnknown = found.error instanceof ApiError && (found.error.status === 0 || found.error.status >= 500)
  const status = found.data?.status
  useEffect(() => {
    if (status !== undefined) announce(`The request is ${status}`)
  }, [status])
  if (found.data !== undefined) return <Shown request={found.data} />
  return (
    <Frame title="Privacy request">
      {isAbsent ? (
        <EmptyState
          title="NOT_FOUND: there is no such request in this project"
          action={<ButtonLink to={pathTo('projectPrivacy', { projectId })}>See the requests</ButtonLink>}
        >
          <p>It may be of another project, or its address was mistyped.</p>
        </EmptyState>
      ) : (
        <ErrorNote error={found.error} onRetry={() => found.refetch()} />
      )}
      {isUnknown ? (
        <Note title="UNKNOWN: how far the request is cannot be told right now">
          <span>The request itself goes on.</span>
        </Note>
      ) : null}
      {found.isPending ? <SkeletonRows what="Loading the request" /> : null}
    </Frame>
  )
}

const Shown = ({ request }: { readonly request: PrivacyRequestDetail }) => {
  const { tab = 'overview' }: { readonly tab?: string } = useSearch({ strict: false })
  const navigate = useNavigate()
  const { project_id: projectId, tracking_id: trackingId } = request
  return (
    <Frame
      title={`${kindWords[request.kind]} of ${count(request.distinct_id_count, 'id')}`}
      status={
        <>
          <Badge tone={stateTones[request.status]}>{request.status}</Badge>
          <RegionBadge region={request.region} />
        </>
      }
      actions={<ButtonLink to={pathTo('projectPrivacy', { projectId })}>All requests</ButtonLink>}
    >
      <Stepper
        label="States"
        steps={stepsOf(request).map(({ name, code, at, state }) => ({
          name,
          state,
          note: (
            <>
              {code}
              {at === null ? null : (
                <>
                  {' '}
                  <Time at={at} />
                </>
              )}
            </>
          ),
        }))}
      />
      <Tabs
        label="Views"
        value={tab === 'json' ? 'json' : 'overview'}
        onChange={(next) => {
          const search = next === 'json' ? { tab: next } : {}
          navigate({ to: pathTo('privacyRequest', { projectId, trackingId }), search, replace: true }).catch(
            () => undefined,
          )
        }}
        tabs={[
          { value: 'overview', label: 'Overview', panel: <Overview request={request} /> },
          {
            value: 'json',
            label: 'Raw JSON',
            panel: (
              <div className="stack">
                <RawJson value={request} />
                <AsCurl
                  credential="privacy token"
                  path={`/api/app/data-${request.kind}s/v3.0/${trackingId}?token=<project token>`}
                />
              </div>
            ),
          },
        ]}
      />
    </Frame>
  )
}

const Overview = ({ request }: { readonly request: PrivacyRequestDetail }) => (
  <div className="stack">
    <Now request={request} />
    <Panel title="Request">
      <DefinitionList
        entries={[
          ['Legal deadline', <Deadline key="deadline" request={request} />],
          ['Under', request.compliance_type],
          ['Asked by', request.requesting_user],
          ['Asked', <Time key="asked" at={request.requested_at} />],
          ...(request.verified_at === null
            ? []
            : [['Looked for in vain', <Time key="verified" at={request.verified_at} />] as const]),
          ...(request.kind === 'retrieval'
            ? []
            : [['Later data of these ids', request.suppress ? 'refused' : 'taken, as of a new person'] as const]),
          ['Tracking id', <code key="id">{request.tracking_id}</code>],
        ]}
      />
      <Ids request={request} />
    </Panel>
    {request.kind === 'retrieval' ? <RetrievalPanels request={request} /> : null}
    {request.evidence === null ? null : <EvidencePanel evidence={request.evidence} />}
    {request.receipt === null ? null : <ReceiptPanel request={request} receipt={request.receipt} />}
  </div>
)

const Ids = ({ request: { distinct_ids: ids, kind, status } }: { readonly request: PrivacyRequestDetail }) => {
  if (ids.length > 0) {
    return (
      <details>
        <summary>{count(ids.length, 'id')}</summary>
        <IdList ids={ids} />
      </details>
    )
  }
  return kind === 'deletion' && status === 'SUCCESS' ? (
    <p className="muted">The list of ids was erased with the people.</p>
  ) : null
}

/** What it waits for and why, and whether it can be taken back. */
const Now = ({ request }: { readonly request: PrivacyRequestDetail }) => {
  const { project_id: projectId, tracking_id: trackingId, kind } = request
  const client = useQueryClient()
  const [isAsking, setAsking] = useState(false)
  const cancel = useMutation({
    mutationFn: () => cancelPrivacyRequest(projectId, trackingId),
    onSuccess: (now) => {
      setAsking(false)
      client.setQueryData(requestQuery(projectId, trackingId).queryKey, now)
      client.invalidateQueries({ queryKey: ['projects', projectId, 'privacy'] }).catch(() => undefined)
    },
  })
  const verb = kind === 'deletion' ? 'Take the deletion back' : 'Take the export back'
  return (
    <>
      {request.status === 'FAILURE' ? (
        <Note tone="danger" title="It could not be completed">
          <span>{request.failure ?? 'No reason was written down.'}. A new request is safe.</span>
        </Note>
      ) : null}
      {hasEnded(request) ? null : (
        <Note title={waitingSentence(request)}>
          {request.attempts === 0 ? null : <span>{count(request.attempts, 'attempt')} did not end well so far.</span>}
          {request.is_cancelable ? (
            <div>
              <Button onClick={() => setAsking(true)}>{verb}</Button>
            </div>
          ) : (
            <span>{whyNotCancelable(request)}</span>
          )}
        </Note>
      )}
      <ConfirmDialog
        title={verb}
        consequence="Nothing was touched yet, and nothing will be. To do it after all, a new request is needed."
        verb={verb}
        isOpen={isAsking}
        isBusy={cancel.isPending}
        error={cancel.error}
        onConfirm={() => cancel.mutate()}
        onClose={() => setAsking(false)}
      />
    </>
  )
}

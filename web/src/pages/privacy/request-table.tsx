import { Link } from '@tanstack/react-router'
import type { PrivacyRequest } from '../../api/privacy.ts'
import { pathTo } from '../../page-paths.ts'
import { Badge } from '../../ui/badge.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { number } from '../../words/numbers.ts'
import { kindWords, stateTones, waitingSentence } from '../../words/privacy.ts'
import { Deadline } from './deadline.tsx'

const columns: readonly Column<PrivacyRequest>[] = [
  {
    name: 'Request',
    show: ({ project_id: projectId, tracking_id: trackingId, kind, compliance_type: type }) => (
      <Link to={pathTo('privacyRequest', { projectId, trackingId })}>
        {kindWords[kind]}, {type}
        <span className="for-screen-readers"> {trackingId}</span>
      </Link>
    ),
  },
  {
    name: 'State',
    show: (request) => (
      <span title={waitingSentence(request)}>
        <Badge tone={stateTones[request.status]}>{request.status}</Badge>
      </span>
    ),
  },
  { name: 'Ids', align: 'number', show: ({ distinct_id_count: ids }) => number(ids) },
  { name: 'Asked', show: ({ requested_at: at }) => <Time at={at} show="age" /> },
  { name: 'Deadline', show: (request) => <Deadline request={request} /> },
  { name: 'By', show: ({ requesting_user: by }) => by },
]

/** Requests, newest first. `projectName`: shown where they are of several projects. */
export const RequestTable = ({
  requests,
  projectName,
}: {
  readonly requests: readonly PrivacyRequest[]
  readonly projectName?: (projectId: number) => string
}) => (
  <Table
    caption="Privacy requests"
    rows={requests}
    keyOf={({ tracking_id: id }) => id}
    columns={
      projectName === undefined
        ? columns
        : [
            ...columns.slice(0, 1),
            { name: 'Project', show: ({ project_id: id }) => projectName(id) },
            ...columns.slice(1),
          ]
    }
  />
)

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { get, type Query, sendJson, withQuery } from './request.ts'

export interface AuditRecord {
  readonly id: string
  readonly event_type: string
  readonly display_name: string
  readonly occurred_at: string
  readonly actor: { readonly type: string; readonly id: string | null; readonly name: string | null }
  readonly project_id: number | null
  readonly target: { readonly type: string; readonly id: string; readonly name?: string } | null
  readonly changes: Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>> | null
  readonly request_id: string | null
}

export interface AuditAsked {
  readonly type?: string | undefined
  readonly actor?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly project?: string | undefined
}

interface AuditPage {
  readonly results: readonly AuditRecord[]
  readonly next_before: string | null
}

/** Whose log it is. */
export interface AuditOwner {
  readonly kind: 'organizations' | 'projects'
  readonly id: number
}

const path = ({ kind, id }: AuditOwner): string => `/api/app/${kind}/${id}/audit-log`

const queryOf = ({ type, actor, from, to, project }: AuditAsked): Query => ({
  event_type: type,
  actor,
  from_date: from,
  to_date: to,
  project_id: project,
})

/** Path and query of what the page asks, to be shown and to be downloaded. */
export const auditPath = (owner: AuditOwner, asked: AuditAsked, format?: 'csv' | 'ndjson'): string =>
  withQuery(path(owner), { ...queryOf(asked), format })

export const auditQuery = (owner: AuditOwner, asked: AuditAsked) =>
  infiniteQueryOptions({
    queryKey: [owner.kind, owner.id, 'audit', queryOf(asked)],
    queryFn: ({ pageParam, signal }) =>
      sendJson<AuditPage>('GET', path(owner), {
        query: { ...queryOf(asked), before: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_before: next }) => next,
  })

export const auditTypesQuery = queryOptions({
  queryKey: ['audit-event-types'],
  queryFn: ({ signal }) =>
    get<readonly { readonly event_type: string; readonly display_name: string }[]>('/api/app/audit-event-types', {
      signal,
    }),
  staleTime: Number.POSITIVE_INFINITY,
})

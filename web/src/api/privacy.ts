import { queryOptions } from '@tanstack/react-query'
import { get, post, remove } from './request.ts'

export type RequestKind = 'retrieval' | 'deletion'
export type RequestState = 'PENDING' | 'STAGING' | 'STARTED' | 'SUCCESS' | 'FAILURE' | 'REVOKED'
export type ComplianceType = 'GDPR' | 'CCPA'
export type DisclosureType = 'DATA' | 'CATEGORIES' | 'SOURCES'
export type WaitingFor = 'grace' | 'worker' | 'retry' | 'erasing' | 'collecting' | 'ending'

/** One privacy request, as a list shows it. */
export interface PrivacyRequest {
  readonly tracking_id: string
  readonly kind: RequestKind
  readonly status: RequestState
  readonly project_id: number
  readonly region: string
  readonly compliance_type: ComplianceType
  readonly disclosure_type: DisclosureType
  readonly requesting_user: string
  readonly distinct_id_count: number
  readonly suppress: boolean
  readonly requested_at: string
  readonly deadline: string
  readonly due_at: string
  readonly started_at: string | null
  readonly verified_at: string | null
  readonly finished_at: string | null
  readonly waiting: { readonly for: WaitingFor; readonly until: string | null } | null
  readonly is_cancelable: boolean
  readonly attempts: number
  readonly failure: string | null
}

export interface Evidence {
  readonly ids_requested: number
  readonly ids_in_clusters: number
  readonly ids_unknown: number
  readonly holders: readonly {
    readonly holder: string
    readonly rows_before: number
    readonly partitions_before: readonly string[]
    readonly rows_after: number | null
  }[]
  readonly retired_parts_removed: number | null
  readonly attempts: number
  readonly durations_ms: Readonly<Record<string, number>>
}

export interface Progress {
  readonly ids_in_clusters: number
  readonly holders: readonly {
    readonly holder: string
    readonly rows_held: number | null
    readonly rows_written: number
  }[]
}

export interface PrivacyRequestDetail extends PrivacyRequest {
  readonly distinct_ids: readonly string[]
  readonly evidence: Evidence | null
  readonly receipt: string | null
  readonly progress: Progress | null
  readonly archive: { readonly link: string; readonly link_days: number; readonly kept_until: string | null } | null
  readonly downloads: readonly { readonly at: string; readonly by: string | null }[]
}

export interface DryRun {
  readonly ids_requested: number
  readonly ids_in_clusters: number
  readonly people: number
  readonly people_unknown: number
  readonly unknown_ids: readonly string[]
  readonly together: readonly (readonly string[])[]
  readonly holders: readonly {
    readonly holder: string
    readonly rows: number
    readonly partitions: readonly string[]
    readonly first: string | null
    readonly last: string | null
  }[]
}

export interface NewRequest {
  readonly kind: RequestKind
  readonly distinct_ids: readonly string[]
  readonly compliance_type: ComplianceType
  readonly disclosure_type?: DisclosureType
  readonly suppress?: boolean
}

export const hasEnded = ({ status }: PrivacyRequest): boolean =>
  status === 'SUCCESS' || status === 'FAILURE' || status === 'REVOKED'

const root = (projectId: number): string => `/api/app/projects/${projectId}/privacy`
const requestsPath = (projectId: number): string => `${root(projectId)}/requests`
const requestPath = (projectId: number, trackingId: string): string =>
  `${requestsPath(projectId)}/${encodeURIComponent(trackingId)}`
/** Of a retrieval; the audit log will say who took it. */
export const archivePath = (projectId: number, trackingId: string): string =>
  `${requestPath(projectId, trackingId)}/archive.zip`

// What is being worked on changes by the second; what has ended does not.
const workingMs = 2_000
const idleMs = 15_000
const intervalOf = (requests: readonly PrivacyRequest[] | undefined): number =>
  requests?.every(hasEnded) === false ? workingMs : idleMs

export const requestsQuery = (projectId: number) =>
  queryOptions({
    queryKey: ['projects', projectId, 'privacy', 'requests'],
    queryFn: ({ signal }) => get<readonly PrivacyRequest[]>(requestsPath(projectId), { signal, query: { limit: 100 } }),
    refetchInterval: ({ state }) => intervalOf(state.data),
  })

export const organizationRequestsQuery = (organizationId: number) =>
  queryOptions({
    queryKey: ['organizations', organizationId, 'privacy', 'requests'],
    queryFn: ({ signal }) =>
      get<readonly PrivacyRequest[]>(`/api/app/organizations/${organizationId}/privacy/requests`, {
        signal,
        query: { limit: 100 },
      }),
    refetchInterval: ({ state }) => intervalOf(state.data),
  })

export const requestQuery = (projectId: number, trackingId: string) =>
  queryOptions({
    queryKey: ['projects', projectId, 'privacy', 'requests', trackingId],
    queryFn: ({ signal }) => get<PrivacyRequestDetail>(requestPath(projectId, trackingId), { signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && hasEnded(state.data) ? false : workingMs),
  })

export const createPrivacyRequest = (projectId: number, request: NewRequest): Promise<PrivacyRequest> =>
  post(requestsPath(projectId), request)

/** Throws ApiError 405 when it is too late. */
export const cancelPrivacyRequest = (projectId: number, trackingId: string): Promise<PrivacyRequestDetail> =>
  remove(requestPath(projectId, trackingId))

/** Counts what an erasure would find; changes nothing. */
export const dryRun = (projectId: number, distinctIds: readonly string[]): Promise<DryRun> =>
  post(`${root(projectId)}/dry-run`, { distinct_ids: distinctIds })

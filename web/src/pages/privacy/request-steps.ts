import type { PrivacyRequest, RequestState } from '../../api/privacy.ts'

export interface RequestStep {
  readonly name: string
  /** The state of the API that it is. */
  readonly code: RequestState
  /** When it came there; null: not yet, or nobody wrote it down. */
  readonly at: string | null
  readonly state: 'done' | 'now' | 'next' | 'bad'
}

const order: readonly RequestState[] = ['PENDING', 'STAGING', 'STARTED', 'SUCCESS']

const names = {
  deletion: { PENDING: 'Asked', STAGING: 'Counted', STARTED: 'Hidden, being erased', SUCCESS: 'Erased and looked for' },
  retrieval: { PENDING: 'Asked', STAGING: 'Ids looked up', STARTED: 'Being collected', SUCCESS: 'Ready' },
} as const

/**
 * The states as a line. An end that is not SUCCESS comes where it happened: after the steps that were reached, in place of
 * those that never will be.
 */
export const stepsOf = (request: PrivacyRequest): readonly RequestStep[] => {
  const { kind, status, requested_at, started_at, finished_at } = request
  const times: Partial<Record<RequestState, string | null>> = {
    PENDING: requested_at,
    STARTED: started_at,
    SUCCESS: status === 'SUCCESS' ? finished_at : null,
  }
  const stepOf = (code: 'PENDING' | 'STAGING' | 'STARTED' | 'SUCCESS', state: RequestStep['state']): RequestStep => ({
    name: names[kind][code],
    code,
    at: times[code] ?? null,
    state,
  })
  const codes = ['PENDING', 'STAGING', 'STARTED', 'SUCCESS'] as const
  if (status === 'FAILURE' || status === 'REVOKED') {
    const reached = codes.slice(0, started_at === null ? 1 : 3).map((code) => stepOf(code, 'done'))
    const name = status === 'FAILURE' ? 'Failed' : 'Taken back'
    return [...reached, { name, code: status, at: finished_at, state: 'bad' }]
  }
  const at = order.indexOf(status)
  const stateAt = (place: number): RequestStep['state'] =>
    place < at || status === 'SUCCESS' ? 'done' : place === at ? 'now' : 'next'
  return codes.map((code, place) => stepOf(code, stateAt(place)))
}

import type { PrivacyTask } from './domain/task.ts'

export type CreateShape = 'list' | 'task_id'

/** The element of privacy §1.3, shape (A) (PRIV-12). */
const taskElement = (task: PrivacyTask, destinationUrl: string | null) => ({
  status: task.state,
  disclosure_type: task.disclosureType,
  date_requested: task.dateRequested,
  tracking_id: task.trackingId,
  task_id: task.trackingId,
  project_id: task.projectId,
  compliance_type: task.complianceType,
  destination_url: destinationUrl,
  requesting_user: task.requestingUser,
  distinct_id_count: task.distinctIdCount,
})

/** 201: PRIV-12 `list` or PRIV-13 `task_id`, as LETHE_GDPR_CREATE_SHAPE says. */
export const createdBody = (task: PrivacyTask, shape: CreateShape): object =>
  shape === 'list'
    ? { status: 'ok', results: [taskElement(task, null)] }
    : { status: 'ok', results: { task_id: task.trackingId } }

/** R2 of privacy §1.4: both names of the link that clients read. `link` is `` until there is one. */
export const retrievalStatusBody = (task: PrivacyTask, distinctIds: readonly string[], link: string): object => ({
  status: 'ok',
  results: {
    status: task.state,
    result: link,
    results: link,
    distinct_ids: distinctIds,
    tracking_id: task.trackingId,
    compliance_type: task.complianceType.toUpperCase(),
    disclosure_type: task.disclosureType,
    project_id: task.projectId,
    requesting_user: task.requestingUser,
    date_requested: task.dateRequested,
    destination_url: link === '' ? null : link,
    distinct_id_count: task.distinctIdCount,
  },
})

/** D2 of privacy §1.4. After SUCCESS no list of the ids exists any more: `distinct_ids` is empty (ADR 0007). */
export const deletionStatusBody = (task: PrivacyTask, distinctIds: readonly string[]): object => ({
  status: 'ok',
  results: {
    tracking_id: task.trackingId,
    status: task.state,
    requesting_user: task.requestingUser,
    compliance_type: task.complianceType.toUpperCase(),
    project_id: task.projectId,
    date_requested: task.dateRequested,
    distinct_ids: distinctIds,
    result: '',
  },
})

/** No such task here, or none of this project and kind: one answer for all, so that it tells nothing. */
export const absentBody = (status: 'NOT_FOUND' | 'UNKNOWN'): object => ({
  status: 'ok',
  results: { status, result: '', distinct_ids: [] },
})

/** Our own: what a deletion did, in numbers, and the signed receipt once it succeeded. */
export const evidenceBody = (task: PrivacyTask): object => ({
  status: 'ok',
  results: {
    tracking_id: task.trackingId,
    kind: task.kind,
    status: task.state,
    project_id: task.projectId,
    region: task.region,
    compliance_type: task.complianceType.toUpperCase(),
    date_requested: task.dateRequested,
    failure: task.failure,
    evidence: task.evidence,
    receipt: task.receipt,
  },
})

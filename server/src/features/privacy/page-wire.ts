import { deadlineOf } from './domain/deadline.ts'
import { isCancelable } from './domain/task-state.ts'
import { waitingOf } from './domain/waiting.ts'
import type { TimedTask } from './store/postgres-task-list.ts'

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

/** One request in a list (privacy §1.11). */
export const requestSummary = ({ task, times }: TimedTask, nowMs: number) => {
  const waiting = waitingOf(task, times, nowMs)
  return {
    tracking_id: task.trackingId,
    kind: task.kind,
    status: task.state,
    project_id: task.projectId,
    region: task.region,
    compliance_type: task.complianceType.toUpperCase(),
    disclosure_type: task.disclosureType,
    requesting_user: task.requestingUser,
    distinct_id_count: task.distinctIdCount,
    suppress: task.suppress,
    date_requested: task.dateRequested,
    requested_at: iso(task.requestedAtMs),
    deadline: iso(deadlineOf(task.requestedAtMs, task.complianceType)),
    due_at: iso(times.dueAtMs),
    started_at: iso(times.startedAtMs),
    verified_at: iso(times.verifiedAtMs),
    finished_at: iso(times.finishedAtMs),
    waiting: waiting === null ? null : { for: waiting.for, until: iso(waiting.untilMs) },
    is_cancelable: isCancelable(task.state),
    attempts: task.attemptCount,
    failure: task.failure,
  }
}

/** A download of an archive: a member's, or null for whoever had the signed link. */
export interface Download {
  readonly at: string
  readonly by: string | null
}

export interface RequestDetail {
  readonly distinctIds: readonly string[]
  /** Signed; empty: there is none. */
  readonly link: string
  readonly linkDays: number
  readonly downloads: readonly Download[]
}

/** One request with what it did. */
export const requestDetail = (timed: TimedTask, nowMs: number, detail: RequestDetail) => ({
  ...requestSummary(timed, nowMs),
  distinct_ids: detail.distinctIds,
  evidence: timed.task.evidence,
  receipt: timed.task.receipt,
  progress: timed.task.progress,
  archive:
    detail.link === ''
      ? null
      : { link: detail.link, link_days: detail.linkDays, kept_until: iso(timed.times.archiveExpiresAtMs) },
  downloads: detail.downloads,
})

import type { PrivacyTask } from './task.ts'

/** When a task came where it is; null: not yet, or never. */
export interface TaskTimes {
  /** End of the grace. */
  readonly dueAtMs: number
  readonly startedAtMs: number | null
  /** When the independent look found nothing. */
  readonly verifiedAtMs: number | null
  readonly finishedAtMs: number | null
  /** Not tried again before. */
  readonly notBeforeMs: number | null
  readonly archiveExpiresAtMs: number | null
}

/**
 * What an unfinished task waits for. `grace`: it can be taken back until then. `worker`: others are worked on.
 * `retry`: the last attempt did not end well. `erasing`, `collecting`: it is being done. `ending`: all is done but to say so.
 */
export interface Waiting {
  readonly for: 'grace' | 'worker' | 'retry' | 'erasing' | 'collecting' | 'ending'
  /** Milliseconds since 1970; null: cannot be told. */
  readonly untilMs: number | null
}

/** Null: the task has ended. */
export const waitingOf = (
  task: Pick<PrivacyTask, 'kind' | 'state' | 'attemptCount'>,
  times: TaskTimes,
  nowMs: number,
): Waiting | null => {
  switch (task.state) {
    case 'SUCCESS':
    case 'FAILURE':
    case 'REVOKED':
      return null
    case 'PENDING':
    case 'STAGING': {
      if (times.dueAtMs > nowMs) return { for: 'grace', untilMs: times.dueAtMs }
      if (times.notBeforeMs !== null && times.notBeforeMs > nowMs) return { for: 'retry', untilMs: times.notBeforeMs }
      return { for: task.attemptCount > 0 ? 'retry' : 'worker', untilMs: null }
    }
    case 'STARTED': {
      if (times.verifiedAtMs !== null) return { for: 'ending', untilMs: null }
      if (task.attemptCount > 0) return { for: 'retry', untilMs: null }
      return { for: task.kind === 'deletion' ? 'erasing' : 'collecting', untilMs: null }
    }
  }
}

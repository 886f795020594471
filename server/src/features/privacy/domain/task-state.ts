/** States of a retrieval or deletion (privacy §1.5, PRIV-08). NOT_FOUND and UNKNOWN are answers, never stored. */
export type TaskState = 'PENDING' | 'STAGING' | 'STARTED' | 'SUCCESS' | 'FAILURE' | 'REVOKED'
export type TaskTrigger = 'stage' | 'start' | 'finish' | 'fail' | 'revoke'

const final = { stage: null, start: null, finish: null, fail: null, revoke: null }

/** Null: that trigger does not apply in that state. A missing case does not compile (invariant 8). */
export const nextState: Readonly<Record<TaskState, Readonly<Record<TaskTrigger, TaskState | null>>>> = {
  PENDING: { stage: 'STAGING', start: null, finish: null, fail: null, revoke: 'REVOKED' },
  STAGING: { stage: null, start: 'STARTED', finish: null, fail: 'FAILURE', revoke: 'REVOKED' },
  STARTED: { stage: null, start: null, finish: 'SUCCESS', fail: 'FAILURE', revoke: null },
  SUCCESS: final,
  FAILURE: final,
  REVOKED: final,
}

/** States from which `trigger` leads to its target; the store moves a task only from these. */
export const statesBefore = (trigger: TaskTrigger): readonly TaskState[] =>
  (Object.keys(nextState) as TaskState[]).filter((state) => nextState[state][trigger] !== null)

/** PRIV-09: cancelable only until the first row may be gone, so never from STARTED on. */
export const isCancelable = (state: TaskState): boolean => nextState[state].revoke !== null

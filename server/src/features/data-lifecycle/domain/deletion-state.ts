/** States of a deletion of events by a rule (privacy §5). From PENDING on its events are hidden; only PENDING can be undone. */
export type DeletionState = 'PENDING' | 'STARTED' | 'SUCCESS' | 'FAILURE' | 'REVOKED'
export type DeletionTrigger = 'start' | 'finish' | 'fail' | 'revoke'

const final = { start: null, finish: null, fail: null, revoke: null }

/** Null: that trigger does not apply in that state. */
export const nextDeletionState: Readonly<
  Record<DeletionState, Readonly<Record<DeletionTrigger, DeletionState | null>>>
> = {
  PENDING: { start: 'STARTED', finish: null, fail: null, revoke: 'REVOKED' },
  STARTED: { start: null, finish: 'SUCCESS', fail: 'FAILURE', revoke: null },
  SUCCESS: final,
  FAILURE: final,
  REVOKED: final,
}

/** States from which `trigger` leads to its target; the store moves a deletion only from these. */
export const deletionStatesBefore = (trigger: DeletionTrigger): readonly DeletionState[] =>
  (Object.keys(nextDeletionState) as DeletionState[]).filter((state) => nextDeletionState[state][trigger] !== null)

/** While a deletion is in one of these, its rule hides; in the others the rule is to go. FAILURE goes on hiding. */
export const hidingStates: readonly DeletionState[] = ['PENDING', 'STARTED', 'FAILURE']

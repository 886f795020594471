import { describe, expect, it } from 'vitest'
import { type DeletionState, deletionStatesBefore, hidingStates, nextDeletionState } from './deletion-state.ts'

const states = Object.keys(nextDeletionState) as DeletionState[]

describe('the states of a deletion by rule', () => {
  it('can be undone only until the first row may be gone', () => {
    expect(deletionStatesBefore('revoke')).toEqual(['PENDING'])
    expect(deletionStatesBefore('start')).toEqual(['PENDING'])
    expect([...deletionStatesBefore('finish'), ...deletionStatesBefore('fail')]).toEqual(['STARTED', 'STARTED'])
  })

  it('never lead from an end to anything else', () => {
    for (const end of ['SUCCESS', 'FAILURE', 'REVOKED'] as const) {
      expect(Object.values(nextDeletionState[end]).filter((next) => next !== null)).toEqual([])
    }
  })

  it('hide all along, and end hiding only where the rows are gone or wanted back', () => {
    expect(states.filter((state) => !hidingStates.includes(state))).toEqual(['SUCCESS', 'REVOKED'])
  })
})

import { describe, expect, it } from 'vitest'
import { isCancelable, nextState, statesBefore, type TaskState } from './task-state.ts'

const states: readonly TaskState[] = ['PENDING', 'STAGING', 'STARTED', 'SUCCESS', 'FAILURE', 'REVOKED']

describe('the life of a request', () => {
  it('goes the documented way and no other', () => {
    const ways = states.flatMap((from) =>
      Object.entries(nextState[from]).flatMap(([by, to]) => (to === null ? [] : [`${from} ${by} ${to}`])),
    )
    expect(ways).toEqual([
      'PENDING stage STAGING',
      'PENDING revoke REVOKED',
      'STAGING start STARTED',
      'STAGING fail FAILURE',
      'STAGING revoke REVOKED',
      'STARTED finish SUCCESS',
      'STARTED fail FAILURE',
    ])
  })

  it('can be canceled only while no row may be gone', () => {
    expect(states.filter(isCancelable)).toEqual(['PENDING', 'STAGING'])
    expect(statesBefore('revoke')).toEqual(['PENDING', 'STAGING'])
  })

  it('says SUCCESS only of what has started', () => {
    expect(statesBefore('finish')).toEqual(['STARTED'])
  })
})

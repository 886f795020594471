import { describe, expect, it } from 'vitest'
import { sharingEvents } from './sharing-events.ts'

const typesOf = (...sent: Parameters<typeof sharingEvents>) => sharingEvents(...sent).map(({ type }) => type)
const view = (members: readonly number[], teams: readonly number[] = []) => ({ members, teams })

describe('what a definition gives others', () => {
  it('is a cohort that is shared, or no longer', () => {
    expect(typesOf('cohort', null, { visibility: 'shared' })).toEqual(['cohort.shared'])
    expect(typesOf('cohort', { visibility: 'shared' }, { visibility: 'private' })).toEqual(['cohort.unshared'])
    // Of before there was a choice.
    expect(typesOf('cohort', {}, { visibility: 'private' })).toEqual(['cohort.unshared'])
    expect(typesOf('cohort', null, { visibility: 'private' })).toEqual([])
    expect(typesOf('cohort', { visibility: 'shared' }, { visibility: 'shared' })).toEqual([])
  })

  it('is a data view with other people and teams', () => {
    expect(sharingEvents('data-view', view([1, 2]), view([2, 3], [9]))).toEqual([
      { type: 'workspace.user_added', changes: { user: { before: null, after: 3 } } },
      { type: 'workspace.user_removed', changes: { user: { before: 1, after: null } } },
      { type: 'workspace.team_added', changes: { team: { before: null, after: 9 } } },
    ])
    // Of before there were teams.
    expect(typesOf('data-view', { members: [] }, view([], [9]))).toEqual(['workspace.team_added'])
    expect(typesOf('data-view', view([], [9]), view([]))).toEqual(['workspace.team_removed'])
  })

  it('is nothing for anything else', () => {
    expect(typesOf('bookmark', null, { visibility: 'shared', members: [1] })).toEqual([])
  })
})

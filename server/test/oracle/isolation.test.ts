import { describe, expect, it } from 'vitest'
import { createEventContext, eventSource } from '../../src/features/query/compile/event-source.ts'
import { createBinder } from '../../src/features/query/compile/sql-context.ts'
import { type ReadView, rawReadView } from '../../src/features/query/read-view.ts'
import { type ProjectScope, projectScope } from '../../src/kernel/scope.ts'

// DESIGN §8: no plan without scope, hidden set, identity and deduplication. The first two are tests for the compiler: a
// line that it should refuse, and does not, fails the check of types. Rounds of questions try it over HTTP: projects of two
// regions have people of the same ids.

const classified = { event: [], profile: [] }
const view = rawReadView({ scope: projectScope(7, 'US'), project: { timezone: 'UTC' }, nowMs: 0 }, classified)

describe('a source of rows', () => {
  it('is made of a view, and a view of a scope, by those who make them only', () => {
    // @ts-expect-error: an object that looks like a scope is none
    const scope: ProjectScope = { projectId: 7, regionId: 'US' }
    // @ts-expect-error: nor is one that looks like a view a view
    const looksLike: ReadView = { ...view, scope, identity: 'none' } as Omit<ReadView, symbol>
    expect(looksLike.scope).toEqual({ projectId: 7, regionId: 'US' })
    expect(() => Object.assign(view, { scope })).toThrow(TypeError)
  })

  it('has the project, the hidden and who is who in its text, whatever is asked', () => {
    const binder = createBinder(view)
    const sql = eventSource(view, binder, createEventContext(view, binder), { range: null, events: null })
    expect(binder.params['projectId']).toBe(7)
    expect(sql).toContain('e.project_id = {projectId:UInt64}')
    expect(sql).toContain('e.ingested_at > r.hidden_until')
    expect(sql).toContain('identity_link')
  })
})

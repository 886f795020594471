import { describe, expect, it } from 'vitest'
import { parseAuditFilter } from './audit-filter.ts'

describe('audit filter', () => {
  it('is everything, a hundred at a time, unless narrowed', () => {
    expect(parseAuditFilter({})).toEqual({
      fromMs: null,
      untilMs: null,
      eventTypes: null,
      actor: null,
      projectId: null,
      limit: 100,
      beforeId: null,
      format: 'json',
    })
  })

  it('includes the last day', () => {
    const filter = parseAuditFilter({ from_date: '2026-01-31', to_date: '2026-01-31', event_type: 'a.b, c.d' })
    expect(filter).toMatchObject({
      fromMs: Date.UTC(2026, 0, 31),
      untilMs: Date.UTC(2026, 1, 1),
      eventTypes: ['a.b', 'c.d'],
    })
  })

  it('is all there is, for an export', () => {
    expect(parseAuditFilter({ format: 'csv' }).limit).toBeNull()
    expect(parseAuditFilter({ format: 'ndjson', limit: '7', project_id: '1001' })).toMatchObject({
      limit: 7,
      projectId: 1001,
    })
  })

  it.each([
    { project_id: 'x' },
    { from_date: '2026-02-30' },
    { to_date: 'yesterday' },
    { from_date: '2026-02-02', to_date: '2026-02-01' },
    { limit: '0' },
    { limit: '10001' },
    { before: 'x' },
    { format: 'xml' },
  ])('refuses %j', (query) => {
    expect(() => parseAuditFilter(query as Record<string, string>)).toThrow(expect.objectContaining({ status: 400 }))
  })
})

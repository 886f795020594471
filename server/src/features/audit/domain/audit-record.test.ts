import { describe, expect, it } from 'vitest'
import { type AuditRecord, auditCsvHeader, auditCsvLine, csvCell } from './audit-record.ts'

const record: AuditRecord = {
  id: '7',
  event_type: 'project.created',
  display_name: 'Project Created',
  scope: 'project',
  occurred_at: '2026-01-31T00:00:00.000Z',
  actor: { type: 'user', id: '1', name: '=HYPERLINK("x")' },
  organization_id: 1,
  project_id: null,
  target: { type: 'project', id: '1001', name: 'Shop, "EU"' },
  changes: null,
  request_id: null,
}

describe('audit log as CSV', () => {
  it('flattens a record under a header line', () => {
    const [header, line, end] = `${auditCsvHeader}${auditCsvLine(record)}`.split('\r\n')
    expect(header).toBe(
      'id,event_type,display_name,scope,occurred_at,actor.type,actor.id,actor.name,organization_id,project_id,target.type,target.id,target.name,changes,request_id',
    )
    expect(line).toBe(
      `7,project.created,Project Created,project,2026-01-31T00:00:00.000Z,user,1,"'=HYPERLINK(""x"")",1,,project,1001,"Shop, ""EU""",,`,
    )
    expect(end).toBe('')
  })

  it.each(['=1+1', '+1', '-1', '@x', '\tx'])('keeps %j from being a formula', (text) => {
    expect(csvCell(text)).toBe(`'${text}`)
  })

  it('leaves other text alone', () => {
    expect(csvCell('a=b')).toBe('a=b')
    expect(csvCell(0)).toBe('0')
    expect(csvCell(null)).toBe('')
  })
})

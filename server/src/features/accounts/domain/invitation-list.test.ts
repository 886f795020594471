import { describe, expect, it } from 'vitest'
import { readInvitationList } from './invitation-list.ts'

const read = (text: string) => readInvitationList(Buffer.from(text))

describe('a list of invitations', () => {
  it('needs e-mails only', () => {
    expect(read('\uFEFFEmail\r\nAda@acme.test\r\n\r\nbo@acme.test')).toEqual([
      { email: 'ada@acme.test', role: 'member', projects: [] },
      { email: 'bo@acme.test', role: 'member', projects: [] },
    ])
  })

  it('takes roles, and several projects by several lines', () => {
    const text = 'email,role,project_id,project_role\na@x.test,,1,analyst\na@x.test,,2,\nb@x.test,admin,,\n'
    expect(read(text)).toEqual([
      {
        email: 'a@x.test',
        role: 'member',
        projects: [
          { id: 1, role: 'analyst' },
          { id: 2, role: 'consumer' },
        ],
      },
      { email: 'b@x.test', role: 'admin', projects: [] },
    ])
  })

  it.each([
    ['', /line 1/],
    ['name\nada', /line 1/],
    ['email,extra\na@x.test,1', /line 1/],
    ['email\n', /nobody/],
    ['email\na@x.test\nSECRET', /line 3: expected an e-mail/],
    ['email,role\na@x.test,king', /line 2: role/],
    ['email,project_id\na@x.test,-1', /line 2: project_id/],
    ['email,project_id,project_role\na@x.test,1,king', /line 2: project_role/],
    ['email,role\na@x.test,admin\nA@x.test,member', /line 3: another role/],
    ['email\na"b@x.test', /line 2/],
    [`email\n${'a@x.test\n'.repeat(1_001)}`, /at most 1000 lines/],
  ])('refuses %j, without repeating it', (text, message) => {
    expect(() => read(text)).toThrow(message)
    expect(() => read(text)).not.toThrow(/SECRET|king/)
  })
})

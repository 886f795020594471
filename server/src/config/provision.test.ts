import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { checkProvision } from './provision.ts'

const { regions, installedRegionIds } = readConfig({}, { regions: null, roles: null })
const check = (content: unknown) => checkProvision(content, regions, installedRegionIds)
const key = (digit: string): string => digit.repeat(32)
const project = { id: 1001, name: 'Shop', region: 'US', token: key('a'), secret: key('b') }
const owner = { email: 'owner@acme.test', password: 'correct horse battery', role: 'owner' }
const acme = { id: 1, name: 'Acme', users: [owner], projects: [project] }

describe('provisioning file', () => {
  it('fills in what may be left out', () => {
    const { provision, faults } = check({ organizations: [acme] })
    expect(faults).toEqual([])
    expect(provision?.organizations[0]?.projects[0]).toMatchObject({
      timezone: 'UTC',
      identity: 'simplified',
      suppress_erased: false,
    })
  })

  it('takes a group key as a text or with the name it is shown by', () => {
    const keys = ['company', { key: 'team', display_name: 'Team' }]
    const { provision, faults } = check({ organizations: [{ ...acme, projects: [{ ...project, group_keys: keys }] }] })
    expect(faults).toEqual([])
    expect(provision?.organizations[0]?.projects[0]?.group_keys).toEqual([
      { key: 'company' },
      { key: 'team', display_name: 'Team' },
    ])
    const bad = ['distinct_id', { key: 'a', colour: 'red' }, 7, { display_name: 'Nameless' }]
    expect(check({ organizations: [{ ...acme, projects: [{ ...project, group_keys: bad }] }] }).faults).toEqual([
      'organizations[0].projects[0].group_keys[0].key: names people, not groups',
      'organizations[0].projects[0].group_keys[1]: Unrecognized key: "colour"',
      expect.stringContaining('organizations[0].projects[0].group_keys[2]: '),
      'organizations[0].projects[0].group_keys[3].key: expected a text',
    ])
    const twice = { ...project, group_keys: ['team', { key: 'team' }] }
    expect(check({ organizations: [{ ...acme, projects: [twice] }] }).faults).toEqual([
      'group key "team" of project 1001 is listed twice',
    ])
  })

  it('takes lookup tables by id and name', () => {
    const id = '55b4fb2b-e8de-466c-930f-8b36640b9b5e'
    const faultsOf = (...lookup_tables: readonly object[]) =>
      check({ organizations: [{ ...acme, projects: [{ ...project, lookup_tables }] }] }).faults
    expect(faultsOf({ id, name: 'Accounts' })).toEqual([])
    expect(faultsOf({ id: 'tbl-1', name: '' }, { name: 'a' })).toEqual([
      'organizations[0].projects[0].lookup_tables[0].id: expected a UUID',
      'organizations[0].projects[0].lookup_tables[0].name: must not be empty',
      'organizations[0].projects[0].lookup_tables[1].id: expected a UUID',
    ])
    expect(faultsOf({ id, name: 'Accounts' }, { id: id.toUpperCase(), name: 'Accounts' })).toEqual([
      `lookup table id ${id} is used twice`,
      'lookup table "Accounts" of project 1001 is listed twice',
    ])
  })

  it('tells every fault of form at once, and no secret', () => {
    const { provision, faults } = check({
      organizations: [
        {
          ...acme,
          users: [{ email: 'nobody', password: 'short', role: 'king' }],
          projects: [{ ...project, id: 0, token: 'hunter2hunter2', timezone: 'Mars/Base', colour: 'red' }],
        },
      ],
    })
    expect(provision).toBeNull()
    expect(faults).toEqual([
      'organizations[0].users[0].email: expected an e-mail address',
      'organizations[0].users[0].password: weak: at least 8 characters',
      'organizations[0].users[0].role: expected one of owner, admin, billing_admin, member (or analyst, consumer)',
      'organizations[0].projects[0].id: expected a whole number from 1 on',
      'organizations[0].projects[0].timezone: expected an IANA time zone, such as Europe/Berlin',
      'organizations[0].projects[0].token: expected 32 letters and digits (openssl rand -hex 16)',
      'organizations[0].projects[0]: Unrecognized key: "colour"',
    ])
  })

  it('refuses what only the whole can tell', () => {
    const { faults } = check({
      organizations: [
        {
          ...acme,
          projects: [project, { ...project, id: 1002, region: 'IN' }, { ...project, secret: key('c'), cluster: 'x' }],
          service_accounts: [
            { username: 'ci', secret: 'long enough', projects: [{ id: 9, role: 'admin' }] },
            { username: 'ci', secret: 'long enough' },
          ],
          gdpr_tokens: [{ user: 'ghost@acme.test', token: key('d') }],
        },
        { ...acme, users: [{ ...owner, password: 'another password' }], projects: [] },
      ],
    })
    expect(faults).toEqual([
      'organization id 1 is used twice',
      'project id 1001 is used twice',
      'the token of project 1002 is also the token or secret of another project, or used twice',
      'the secret of project 1002 is also the token or secret of another project, or used twice',
      'the token of project 1001 is also the token or secret of another project, or used twice',
      'user owner@acme.test in organization 1 is listed twice',
      'user owner@acme.test has two different passwords',
      'service account ci is listed twice',
      'organizations[0].projects[1].region: "IN" is not in LETHE_REGIONS (US, EU)',
      'organizations[0].projects[2].cluster: region US has mixpanel-prod-1',
      'organizations[0].service_accounts[0]: project 9 is not in this organization',
      'organizations[0].gdpr_tokens[0].user: "ghost@acme.test" is no user of this organization',
    ])
  })
})

import { describe, expect, it } from 'vitest'
import type { Permission, Principal, Role } from '../../../kernel/principal.ts'
import { mayUse, rolesOf, strongerRole } from './permissions.ts'

const account = (role: Role): Principal => ({
  kind: 'service-account',
  id: 1,
  username: 'ci',
  organizationId: 1,
  projectRoles: new Map([[7, role]]),
})
const permissions = Object.keys(rolesOf) as Permission[]
const held = (principal: Principal, projectId = 7) =>
  permissions.filter((permission) => mayUse(principal, permission, { id: projectId }))

describe('permissions', () => {
  it.each([
    ['owner', permissions],
    ['admin', permissions.filter((permission) => permission !== 'project:own')],
    ['analyst', ['events:export', 'query:read', 'lookup-tables:upload', 'project:read', 'reports:write']],
    ['consumer', ['query:read', 'lookup-tables:upload', 'project:read']],
  ] as const)('of a project %s', (role, expected) => {
    expect(held(account(role))).toEqual(expected)
  })

  it('of the keys of a project', () => {
    const ofSecret = ['events:import', 'events:export', 'query:read', 'lookup-tables:upload', 'reports:write']
    expect(held({ kind: 'project-secret', projectId: 7 })).toEqual(ofSecret)
    expect(held({ kind: 'project-token', projectId: 7 })).toEqual(['events:import'])
  })

  it('never reach another project', () => {
    expect(held(account('owner'), 8)).toEqual([])
    expect(held({ kind: 'project-secret', projectId: 7 }, 8)).toEqual([])
    expect(held({ kind: 'project-token', projectId: 7 }, 8)).toEqual([])
  })

  it('add up to the strongest role', () => {
    expect(strongerRole('consumer', 'admin')).toBe('admin')
    expect(strongerRole('owner', 'analyst')).toBe('owner')
    expect(strongerRole(undefined, 'consumer')).toBe('consumer')
  })
})

import { describe, expect, it } from 'vitest'
import type { Permission, Principal, Role } from '../../../kernel/principal.ts'
import { allPermissions, assignablePermissions, basePermissions, mayUse, strongerRole } from './permissions.ts'

const account = (role: Role): Principal => ({
  kind: 'service-account',
  id: 1,
  username: 'ci',
  organizationId: 1,
  projectRoles: new Map([[7, role]]),
  customRoles: new Map(),
})
const permissions = allPermissions
const nobodys: readonly Permission[] = ['classified:access']
const owners: readonly Permission[] = ['project:own', 'lexicon:govern']
const held = (principal: Principal, projectId = 7) =>
  permissions.filter((permission) => mayUse(principal, permission, { id: projectId }))

describe('permissions', () => {
  it.each([
    ['owner', permissions.filter((permission) => !nobodys.includes(permission))],
    ['admin', permissions.filter((permission) => ![...owners, ...nobodys].includes(permission))],
    [
      'analyst',
      [
        'project:read',
        'query:read',
        'reports:write',
        'definitions:write',
        'lookup-tables:upload',
        'lexicon:export',
        'events:export',
        'jql:run',
        'people:read',
        'profiles:export',
      ],
    ],
    ['consumer', ['project:read', 'query:read', 'lookup-tables:upload', 'people:read']],
  ] as const)('of a project %s', (role, expected) => {
    expect(held(account(role))).toEqual(expected)
  })

  it('of the keys of a project', () => {
    const ofSecret = [
      'query:read',
      'reports:write',
      'lookup-tables:upload',
      'events:export',
      'jql:run',
      'profiles:export',
      'events:import',
      'pipelines:manage',
    ]
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

  it('of custom roles are those of the role, beside a built-in one', () => {
    const names: readonly Permission[] = ['project:read', 'events:delete', 'classified:access']
    const customRoles = new Map([[7, { names: ['Data'], permissions: new Set(names) }]])
    const alone: Principal = { ...account('consumer'), projectRoles: new Map(), customRoles } as Principal
    expect(held(alone).toSorted()).toEqual(names.toSorted())
    expect(held(alone, 8)).toEqual([])
    const both = { ...account('analyst'), customRoles } as Principal
    expect(held(both)).toEqual(expect.arrayContaining(['events:delete', 'classified:access', 'reports:write']))
  })

  it('that make others, or end a project, are of no custom role', () => {
    const never: readonly Permission[] = ['privacy:request', 'project:admin', 'project:own']
    expect([...assignablePermissions, ...basePermissions, ...never].toSorted()).toEqual(permissions.toSorted())
    expect(basePermissions).toEqual(['project:read', 'query:read'])
  })
})

import { queryOptions } from '@tanstack/react-query'
import { patch, post, remove, sendJson } from './request.ts'

export interface CustomRole {
  readonly id: number
  readonly name: string
  readonly description: string
  readonly permissions: readonly string[]
  readonly created: string
  readonly updated: string
  readonly holder_count: number
}

export interface OfferedPermission {
  readonly id: string
  readonly category: string
  readonly title: string
}

export interface Roles {
  readonly results: readonly CustomRole[]
  readonly limit: number
  /** Part of every role. */
  readonly always: readonly { readonly id: string; readonly title: string }[]
  readonly permissions: readonly OfferedPermission[]
}

export interface WantedCustomRole {
  readonly name: string
  readonly description: string
  readonly permissions: readonly string[]
}

export const rolesPath = (projectId: number): string => `/api/app/projects/${projectId}/roles`

export const rolesQuery = (projectId: number) =>
  queryOptions({
    queryKey: ['projects', projectId, 'roles'],
    queryFn: ({ signal }) => sendJson<Roles>('GET', rolesPath(projectId), { signal }),
  })

export const createRole = (projectId: number, role: WantedCustomRole): Promise<CustomRole> =>
  post(rolesPath(projectId), role)
export const changeRole = (projectId: number, id: number, role: WantedCustomRole): Promise<CustomRole> =>
  patch(`${rolesPath(projectId)}/${id}`, role)
export const deleteRole = (projectId: number, id: number): Promise<unknown> => remove(`${rolesPath(projectId)}/${id}`)
export const copyRole = (projectId: number, id: number, to: number): Promise<CustomRole> =>
  post(`${rolesPath(projectId)}/${id}/copy`, { project_id: to })

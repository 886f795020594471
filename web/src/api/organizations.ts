import { queryOptions } from '@tanstack/react-query'
import { get, patch, post, remove } from './request.ts'

export interface ListedProject {
  readonly id: number
  readonly name: string
  readonly organization_id: number
  readonly region: string
  readonly cluster: string
  readonly timezone: string
  readonly identity: 'simplified' | 'original' | 'legacy'
  readonly created: string
}

export interface NewProject {
  readonly name: string
  readonly region: string
  readonly timezone: string
}

/** `token` and `secret` are shown this once. */
export type MadeProject = Omit<ListedProject, 'created'> & { readonly token: string; readonly secret: string }

const path = (organizationId: number): string => `/api/app/organizations/${organizationId}`

export interface Organization {
  readonly id: number
  readonly name: string
  readonly created: string
  /** Deleted: when it is closed. */
  readonly closes: string | null
}

export const organizationQuery = (organizationId: number) =>
  queryOptions({
    queryKey: ['organizations', organizationId, 'itself'],
    queryFn: ({ signal }) => get<Organization>(path(organizationId), { signal }),
  })
export const renameOrganization = (organizationId: number, name: string): Promise<Organization> =>
  patch(path(organizationId), { name })
export const deleteOrganization = (organizationId: number): Promise<unknown> => remove(path(organizationId))
export const restoreOrganization = (organizationId: number): Promise<unknown> =>
  post(`${path(organizationId)}/restore`, {})

export const projectsQuery = (organizationId: number) =>
  queryOptions({
    queryKey: ['organizations', organizationId, 'projects'],
    queryFn: ({ signal }) => get<readonly ListedProject[]>(`${path(organizationId)}/projects`, { signal }),
  })

export const createProject = (organizationId: number, project: NewProject): Promise<MadeProject> =>
  post(`${path(organizationId)}/projects`, project)

import { queryOptions } from '@tanstack/react-query'
import { get } from './request.ts'

export interface Project {
  readonly id: number
  readonly name: string
  readonly organization_id: number
  readonly region: string
  readonly cluster: string
  readonly timezone: string
  /** Raw exports are by the clock of the project, not by UTC. */
  readonly project_time: boolean
  readonly identity: 'simplified' | 'original' | 'legacy'
  readonly suppress_erased: boolean
}

export const projectQuery = (projectId: number) =>
  queryOptions({
    queryKey: ['projects', projectId],
    queryFn: ({ signal }) => get<Project>(`/api/app/projects/${projectId}`, { signal }),
  })

/** The token that clients send; for owners and admins. */
export const accessKeysQuery = (projectId: number) =>
  queryOptions({
    queryKey: ['projects', projectId, 'access-keys'],
    queryFn: ({ signal }) => get<{ readonly token: string }>(`/api/app/projects/${projectId}/access-keys`, { signal }),
  })

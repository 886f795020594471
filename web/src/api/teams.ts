import { queryOptions } from '@tanstack/react-query'
import type { BuiltInRole, Grant } from './members.ts'
import { get, patch, post, put, remove } from './request.ts'

export interface Team {
  readonly id: number
  readonly name: string
  readonly created: string
  readonly classified_access: boolean
  readonly members: readonly number[]
  readonly service_accounts: readonly number[]
  readonly projects: readonly Grant[]
}

export const teamsPath = (organizationId: number): string => `/api/app/organizations/${organizationId}/teams`

export const teamsQuery = (organizationId: number) =>
  queryOptions({
    queryKey: ['organizations', organizationId, 'teams'],
    queryFn: ({ signal }) => get<readonly Team[]>(teamsPath(organizationId), { signal }),
  })

export const createTeam = (organizationId: number, name: string): Promise<Team> =>
  post(teamsPath(organizationId), { name })
export const changeTeam = (
  organizationId: number,
  id: number,
  changes: { readonly name?: string; readonly classified_access?: boolean },
): Promise<Team> => patch(`${teamsPath(organizationId)}/${id}`, changes)
export const deleteTeam = (organizationId: number, id: number): Promise<unknown> =>
  remove(`${teamsPath(organizationId)}/${id}`)

/** Who or what belongs to a team. */
export type TeamPart = 'members' | 'service-accounts' | 'projects'

export const addToTeam = (
  organizationId: number,
  teamId: number,
  part: TeamPart,
  id: number,
  role?: BuiltInRole,
): Promise<Team> => put(`${teamsPath(organizationId)}/${teamId}/${part}/${id}`, role === undefined ? {} : { role })
export const takeFromTeam = (organizationId: number, teamId: number, part: TeamPart, id: number): Promise<Team> =>
  remove(`${teamsPath(organizationId)}/${teamId}/${part}/${id}`)

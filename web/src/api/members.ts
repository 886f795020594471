import { queryOptions } from '@tanstack/react-query'
import { get, patch, post, put, remove, sendJson } from './request.ts'
import type { OrganizationRole } from './session.ts'

export type BuiltInRole = 'owner' | 'admin' | 'analyst' | 'consumer'

export interface Grant {
  /** Of the project. */
  readonly id: number
  readonly role: BuiltInRole
  readonly custom_role_id?: number
}

export interface Member {
  readonly id: number
  readonly email: string
  readonly role: OrganizationRole
  readonly projects: readonly Grant[]
  readonly teams: readonly number[]
}

const path = (organizationId: number): string => `/api/app/organizations/${organizationId}`

export const membersQuery = (organizationId: number) =>
  queryOptions({
    queryKey: ['organizations', organizationId, 'members'],
    queryFn: ({ signal }) => get<readonly Member[]>(`${path(organizationId)}/members`, { signal }),
  })

export const setMemberRole = (organizationId: number, memberId: number, role: OrganizationRole): Promise<unknown> =>
  patch(`${path(organizationId)}/members/${memberId}`, { role })

export const removeMember = (organizationId: number, memberId: number): Promise<unknown> =>
  remove(`${path(organizationId)}/members/${memberId}`)

export interface Invitation {
  readonly id: string
  readonly email: string
  readonly role: OrganizationRole
  readonly projects: readonly Grant[]
  readonly created: string
  readonly expires: string
}

/** `token` is there, this once, for those that were not mailed. */
export type SentInvitation = Invitation & { readonly mailed: boolean; readonly token?: string }

export const invitationsQuery = (organizationId: number) =>
  queryOptions({
    queryKey: ['organizations', organizationId, 'invitations'],
    queryFn: ({ signal }) => get<readonly Invitation[]>(`${path(organizationId)}/invitations`, { signal }),
  })

export interface WantedInvitations {
  readonly emails: readonly string[]
  readonly role: OrganizationRole
  readonly projects: readonly object[]
}

export const invite = (organizationId: number, wanted: WantedInvitations): Promise<readonly SentInvitation[]> =>
  post(`${path(organizationId)}/invitations`, wanted)

/** A list as CSV: e-mail and, if wanted, roles. */
export const inviteList = async (organizationId: number, text: string): Promise<readonly SentInvitation[]> => {
  const body = new Blob([text], { type: 'text/csv' })
  const sent = { body, headers: { 'Content-Type': 'text/csv' } }
  const answer = await sendJson<{ readonly results: readonly SentInvitation[] }>(
    'POST',
    `${path(organizationId)}/invitations`,
    sent,
  )
  return answer.results
}

export const renewInvitation = (organizationId: number, id: string, mail: boolean): Promise<SentInvitation> =>
  post(`${path(organizationId)}/invitations/${id}/renew`, { mail })

export const revokeInvitation = (organizationId: number, id: string): Promise<unknown> =>
  remove(`${path(organizationId)}/invitations/${id}`)

export interface ProjectMember {
  readonly id: number
  readonly email: string
  readonly role: BuiltInRole
  readonly custom_role_id: number | null
  readonly custom_role: string | null
}

/** A built-in role by its name, or a custom one by its number. */
export type WantedRole = { readonly role: BuiltInRole } | { readonly custom_role_id: number }

const projectPath = (projectId: number): string => `/api/app/projects/${projectId}`

export const projectMembersQuery = (projectId: number) =>
  queryOptions({
    queryKey: ['projects', projectId, 'members'],
    queryFn: ({ signal }) => get<readonly ProjectMember[]>(`${projectPath(projectId)}/members`, { signal }),
  })

export const setProjectRole = (projectId: number, memberId: number, role: WantedRole): Promise<unknown> =>
  put(`${projectPath(projectId)}/members/${memberId}`, role)

export const removeFromProject = (projectId: number, memberId: number): Promise<unknown> =>
  remove(`${projectPath(projectId)}/members/${memberId}`)

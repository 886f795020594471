import { queryOptions, useSuspenseQuery } from '@tanstack/react-query'
import { get, post, sendJson } from './request.ts'
import { type Entered, enter } from './sign-in.ts'

export type OrganizationRole = 'owner' | 'admin' | 'billing_admin' | 'member'

export interface MyOrganization {
  readonly id: number
  readonly name: string
  readonly role: OrganizationRole
}

export interface MyProject {
  readonly id: number
  readonly name: string
  /** A built-in role, or the names of custom ones. */
  readonly role: string
  /** What this member may do there, such as `people:read`. */
  readonly permissions: readonly string[]
  readonly timezone: string
  readonly region: string
  readonly cluster: string
}

export interface Me {
  readonly user_id: number
  readonly user_name: string
  readonly user_email: string
  readonly organizations: Readonly<Record<string, MyOrganization>>
  readonly projects: Readonly<Record<string, MyProject>>
}

/** Who is logged in, and what they reach. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => get<Me>('/api/app/me', { signal }),
  staleTime: 60_000,
})

/** Inside the shell only: there somebody is logged in. */
export const useMe = (): Me => useSuspenseQuery(meQuery).data

export const logIn = (email: string, password: string): Promise<Entered> => enter('', { email, password })

export const logOut = (): Promise<unknown> => sendJson('POST', '/api/app/logout')

/** The path at which single sign-on of the domain of `email` begins. Throws ApiError 404 when there is none. */
export const findSso = (email: string): Promise<{ readonly sign_in_path: string }> =>
  post('/api/app/login/sso', { email })

export interface FirstOwner {
  readonly code: string
  readonly email: string
  readonly password: string
  readonly organization: string
}

export const makeFirstOwner = (owner: FirstOwner): Promise<{ readonly id: number; readonly name: string }> =>
  post('/api/app/setup', owner)

/** For somebody new: makes the account. Without a password they log in by mailed links. */
export const acceptAsNew = (token: string, password?: string): Promise<{ readonly organization_id: number }> =>
  post('/api/app/invitations/accept', password === undefined ? { token } : { token, password })

/** For whoever is logged in. */
export const acceptAsMe = (token: string): Promise<{ readonly organization_id: number }> =>
  post('/api/app/me/invitations/accept', { token })

import { queryOptions } from '@tanstack/react-query'
import type { BuiltInRole } from './members.ts'
import { get, post, remove } from './request.ts'

export interface ServiceAccount {
  readonly id: number
  readonly username: string
  readonly last_used: string | null
  readonly expires: string | null
  readonly created: string
}

export interface WantedServiceAccount {
  readonly username: string
  readonly role?: BuiltInRole
  readonly expires?: string
  readonly projects: readonly { readonly id: number; readonly role: BuiltInRole }[]
}

export const serviceAccountsPath = (organizationId: number): string =>
  `/api/app/organizations/${organizationId}/service-accounts`

export const serviceAccountsQuery = (organizationId: number) =>
  queryOptions({
    queryKey: ['organizations', organizationId, 'service-accounts'],
    queryFn: ({ signal }) => get<readonly ServiceAccount[]>(serviceAccountsPath(organizationId), { signal }),
  })

/** `token` is the secret, shown this once. */
export const createServiceAccount = (
  organizationId: number,
  wanted: WantedServiceAccount,
): Promise<ServiceAccount & { readonly token: string }> => post(serviceAccountsPath(organizationId), wanted)

export const deleteServiceAccount = (organizationId: number, id: number): Promise<unknown> =>
  remove(`${serviceAccountsPath(organizationId)}/${id}`)

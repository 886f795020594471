import { queryOptions } from '@tanstack/react-query'
import { ApiError, get, post, put, remove } from './request.ts'

export interface Certificate {
  readonly pem: string
  readonly subject: string
  readonly valid_to: string
}

export interface SsoSettings {
  readonly configuration: {
    readonly issuer: string
    readonly sign_in_url: string
    readonly certificates: readonly Certificate[]
    readonly enabled: boolean
    readonly required: boolean
    readonly warnings: readonly string[]
  } | null
  readonly service_provider: readonly {
    readonly region: string
    readonly entity_id: string
    readonly postback_url: string
    readonly login_url: string
    readonly acs_url: string
  }[]
}

export interface WantedSso {
  readonly issuer: string
  readonly sign_in_url: string
  readonly certificates: readonly string[]
  readonly enabled: boolean
  readonly required: boolean
}

export interface Domain {
  readonly domain: string
  readonly txt_record: string
  readonly verified: boolean
  readonly last_checked: string | null
}

const path = (organizationId: number): string => `/api/app/organizations/${organizationId}`
const key = (organizationId: number, name: string) => ['organizations', organizationId, name] as const

export const ssoQuery = (organizationId: number) =>
  queryOptions({
    queryKey: key(organizationId, 'sso'),
    queryFn: ({ signal }) => get<SsoSettings>(`${path(organizationId)}/sso`, { signal }),
  })
export const putSso = (organizationId: number, wanted: WantedSso): Promise<SsoSettings> =>
  put(`${path(organizationId)}/sso`, wanted)
export const removeSso = (organizationId: number): Promise<unknown> => remove(`${path(organizationId)}/sso`)

export const domainsQuery = (organizationId: number) =>
  queryOptions({
    queryKey: key(organizationId, 'sso-domains'),
    queryFn: ({ signal }) => get<readonly Domain[]>(`${path(organizationId)}/sso/domains`, { signal }),
  })
export const claimDomain = (organizationId: number, domain: string, password: string): Promise<Domain> =>
  post(`${path(organizationId)}/sso/domains`, { domain, password })
export const verifyDomain = (organizationId: number, domain: string): Promise<Domain> =>
  post(`${path(organizationId)}/sso/domains/${encodeURIComponent(domain)}/verify`, {})
export const removeDomain = (organizationId: number, domain: string): Promise<unknown> =>
  remove(`${path(organizationId)}/sso/domains/${encodeURIComponent(domain)}`)

export interface ScimToken {
  readonly created: string
  readonly last_used: string | null
}

/** Null: there is none. */
const orNull = async <T>(asked: Promise<T>): Promise<T | null> => {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  }
}

export const scimTokenQuery = (organizationId: number) =>
  queryOptions({
    queryKey: key(organizationId, 'scim-token'),
    queryFn: ({ signal }) => orNull(get<ScimToken>(`${path(organizationId)}/sso/scim-token`, { signal })),
  })
export const makeScimToken = (organizationId: number): Promise<{ readonly token: string }> =>
  post(`${path(organizationId)}/sso/scim-token`, {})
export const revokeScimToken = (organizationId: number): Promise<unknown> =>
  remove(`${path(organizationId)}/sso/scim-token`)

export interface SecondFactor {
  readonly required: boolean
  /** False: the identity provider asks for it. */
  readonly available: boolean
}

export const secondFactorQuery = (organizationId: number) =>
  queryOptions({
    queryKey: key(organizationId, 'two-factor'),
    queryFn: ({ signal }) => get<SecondFactor>(`${path(organizationId)}/two-factor`, { signal }),
  })
export const requireSecondFactor = (organizationId: number, required: boolean, password: string): Promise<unknown> =>
  put(`${path(organizationId)}/two-factor`, { required, password })

export interface LinkedOrganization {
  readonly organization_id: number
  readonly name: string
  readonly scim_name: string
}

export interface OwnLink {
  readonly admin_organization_id: number
  readonly scim_name: string
}

/** Organizations that sign in by this one. */
export const linksQuery = (organizationId: number) =>
  queryOptions({
    queryKey: key(organizationId, 'sso-links'),
    queryFn: ({ signal }) => get<readonly LinkedOrganization[]>(`${path(organizationId)}/sso/links`, { signal }),
  })
/** The organization by which this one signs in; null: none. */
export const linkQuery = (organizationId: number) =>
  queryOptions({
    queryKey: key(organizationId, 'sso-link'),
    queryFn: ({ signal }) => orNull(get<OwnLink>(`${path(organizationId)}/sso/link`, { signal })),
  })
export const makeLinkCode = (organizationId: number): Promise<{ readonly code: string; readonly expires: string }> =>
  post(`${path(organizationId)}/sso/link-codes`, {})
export const linkTo = (organizationId: number, code: string): Promise<OwnLink> =>
  put(`${path(organizationId)}/sso/link`, { code })
export const unlink = (organizationId: number): Promise<unknown> => remove(`${path(organizationId)}/sso/link`)
export const releaseLink = (organizationId: number, linkedId: number): Promise<unknown> =>
  remove(`${path(organizationId)}/sso/links/${linkedId}`)

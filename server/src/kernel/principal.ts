/** Project and organization roles share names (auth §6); only the project ones appear in `projectRoles`. */
export type Role = 'owner' | 'admin' | 'analyst' | 'consumer'
export type OrganizationRole = 'owner' | 'admin' | 'billing_admin' | 'member'

/** What a route may ask for. Who has it: features/access/domain/permissions.ts. */
export type Permission =
  | 'events:import'
  | 'events:export'
  | 'jql:run'
  | 'query:read'
  | 'lookup-tables:upload'
  | 'privacy:request'
  | 'audit:read'
  | 'project:read'
  | 'profiles:export'
  | 'people:read'
  | 'profiles:write'
  | 'reports:write'
  | 'reports:manage'
  | 'definitions:write'
  | 'lookup-tables:manage'
  | 'classified:mark'
  | 'classified:access'
  | 'events:delete'
  | 'data-rules:write'
  | 'data-settings:write'
  | 'lexicon:write'
  | 'lexicon:govern'
  | 'lexicon:export'
  | 'warehouses:manage'
  | 'pipelines:manage'
  | 'settings:write'
  | 'access-keys:read'
  | 'project:admin'
  | 'project:own'

/** What may be done to an organization as a whole (auth §6.1). */
export type OrganizationPermission =
  | 'organization:read'
  | 'organization:change'
  | 'projects:create'
  | 'projects:own'
  | 'members:manage'
  | 'teams:manage'
  | 'service-accounts:manage'

/** Custom roles that somebody holds on a project (auth §6.4): they add up, beside a role of `projectRoles`. */
export interface CustomRoles {
  readonly names: readonly string[]
  readonly permissions: ReadonlySet<Permission>
}

interface ProjectGrants {
  readonly organizationId: number
  readonly projectRoles: ReadonlyMap<number, Role>
  readonly customRoles: ReadonlyMap<number, CustomRoles>
}

/** Who is asking, as found by `authenticate`. Never made from anything but a checked credential. */
export type Principal =
  | ({
      readonly kind: 'service-account'
      readonly id: number
      readonly username: string
    } & ProjectGrants)
  | { readonly kind: 'project-secret'; readonly projectId: number }
  | { readonly kind: 'project-token'; readonly projectId: number }
  /** The identity provider of an organization (auth §8): its people and teams, and nothing else. */
  | { readonly kind: 'scim-token'; readonly organizationId: number }
  | ({
      readonly kind: 'gdpr-token' | 'session'
      /** The person who logs in (not a person in the data). */
      readonly userId: number
      readonly email: string
      readonly credentialId: string
      readonly organizationRole: OrganizationRole
    } & ProjectGrants)

/** `limited-session`: also a session that still has to set up a second factor (AUTH-22), beside `session`. */
export type CredentialKind = Principal['kind'] | 'limited-session'

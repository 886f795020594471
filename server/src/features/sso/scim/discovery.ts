import SCIMMY from 'scimmy'
import type { Resource } from './resource.ts'
import { groupSchema, userSchema } from './resource.ts'

// RFC 7643 §5–§7: what this server can, told to providers.

export const serviceProviderConfig = (base: string): object => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: 1_000 },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: false },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'Bearer token',
      description: "The organization's SCIM token in the Authorization header",
      primary: true,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
})

export const resourceTypes = (base: string): readonly Resource[] =>
  [['User', '/Users', userSchema] as const, ['Group', '/Groups', groupSchema] as const].map(
    ([name, endpoint, schema]) => ({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
      id: name,
      name,
      endpoint,
      schema,
      meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
    }),
  )

/** Of the standard's attributes, those that are kept or answered. */
const kept: Readonly<Record<string, readonly string[]>> = {
  [userSchema]: ['userName', 'name', 'displayName', 'emails', 'active', 'groups'],
  [groupSchema]: ['displayName', 'members'],
}

export const schemas = (base: string): readonly Resource[] =>
  [SCIMMY.Schemas.User, SCIMMY.Schemas.Group].map(({ definition }) => {
    const described = definition.describe(`${base}/Schemas`)
    const names = kept[described.id] ?? []
    const attributes = described.attributes.filter(({ name }: { readonly name: string }) => names.includes(name))
    return { ...described, attributes }
  })

import { z } from 'zod'
import { AppError, InvalidRequest, NotFound } from '../../../kernel/errors.ts'
import { isEmail } from '../domain/assertion.ts'
import type { ScimGroup } from '../store/postgres-scim-group-store.ts'
import type { ScimMember } from '../store/postgres-scim-store.ts'

// RFC 7643: what goes over the wire, and what we keep of it.

export const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group'

/** Any JSON object as a SCIM resource. */
export type Resource = { readonly id: string } & Readonly<Record<string, unknown>>

/** What of a user can be set; everything else is read and not kept. */
export interface WantedUser {
  readonly email: string
  readonly firstName: string
  readonly lastName: string
  readonly externalId: string | null
  readonly isActive: boolean
}

export interface WantedGroup {
  readonly name: string
  readonly externalId: string | null
  readonly memberIds: readonly string[]
}

const text = (max: number) => z.string().trim().max(max)
// Entra sends the words.
const truth = z.union([
  z.boolean(),
  z.stringFormat('truth', /^(true|false)$/i).transform((word) => word.toLowerCase() === 'true'),
])

const userBody = z.object({
  userName: text(254).min(1),
  externalId: text(255).nullish(),
  active: truth.default(true),
  name: z.object({ givenName: text(100).nullish(), familyName: text(100).nullish() }).nullish(),
})

const groupBody = z.object({
  displayName: text(255).min(1),
  externalId: text(255).nullish(),
  members: z
    .array(z.object({ value: z.string().max(100) }))
    .max(10_000)
    .nullish(),
})

export const readUser = (body: unknown): WantedUser => {
  const { userName, externalId, active, name } = read(userBody, body)
  const email = userName.toLowerCase()
  if (!isEmail(email)) throw new InvalidRequest('userName must be an e-mail address')
  return {
    email,
    firstName: name?.givenName ?? '',
    lastName: name?.familyName ?? '',
    externalId: externalId || null,
    isActive: active,
  }
}

export const readGroup = (body: unknown): WantedGroup => {
  const { displayName, externalId, members } = read(groupBody, body)
  return {
    name: displayName,
    externalId: externalId || null,
    memberIds: [...new Set((members ?? []).map(({ value }) => value))],
  }
}

const read = <Value>(schema: z.ZodType<Value>, body: unknown): Value => {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new InvalidRequest(`${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'not allowed'}`)
}

const given = <Key extends string>(key: Key, value: string | null) =>
  (value === null ? {} : { [key]: value }) as Readonly<Partial<Record<Key, string>>>

/** `base`: absolute URL of the SCIM API. */
export const userResource = (base: string, member: ScimMember, groups: readonly ScimGroup[]): Resource => ({
  schemas: [userSchema],
  id: member.scimId,
  ...given('externalId', member.externalId),
  userName: member.email,
  name: { givenName: member.firstName, familyName: member.lastName },
  displayName: `${member.firstName} ${member.lastName}`.trim() || member.email,
  emails: [{ value: member.email, type: 'work', primary: true }],
  active: member.isActive,
  groups: groups
    .filter(({ members }) => members.some(({ scimId }) => scimId === member.scimId))
    .map(({ scimId, name }) => ({ value: scimId, display: name, $ref: `${base}/Groups/${scimId}` })),
  meta: {
    resourceType: 'User',
    created: new Date(member.createdAtMs).toISOString(),
    lastModified: new Date(member.updatedAtMs).toISOString(),
    location: `${base}/Users/${member.scimId}`,
  },
})

export const groupResource = (base: string, group: ScimGroup): Resource => ({
  schemas: [groupSchema],
  id: group.scimId,
  ...given('externalId', group.externalId),
  displayName: group.name,
  members: group.members.map(({ scimId, email }) => ({
    value: scimId,
    display: email,
    $ref: `${base}/Users/${scimId}`,
  })),
  meta: {
    resourceType: 'Group',
    created: new Date(group.createdAtMs).toISOString(),
    location: `${base}/Groups/${group.scimId}`,
  },
})

export class ScimConflict extends AppError {
  constructor(detail: string) {
    super('CONFLICT', detail, { status: 409 })
  }
}

export const notFound = (kind: 'user' | 'group'): NotFound => new NotFound(`there is no ${kind} of this id`)

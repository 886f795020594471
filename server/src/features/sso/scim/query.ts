import scimPatchPackage, { type ScimPatchOperation, type ScimResource } from 'scim-patch'
import SCIMMY from 'scimmy'
import { z } from 'zod'
import { InvalidRequest } from '../../../kernel/errors.ts'
import type { Resource } from './resource.ts'

const countMax = 1_000
const filterLengthMax = 1_000

/** RFC 7644 §3.4.2: filter, page and choice of attributes → a list response. Throws InvalidRequest. */
export const listResponse = (all: readonly Resource[], query: Readonly<Record<string, string>>): object => {
  const found = filtered(all, query['filter'] ?? '')
  // Below 1 means 1, a negative count 0 (RFC 7644 §3.4.2.4).
  const startIndex = Math.max(1, wholeNumber(query, 'startIndex', 1))
  const count = Math.min(countMax, Math.max(0, wholeNumber(query, 'count', 100)))
  const page = found.slice(startIndex - 1, startIndex - 1 + count)
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: found.length,
    startIndex,
    itemsPerPage: page.length,
    Resources: page.map((resource) => chosen(resource, query)),
  }
}

const wholeNumber = (query: Readonly<Record<string, string>>, name: string, fallback: number): number => {
  const text = query[name]
  if (text === undefined || text === '') return fallback
  if (!/^-?\d{1,9}$/.test(text)) throw new InvalidRequest(`${name} must be a whole number`)
  return Number(text)
}

// Names and addresses compare without regard to case (RFC 7643 §4.1): both sides are made lower case.
const filtered = (all: readonly Resource[], filter: string): readonly Resource[] => {
  if (filter.trim() === '') return all
  if (filter.length > filterLengthMax) throw new InvalidRequest('filter is too long')
  try {
    const matching = new SCIMMY.Types.Filter(filter.toLowerCase()).match(all.map(lowerCase))
    const ids = new Set(matching.map(({ id }: Resource) => id))
    return all.filter(({ id }) => ids.has(id))
  } catch {
    // The parser's text repeats the filter, which names people.
    throw new InvalidRequest('filter cannot be read')
  }
}

const lowerCase = <Value>(value: Value): Value => {
  if (typeof value === 'string') return value.toLowerCase() as Value
  if (Array.isArray(value)) return value.map(lowerCase) as Value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, lowerCase(inner)])) as Value
}

const always = new Set(['schemas', 'id', 'meta'])

/** `attributes` and `excludedAttributes`, by whole attributes. */
export const chosen = (resource: Resource, query: Readonly<Record<string, string>>): object => {
  const namesOf = (parameter: string): ReadonlySet<string> | null =>
    query[parameter] === undefined || query[parameter] === ''
      ? null
      : new Set(query[parameter].split(',').map((name) => (name.trim().split('.', 1)[0] ?? '').toLowerCase()))
  const [wanted, unwanted] = [namesOf('attributes'), namesOf('excludedAttributes')]
  const isChosen = (name: string): boolean =>
    always.has(name) || ((wanted?.has(name.toLowerCase()) ?? true) && !(unwanted?.has(name.toLowerCase()) ?? false))
  return Object.fromEntries(Object.entries(resource).filter(([name]) => isChosen(name)))
}

const patchBody = z.object({
  Operations: z
    .array(
      z.object({
        op: z
          .string()
          .transform((op) => op.toLowerCase())
          .pipe(z.enum(['add', 'remove', 'replace'])),
        path: z.string().max(500).optional(),
        value: z.unknown().optional(),
      }),
    )
    .min(1)
    .max(1_000),
})

/** RFC 7644 §3.5.2: `resource` with the operations of `body` done to it. Throws InvalidRequest. */
export const patched = (resource: Resource, body: unknown): unknown => {
  const parsed = patchBody.safeParse(body)
  if (!parsed.success) throw new InvalidRequest('Operations must be a list of add, remove and replace')
  const { Operations: operations } = parsed.data
  if (operations.some(reachesPrototype)) throw new InvalidRequest('a path cannot be read')
  try {
    const copy = structuredClone(resource) as unknown as ScimResource
    return scimPatchPackage.scimPatch(copy, operations as ScimPatchOperation[], { mutateDocument: false })
  } catch {
    throw new InvalidRequest('the operations cannot be done')
  }
}

// The package follows a path such as `__proto__.x` out of the resource and into every object of the process.
const unsafeName = /__proto__|constructor|prototype/i
const reachesPrototype = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(reachesPrototype)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(
    ([name, inner]) =>
      unsafeName.test(name) || (name === 'path' && unsafeName.test(String(inner))) || reachesPrototype(inner),
  )
}

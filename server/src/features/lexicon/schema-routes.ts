import { z } from 'zod'
import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import { Forbidden, InvalidRequest } from '../../kernel/errors.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { RollingLimit } from '../../platform/limits/rolling-limit.ts'
import { type EntityType, patched, type Schema, sizeOf, uploaded } from './domain/schema.ts'
import { NoSuchSchema } from './errors.ts'
import { accepts, base, noStore, whoOf } from './route-parts.ts'
import {
  checkedSchema,
  entityName,
  entityTypes,
  entriesOf,
  isNameOf,
  schemaJson,
  schemaPatch,
} from './schema-schema.ts'
import type { Entry, EntryStore } from './store/postgres-entry-store.ts'

export interface SchemaRouteDeps {
  readonly entries: EntryStore
  /** LEX-05, by organization. */
  readonly limits: {
    readonly requests: RollingLimit
    readonly updates: RollingLimit
    readonly updateCountMax: number
  }
  /** Whether the project has classified properties that the caller may not see. */
  readonly isKeptOut: (principal: Principal, scope: ProjectScope) => Promise<boolean>
}

const all = '/api/app/projects/:projectId/schemas'
const ofType = `${all}/:entityType`
const one = `${ofType}/:name`
const readAccess = { accepts, project: 'path', permission: 'project:read' } as const
const writeAccess = { accepts, project: 'path', permission: 'lexicon:write' } as const

type Answer = (request: Scoped) => Promise<object>
interface Change {
  readonly entityType: EntityType
  readonly name: string
  readonly json: unknown
}
/** `post` takes the place of what was there, `patch` changes it. */
type Mode = 'post' | 'patch'

const uploads = {
  post: z.strictObject({ entries: z.array(entriesOf(schemaJson)), truncate: z.boolean().default(false) }),
  patch: z.strictObject({ entries: z.array(entriesOf(schemaPatch)) }),
}

/** LEX-01…05, RES-06: the Schemas API (lexicon §1), and PATCH, which is ours. */
export const schemaRoutes = (deps: SchemaRouteDeps): readonly Route[] => {
  const { entries, limits } = deps
  const guarded =
    (answer: Answer) =>
    async (request: Scoped): Promise<ReturnType<typeof jsonReply>> => {
      limits.requests.take(request.project.organizationId)
      if (request.principal.kind === 'service-account' && (await deps.isKeptOut(request.principal, request.scope))) {
        throw new Forbidden('the project has classified properties, which this service account may not see')
      }
      return jsonReply(200, await answer(request), noStore)
    }
  const route = (method: Route['method'], path: string, answer: Answer): Route => ({
    ...base,
    method,
    path,
    access: method === 'GET' ? readAccess : writeAccess,
    handle: guarded(answer),
  })

  const write = async (request: Scoped, mode: Mode, changes: readonly Change[], isTruncated = false) => {
    takeUpdates(limits, request.project.organizationId, changes)
    const wanted = changes.map(({ entityType, name, json }) => ({
      kind: entityType,
      name,
      write: (before: Schema | null) =>
        mode === 'post'
          ? uploaded(before, checkedSchema(entityType, name, json))
          : checkedSchema(entityType, name, patched(before, json)),
    }))
    const truncated = isTruncated ? entityTypes : []
    return entries.write(request.scope, { entries: wanted, truncated }, whoOf(request))
  }
  const writeOne = async (request: Scoped, mode: Mode): Promise<object> => {
    const { entityType, name } = oneOf(request)
    if (!isNameOf(entityType, name)) throw new InvalidRequest('the schema of profiles goes by the name $user')
    const json = sentJson(mode === 'post' ? schemaJson : schemaPatch, request.body)
    await write(request, mode, [{ entityType, name, json }])
    return { status: 'ok' }
  }
  const writeMany = async (request: Scoped, mode: Mode): Promise<object> => {
    const sent: { readonly entries: readonly z.infer<ReturnType<typeof entriesOf>>[]; readonly truncate?: boolean } =
      sentJson(uploads[mode], request.body)
    const changes = sent.entries.map(({ schemaJson: json, ...rest }) => ({ ...rest, json }))
    const { addedCount: added, deletedCount: deleted } = await write(request, mode, changes, sent.truncate)
    return { results: { added, deleted }, status: 'ok' }
  }
  const list = async (request: Scoped, kinds: readonly EntityType[]): Promise<object> => {
    const found = await entries.list(request.scope, { kinds, name: askedName(request) })
    return { results: found.map(wireOf), status: 'ok' }
  }
  const remove = async (request: Scoped, kinds: readonly EntityType[], name?: string): Promise<object> => ({
    results: { delete_count: await entries.remove(request.scope, { kinds, name }, whoOf(request)) },
    status: 'ok',
  })

  return [
    route('GET', all, (request) => list(request, entityTypes)),
    route('POST', all, (request) => writeMany(request, 'post')),
    route('PATCH', all, (request) => writeMany(request, 'patch')),
    route('DELETE', all, (request) => remove(request, entityTypes)),
    route('GET', ofType, (request) => list(request, [typeOf(request)])),
    route('DELETE', ofType, (request) => remove(request, [typeOf(request)], askedName(request))),
    route('GET', one, async (request) => {
      const { entityType, name } = oneOf(request)
      const [found] = await entries.list(request.scope, { kinds: [entityType], name })
      if (found === undefined) throw new NoSuchSchema(entityType)
      return found.definition
    }),
    route('POST', one, (request) => writeOne(request, 'post')),
    route('PATCH', one, (request) => writeOne(request, 'patch')),
    route('DELETE', one, (request) => remove(request, [typeOf(request)], oneOf(request).name)),
  ]
}

const wireOf = ({ kind, name, definition }: Entry): object => ({ entityType: kind, name, schemaJson: definition })

/** Throws InvalidRequest for what is no entity type. */
const typeOf = ({ params }: Scoped): EntityType => {
  const found = entityTypes.find((type) => type === params['entityType'])
  if (found === undefined) throw new InvalidRequest(`the entity type must be one of ${entityTypes.join(', ')}`)
  return found
}

const oneOf = (request: Scoped): { readonly entityType: EntityType; readonly name: string } => ({
  entityType: typeOf(request),
  name: storable(request.params['name'] ?? ''),
})

const askedName = ({ query }: Scoped): string | undefined => {
  const { entity_name: name } = query
  return name === undefined ? undefined : storable(name)
}

/** The store cannot even be asked for other texts. */
const storable = (name: string): string => {
  const result = entityName.safeParse(name)
  if (!result.success || name.includes('\0') || !name.isWellFormed()) {
    throw new InvalidRequest('the name must be 1 to 255 bytes of text')
  }
  return name
}

/** What can never be taken is told so: waiting would not help. */
const takeUpdates = (limits: SchemaRouteDeps['limits'], key: number, changes: readonly Change[]): void => {
  const count = changes.reduce((sum, { json }) => sum + sizeOf(json as Schema), 0)
  if (count > limits.updateCountMax) {
    throw new InvalidRequest(`one request updates at most ${limits.updateCountMax} events and properties`)
  }
  limits.updates.take(key, count)
}

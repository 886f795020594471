import { z } from 'zod'
import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import { type AuditEntry, actorOf } from '../../kernel/audit.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import { namesPeople } from '../../kernel/group-key.ts'
import type { CredentialKind, Principal } from '../../kernel/principal.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import {
  type ClassifiedProperties,
  type ClassifiedStore,
  createClassifiedStore,
} from './store/postgres-classified-store.ts'

export interface ClassificationDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}

/**
 * The classified properties that `principal` may not see in the project; none when nothing is classified or classified
 * access was granted. Leave them out of what goes out, and refuse to filter or group by them.
 */
export type ClassifiedFor = (principal: Principal, scope: ProjectScope) => Promise<ClassifiedProperties>

export interface Classification {
  readonly routes: readonly Route[]
  readonly classifiedFor: ClassifiedFor
  /** All of them: the names are no secret, what they hold is. */
  readonly allClassified: (scope: ProjectScope) => Promise<ClassifiedProperties>
}

/** PRIV-36: properties that only those see who were granted classified access. No role has it by itself. */
export const createClassification = (deps: ClassificationDeps): Classification => {
  const store = createClassifiedStore(deps)
  return { routes: classificationRoutes(store), classifiedFor: store.hiddenFrom, allClassified: store.list }
}

const access = {
  accepts: ['service-account', 'session'] satisfies CredentialKind[],
  project: 'path',
  permission: 'classified:mark',
} as const
const base = {
  surface: 'app',
  hostFamily: 'web',
  bodyBytesMax: 1_024 * 1_024,
  path: '/api/app/projects/:projectId/classified-properties',
  access,
} as const
const noStore = { 'Cache-Control': 'no-store' }

export const classificationRoutes = (store: ClassifiedStore): readonly Route[] => [
  {
    ...base,
    method: 'GET',
    handle: async ({ scope }: Scoped) => jsonReply(200, { status: 'ok', results: await store.list(scope) }, noStore),
  },
  {
    ...base,
    method: 'PUT',
    handle: async (request: Scoped) => {
      const { principal, project, scope, requestId } = request
      const properties = propertiesOf(request.body)
      await store.set(scope, properties, {
        actor: actorOf(principal),
        organizationId: project.organizationId,
        requestId,
      })
      return jsonReply(200, { status: 'ok', results: properties }, noStore)
    },
  },
]

const nameCountMax = 1_000
const names = z.array(z.string().min(1).max(255)).max(nameCountMax)
const wanted = z.strictObject({ event: names, profile: names })
// Every line of an export has them: it could not be read, or imported, without.
const always: ReadonlySet<string> = new Set(['time', '$insert_id', 'token'])

const propertiesOf = (body: Buffer): ClassifiedProperties => {
  const { event, profile } = parsed(body)
  const unfit = [...event, ...profile].find((name) => namesPeople(name) || always.has(name))
  if (unfit !== undefined) {
    throw new InvalidRequest(`${unfit} cannot be classified: it says whose or which event it is`)
  }
  return { event: [...new Set(event)].sort(), profile: [...new Set(profile)].sort() }
}

const parsed = (body: Buffer): ClassifiedProperties => {
  try {
    const result = wanted.safeParse(JSON.parse(body.toString('utf8')))
    if (result.success) return result.data
  } catch {
    // Told below: the parser's own text would quote the body.
  }
  throw new InvalidRequest(
    `the body must be a JSON object with event and profile: lists of at most ${nameCountMax} names of properties`,
  )
}

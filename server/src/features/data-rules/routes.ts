import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import { actorOf } from '../../kernel/audit.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import type { CredentialKind } from '../../kernel/principal.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { DataRules } from './domain/data-rules.ts'
import { readChange } from './rules-schema.ts'
import type { NewRules, StoredRules } from './store/postgres-data-rules-store.ts'

export interface DataRulesRouteDeps {
  readonly find: (scope: ProjectScope) => Promise<StoredRules>
  /** Throws DataRulesChanged. */
  readonly change: (wanted: NewRules) => Promise<StoredRules>
}

const base = { surface: 'app', hostFamily: 'web', bodyBytesMax: 512 * 1_024 } as const
const path = '/api/app/projects/:projectId/data-rules'
const access = {
  accepts: ['service-account', 'session'] satisfies CredentialKind[],
  project: 'path',
  permission: 'data-rules:write',
} as const

/** PRIV-35 and privacy §6: the rules of a project, read and replaced whole. */
export const dataRulesRoutes = ({ find, change }: DataRulesRouteDeps): readonly Route[] => [
  { ...base, method: 'GET', path, access, handle: async ({ scope }: Scoped) => rulesReply(await find(scope)) },
  {
    ...base,
    method: 'PUT',
    path,
    access,
    handle: async ({ scope, principal, requestId, body }: Scoped) =>
      rulesReply(
        await change({ projectId: scope.projectId, ...changeIn(body), who: { actor: actorOf(principal), requestId } }),
      ),
  },
]

const rulesReply = ({ version, updated_at, rules }: StoredRules) =>
  jsonReply(200, { status: 'ok', results: { version, updated_at, ...rules } }, { 'Cache-Control': 'no-store' })

const changeIn = (body: Buffer): { readonly rules: DataRules; readonly version: number | null } => {
  const { value, faults } = readChange(jsonIn(body))
  if (value === null) throw new InvalidRequest(faults.slice(0, 10).join('; '))
  return value
}

/** The parser's own text would quote the body. */
const jsonIn = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new InvalidRequest('the body must be a JSON object of rules')
  }
}

import { z } from 'zod'
import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import { actorOf } from '../../kernel/audit.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import { groupKeyFault } from '../../kernel/group-key.ts'
import type { CredentialKind } from '../../kernel/principal.ts'
import type { GroupKeyStore, Who } from './store/postgres-group-key-store.ts'

const base = { surface: 'app', hostFamily: 'web', bodyBytesMax: 64 * 1_024 } as const
const path = '/api/app/projects/:projectId/group-keys'
const access = {
  accepts: ['service-account', 'session'] satisfies CredentialKind[],
  project: 'path',
  permission: 'data-settings:write',
} as const
const noStore = { 'Cache-Control': 'no-store' }

/** ING-24: the group keys of a project. A key may hold any character, so it is named in the query and not in the path. */
export const groupKeyRoutes = (keys: GroupKeyStore): readonly Route[] => [
  {
    ...base,
    method: 'GET',
    path,
    access,
    handle: async ({ scope }: Scoped) => jsonReply(200, { status: 'ok', results: await keys.list(scope) }, noStore),
  },
  {
    ...base,
    method: 'POST',
    path,
    access,
    handle: async (request: Scoped) => {
      const { key, displayName } = newKeyOf(request.body)
      const made = await keys.add(request.scope, key, displayName, whoOf(request))
      return jsonReply(201, { status: 'ok', results: made }, noStore)
    },
  },
  {
    ...base,
    method: 'DELETE',
    path,
    access,
    handle: async (request: Scoped) => {
      const key = request.query['key'] ?? ''
      if (key === '') throw new InvalidRequest('query parameter key is required')
      await keys.remove(request.scope, key, whoOf(request))
      return jsonReply(200, { status: 'ok' }, noStore)
    },
  },
]

const newKey = z.strictObject({ key: z.string(), display_name: z.string().trim().min(1).max(255).optional() })

const newKeyOf = (body: Buffer): { readonly key: string; readonly displayName: string } => {
  const { key, display_name: displayName } = parsed(body)
  const fault = groupKeyFault(key)
  if (fault !== null) throw new InvalidRequest(`'key' is invalid: ${fault}`)
  return { key, displayName: displayName ?? key }
}

const parsed = (body: Buffer): z.infer<typeof newKey> => {
  try {
    const result = newKey.safeParse(JSON.parse(body.toString('utf8')))
    if (result.success) return result.data
  } catch {
    // Told below: the parser's own text would quote the body.
  }
  throw new InvalidRequest('the body must be a JSON object with key and, if wanted, display_name: 1 to 255 characters')
}

const whoOf = ({ principal, requestId }: Scoped): Who => ({ actor: actorOf(principal), requestId })

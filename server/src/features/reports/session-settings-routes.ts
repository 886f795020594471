import { z } from 'zod'
import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import { actorOf } from '../../kernel/audit.ts'
import { sessionSettings } from './definitions/session-settings.ts'
import { appBase, readAccess } from './routes.ts'
import type { SessionSettingsStore, StoredSessionSettings } from './store/postgres-session-settings-store.ts'

const path = '/api/app/projects/:projectId/session-settings'
const adminAccess = { ...readAccess, permission: 'data-settings:write' } as const

const wanted = z.strictObject({ settings: sessionSettings, version: z.int().min(0).optional() })

/** RPT-07: the settings of a project's sessions, read, and replaced whole; they apply to what was stored before as well. */
export const sessionSettingsRoutes = (store: SessionSettingsStore): readonly Route[] => [
  {
    ...appBase,
    method: 'GET',
    path,
    access: readAccess,
    handle: async ({ scope }: Scoped) => replyOf(await store.find(scope)),
  },
  {
    ...appBase,
    method: 'PUT',
    path,
    access: adminAccess,
    handle: async ({ scope, principal, project, requestId, body }: Scoped) => {
      const who = { actor: actorOf(principal), organizationId: project.organizationId, requestId }
      return replyOf(await store.replace(scope, { ...sentJson(wanted, body), who }))
    },
  },
]

const replyOf = ({ version, updated_at, settings }: StoredSessionSettings) =>
  jsonReply(200, { status: 'ok', results: { version, updated_at, settings } }, { 'Cache-Control': 'no-store' })

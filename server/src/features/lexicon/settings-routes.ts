import { z } from 'zod'
import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import { type Convention, conventions, defaultSettings } from './domain/standards.ts'
import { accepts, base, lexiconPath, noStore, whoOf } from './route-parts.ts'
import type { Dictionary } from './store/clickhouse-dictionary.ts'
import type { LexiconSettingsStore, StoredSettings } from './store/postgres-lexicon-settings-store.ts'

const path = `${lexiconPath}/settings`
const naming = z.enum(Object.keys(conventions) as [Convention, ...Convention[]]).nullable()

const wanted = z.strictObject({
  settings: z.strictObject({
    event_approval: z.boolean().default(defaultSettings.event_approval),
    standards: z
      .strictObject({
        naming: naming.default(null),
        requires_description: z.boolean().default(false),
        requires_owner: z.boolean().default(false),
      })
      .default(defaultSettings.standards),
    volume_monitoring: z
      .strictObject({ enabled: z.boolean(), look_back_days: z.union([z.literal(1), z.literal(2)]).default(1) })
      .default(defaultSettings.volume_monitoring),
  }),
  version: z.int().min(0).optional(),
})

export interface SettingsRouteDeps {
  readonly settings: LexiconSettingsStore
  readonly dictionary: Dictionary
  /** Has the names of events that need no approval looked up, while their events are there. */
  readonly keepApproved: (scope: ProjectScope) => Promise<void>
}

/** LEX-09…11: how a project governs its names; read, and replaced whole. */
export const settingsRoutes = (deps: SettingsRouteDeps): readonly Route[] => [
  {
    ...base,
    method: 'GET',
    path,
    access: { accepts, project: 'path', permission: 'project:read' },
    handle: async ({ scope }: Scoped) => replyOf(await deps.settings.find(scope)),
  },
  {
    ...base,
    method: 'PUT',
    path,
    access: { accepts, project: 'path', permission: 'lexicon:write' },
    handle: async (request: Scoped) => {
      const sent = sentJson(wanted, request.body)
      const engineNow = await deps.dictionary.now(request.scope)
      const stored = await deps.settings.replace(request.scope, { ...sent, engineNow }, whoOf(request))
      await deps.keepApproved(request.scope)
      return replyOf(stored)
    },
  },
]

const replyOf = ({ version, updated_at, settings }: StoredSettings) =>
  jsonReply(200, { status: 'ok', results: { version, updated_at, settings } }, noStore)

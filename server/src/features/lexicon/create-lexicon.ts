import type { MayUse, Route, Scoped } from '../../http/route.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { Clock } from '../../kernel/time.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import { createRollingLimit } from '../../platform/limits/rolling-limit.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { readErasureEpoch } from '../../platform/postgres/erasure-epoch.ts'
import { type CsvRouteDeps, csvRoutes } from './csv-routes.ts'
import { type DictionaryRouteDeps, dictionaryRoutes } from './dictionary-routes.ts'
import { type BlockedNames, blockedNames, type NamesInQuestions, namesInQuestions } from './domain/effects.ts'
import { createKnownNames } from './known-names.ts'
import { mergeRoutes } from './merge-routes.ts'
import { type NoticeRouteDeps, noticeRoutes } from './notices.ts'
import { createLexiconReader } from './read-lexicon.ts'
import { type SchemaRouteDeps, schemaRoutes } from './schema-routes.ts'
import { type SettingsRouteDeps, settingsRoutes } from './settings-routes.ts'
import { createApprovedEvents } from './store/clickhouse-approved-events.ts'
import { createDictionary } from './store/clickhouse-dictionary.ts'
import { createEffectsReader } from './store/postgres-effects.ts'
import { createEntryStore } from './store/postgres-entry-store.ts'
import { createLexiconSettingsStore, type LexiconSettingsStore } from './store/postgres-lexicon-settings-store.ts'
import { createMarkStore } from './store/postgres-mark-store.ts'

interface ClassifiedNames {
  readonly event: readonly string[]
  readonly profile: readonly string[]
}

/** LEX-05. */
export interface LexiconLimits {
  readonly requestsPerMinuteMax: number
  readonly updatesPerMinuteMax: number
  readonly deletionCountMax: number
}

export interface LexiconDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly clock: Clock
  readonly limits: LexiconLimits
  readonly regionDb: (regionId: string) => RegionDb
  readonly mayUse: MayUse
  /** Names of classified properties that a caller may not see (PRIV-36). */
  readonly classifiedFor: (principal: Principal, scope: ProjectScope) => Promise<ClassifiedNames>
  /** All of them. */
  readonly allClassified: (scope: ProjectScope) => Promise<ClassifiedNames>
}

/** What is said about the events and properties of a project, and what that does (lexicon §1, §2). */
export interface Lexicon {
  readonly routes: readonly Route[]
  /** For the door: what the lexicon keeps out of what comes in. */
  findBlocked(projectId: number): Promise<BlockedNames | null>
  /** For questions: which names lists leave out, and what names are read as. */
  namesFor(scope: ProjectScope, signal?: AbortSignal): Promise<NamesInQuestions>
}

// Far more than anybody reads through; what they do is held in memory.
const entryCountMax = 20_000
const minuteMs = 60_000

type LexiconRouteDeps = SchemaRouteDeps & DictionaryRouteDeps & SettingsRouteDeps & CsvRouteDeps & NoticeRouteDeps

/** Every route of the slice. Nothing of `deps` is looked at before a request comes. */
export const lexiconRoutes = (deps: LexiconRouteDeps): readonly Route[] => [
  ...schemaRoutes(deps),
  ...mergeRoutes(deps),
  ...dictionaryRoutes(deps),
  ...settingsRoutes(deps),
  ...csvRoutes(deps),
  ...noticeRoutes(deps),
]

/** Wires the slice: what operators say in the control store, what was found in the region engines. */
export const createLexicon = (deps: LexiconDeps): Lexicon => {
  const { control, appendAudit, clock, limits } = deps
  const nowMs = () => clock.nowMs()
  const { deletionCountMax, requestsPerMinuteMax, updatesPerMinuteMax } = limits
  const stores = { control, appendAudit }
  const entries = createEntryStore({ control, appendAudit, entryCountMax, deletionCountMax })
  const effects = createEffectsReader(control)
  const marks = createMarkStore(stores)
  const settings = createLexiconSettingsStore(stores)
  const dictionary = createDictionary(deps.regionDb)
  const known = createKnownNames({
    dictionary,
    approvedEvents: createApprovedEvents(deps.regionDb, dictionary),
    erasureEpoch: ({ projectId }) => readErasureEpoch(control, projectId),
    nowMs,
  })
  const { allClassified } = deps
  const reader = createLexiconReader({ entries, marks, settings, effects, known, allClassified })
  const namesFor = async (scope: ProjectScope): Promise<NamesInQuestions> => {
    const current = await effects.current(scope.projectId)
    const { approvalSince } = current
    return namesInQuestions(current, approvalSince === null ? null : await known.approved(scope, approvalSince))
  }
  return {
    routes: lexiconRoutes({
      entries,
      marks,
      settings,
      dictionary,
      reader,
      mayUse: deps.mayUse,
      endApproval: (request) => endApproval(settings, request),
      keepApproved: async (scope) => {
        await namesFor(scope)
      },
      limits: {
        requests: createRollingLimit({ windowMs: minuteMs, countMax: requestsPerMinuteMax, nowMs }),
        updates: createRollingLimit({ windowMs: minuteMs, countMax: updatesPerMinuteMax, nowMs }),
        updateCountMax: updatesPerMinuteMax,
      },
      isKeptOut: async (principal, scope) => {
        const { event, profile } = await deps.classifiedFor(principal, scope)
        return event.length + profile.length > 0
      },
    }),
    findBlocked: async (projectId) => blockedNames(await effects.current(projectId)),
    namesFor,
  }
}

const endApproval = async (settings: LexiconSettingsStore, request: Scoped): Promise<void> => {
  const { scope, project, requestId } = request
  const { settings: before } = await settings.find(scope)
  const actor = {
    type: 'system',
    id: null,
    name: 'more events waited for approval than anybody looks through',
  } as const
  const who = { actor, organizationId: project.organizationId, requestId }
  await settings.replace(scope, { settings: { ...before, event_approval: false }, engineNow: '' }, who)
}

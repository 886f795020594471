import type { Route } from '../../http/route.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { annotationRoutes } from './annotation-routes.ts'
import type { CheckExpression } from './check-definition.ts'
import type { BookmarkDefinition } from './definitions/bookmark.ts'
import type { CohortDefinition } from './definitions/cohort.ts'
import type { CustomEventDefinition } from './definitions/custom-event.ts'
import type { CustomPropertyDefinition } from './definitions/custom-property.ts'
import { type DataViewDefinition, dataViewExpression } from './definitions/data-view.ts'
import type { FunnelDefinition } from './definitions/funnel.ts'
import type { SessionSettings } from './definitions/session-settings.ts'
import { type MemberRouteDeps, memberRoutes } from './member-routes.ts'
import { oldAnnotationRoutes } from './old-annotation-routes.ts'
import { type DefinitionRouteDeps, definitionRoutes } from './routes.ts'
import { sessionSettingsRoutes } from './session-settings-routes.ts'
import { createCohortMembers } from './store/clickhouse-cohort-members.ts'
import { type AnnotationStore, createAnnotationStore } from './store/postgres-annotation-store.ts'
import { createCohortStateStore } from './store/postgres-cohort-state-store.ts'
import {
  type Creator,
  createDefinitionStore,
  type DefinitionKind,
  type SavedDefinition,
} from './store/postgres-definition-store.ts'
import { createSessionSettingsStore, type SessionSettingsStore } from './store/postgres-session-settings-store.ts'
import { findTeams } from './store/postgres-teams.ts'

export interface ReportsDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly regionDb: (regionId: string) => RegionDb
  /** Throws InvalidRequest, with the place in the text, for what is no expression. */
  readonly checkExpression: CheckExpression
  /** Members that nobody reads could not be removed; they are tried again with the next upload or start. */
  readonly onProblem: (regionId: string, error: unknown) => void
}

/** A saved thing as questions need it. */
export interface Saved<Definition> {
  readonly id: number
  readonly name: string
  readonly description: string
  readonly isVisible: boolean
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly definition: Definition
}

export interface SavedCohort extends Saved<CohortDefinition> {
  readonly creator: Creator
  /** As of its last computation, or of its upload. */
  readonly memberCount: number
  /** Null: it never was computed. */
  readonly countedAt: Date | null
  /** The upload that counts, of a static one. */
  readonly memberVersion: string | null
}

/** What people saved, for the slices that answer questions. Null: the project has none of that id. */
export interface SavedReports {
  funnel(scope: ProjectScope, id: number): Promise<Saved<FunnelDefinition> | null>
  funnels(scope: ProjectScope): Promise<readonly Saved<FunnelDefinition>[]>
  bookmark(scope: ProjectScope, id: number): Promise<Saved<BookmarkDefinition> | null>
  cohort(scope: ProjectScope, id: number): Promise<SavedCohort | null>
  cohorts(scope: ProjectScope): Promise<readonly SavedCohort[]>
  /** What `cohorts` answers as `memberCount` from then on. */
  cohortCounted(scope: ProjectScope, id: number, memberCount: number): Promise<void>
  customEvent(scope: ProjectScope, id: number): Promise<(CustomEventDefinition & { readonly name: string }) | null>
  /** The expression that every event has to meet, null for all data; undefined when there is no such view. */
  dataView(scope: ProjectScope, id: number): Promise<string | null | undefined>
  /** The same for profiles. */
  dataViewOfProfiles(scope: ProjectScope, id: number): Promise<string | null | undefined>
  sessionSettings(scope: ProjectScope): Promise<SessionSettings>
  /** By id. */
  customProperties(scope: ProjectScope): Promise<ReadonlyMap<number, CustomPropertyDefinition>>
}

export interface Reports {
  readonly routes: readonly Route[]
  readonly saved: SavedReports
  /** Removes members of replaced, failed and removed cohorts of a region. Never throws. */
  sweep(regionId: string): Promise<void>
}

/** Every route of the slice. */
export const reportRoutes = (
  deps: DefinitionRouteDeps &
    MemberRouteDeps & { readonly annotations: AnnotationStore; readonly sessionSettings: SessionSettingsStore },
): readonly Route[] => [
  ...definitionRoutes(deps),
  ...memberRoutes(deps),
  ...annotationRoutes(deps.annotations),
  ...oldAnnotationRoutes(deps.annotations),
  ...sessionSettingsRoutes(deps.sessionSettings),
]

// Far more than anybody reads through.
const definitionCountMax = 10_000

/** Wires the slice: definitions in the control store, members of static cohorts in the region engine. */
export const createReports = (deps: ReportsDeps): Reports => {
  const { control, appendAudit } = deps
  const definitions = createDefinitionStore({ control, appendAudit, countMax: definitionCountMax })
  const cohortStates = createCohortStateStore(control)
  const sessionSettings = createSessionSettingsStore({ control, appendAudit })
  const membersOf = (regionId: string) => createCohortMembers(deps.regionDb(regionId))

  const trying = async (regionId: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      deps.onProblem(regionId, error)
    }
  }
  const dropMembers = (regionId: string, version: string) => trying(regionId, () => membersOf(regionId).drop(version))
  const sweep = (regionId: string): Promise<void> =>
    trying(regionId, async () => {
      // What counts is asked last: an upload that becomes current in between is not taken for an old one.
      const old = await membersOf(regionId).oldVersions()
      const current = old.length === 0 ? new Set<string>() : await cohortStates.currentVersions(regionId)
      for (const version of old) if (!current.has(version)) await membersOf(regionId).drop(version)
    })

  // Definitions were checked when they were saved, by the schema that the type is made from.
  const find = async <Definition>(
    scope: ProjectScope,
    kind: DefinitionKind,
    id: number,
  ): Promise<(SavedDefinition & Saved<Definition>) | null> => {
    const [found] =
      Number.isInteger(id) && id >= 1 && id <= 2_147_483_647 ? await definitions.some(scope, kind, [id]) : []
    return (found as (SavedDefinition & Saved<Definition>) | undefined) ?? null
  }
  const cohorts = async (scope: ProjectScope): Promise<readonly SavedCohort[]> => {
    const [found, states] = await Promise.all([definitions.list(scope, 'cohort'), cohortStates.all(scope)])
    return found.map((cohort) => {
      const { memberCount = 0, countedAt = null, memberVersion = null } = states.get(cohort.id) ?? {}
      return { ...(cohort as SavedDefinition & Saved<CohortDefinition>), memberCount, countedAt, memberVersion }
    })
  }
  const dataView = async (scope: ProjectScope, id: number) =>
    (await find<DataViewDefinition>(scope, 'data-view', id))?.definition

  return {
    routes: reportRoutes({
      definitions,
      teamsOf: (principal) => findTeams(control, principal),
      cohortStates,
      membersOf,
      dropMembers,
      sweep,
      checkExpression: deps.checkExpression,
      annotations: createAnnotationStore({ control, appendAudit }),
      sessionSettings,
    }),
    sweep,
    saved: {
      funnel: (scope, id) => find(scope, 'funnel', id),
      funnels: (scope) => definitions.list(scope, 'funnel') as Promise<readonly Saved<FunnelDefinition>[]>,
      bookmark: (scope, id) => find(scope, 'bookmark', id),
      cohort: async (scope, id) => (await cohorts(scope)).find((cohort) => cohort.id === id) ?? null,
      cohorts,
      cohortCounted: (scope, id, memberCount) => cohortStates.counted(scope, id, memberCount),
      customEvent: async (scope, id) => {
        const found = await find<CustomEventDefinition>(scope, 'custom-event', id)
        return found === null ? null : { ...found.definition, name: found.name }
      },
      dataView: async (scope, id) => {
        const view = await dataView(scope, id)
        return view === undefined ? undefined : dataViewExpression(view)
      },
      customProperties: async (scope) => {
        const found = (await definitions.list(scope, 'custom-property')) as readonly Saved<CustomPropertyDefinition>[]
        return new Map(found.map(({ id, definition }) => [id, definition]))
      },
      sessionSettings: async (scope) => (await sessionSettings.find(scope)).settings,
      dataViewOfProfiles: async (scope, id) => {
        const view = await dataView(scope, id)
        return view === undefined ? undefined : (view.profile_where ?? null)
      },
    },
  }
}

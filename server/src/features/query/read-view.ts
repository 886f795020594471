import type { Principal } from '../../kernel/principal.ts'
import type { Project } from '../../kernel/project.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { IdentityRows, KnownDuplicates, LiveEvents } from '../identity/index.ts'
import type { CustomPropertyDefinition } from '../reports/index.ts'
import type { Binder } from './compile/sql-context.ts'
import { defaultSessionMode, inheritedBySessions, type ProjectSessions } from './domain/sessions/sessions.ts'
import { type NamesView, noNames } from './names-view.ts'

/** SQL of a condition on `person`, SQL of a canonical id. */
export type IsMemberSql = (binder: Binder, person: string) => string

/** What a project has defined that expressions and events of questions can name. */
export interface CustomFacts {
  readonly properties: ReadonlyMap<number, CustomPropertyDefinition>
  readonly sessions: ProjectSessions
  /** Of one report: profile properties that say whether somebody is in a cohort. */
  readonly cohorts?: ReadonlyMap<string, IsMemberSql>
}

declare const viewed: unique symbol

export interface ClassifiedNames {
  readonly event: readonly string[]
  readonly profile: readonly string[]
}

/**
 * What one query may see. Sources of rows are made from nothing else, and it is made from nothing but a ProjectScope
 * (`openReadView`), so no plan can leave out scope, hidden set, identity, deduplication or classification (DESIGN §8).
 */
export interface ReadView {
  readonly scope: ProjectScope
  /** IANA name: days, hours and weeks of a request are meant in it. */
  readonly timezone: string
  /** When the question was asked: what `today()` and relative ranges go by. */
  readonly nowMs: number
  /** How much a read has to look up of who is who. */
  readonly identity: IdentityRows
  /** Which events are past their retention, or deleted by a rule. */
  readonly live: LiveEvents
  /** Null: no event of the project is stored twice, and reads need no deduplication. */
  readonly duplicates: KnownDuplicates | null
  /** Expression of the data view (`workspace_id`), which every event has to meet; null for all data (QRY-22). */
  readonly dataView: string | null
  /** PRIV-36: names of properties that the caller may not see. */
  readonly classified: ClassifiedNames
  /** RPT-07, RPT-08. */
  readonly custom: CustomFacts
  /** LEX-07. */
  readonly names: NamesView
  /** Events from this instant on are not there yet; null: all there are. */
  readonly untilMs: number | null
  readonly [viewed]: true
}

export interface ReadViewFacts {
  readonly identity: (scope: ProjectScope, signal: AbortSignal) => Promise<IdentityRows>
  readonly live: (scope: ProjectScope, signal: AbortSignal) => Promise<LiveEvents>
  /** Sees every event that was stored before the call. */
  readonly duplicates: (scope: ProjectScope, signal: AbortSignal) => Promise<KnownDuplicates | null>
  /** Throws InvalidRequest for an id that the project does not have. */
  readonly dataView: (scope: ProjectScope, workspaceId: string) => Promise<string | null>
  readonly classified: (principal: Principal, scope: ProjectScope) => Promise<ClassifiedNames>
  readonly custom: (scope: ProjectScope) => Promise<CustomFacts>
  readonly names: (scope: ProjectScope, signal: AbortSignal) => Promise<NamesView>
}

export interface ViewRequest {
  readonly principal: Principal
  readonly scope: ProjectScope
  readonly project: Pick<Project, 'timezone'>
  /** As sent; undefined means all data. */
  readonly workspaceId?: string | undefined
  readonly nowMs: number
  readonly signal: AbortSignal
}

export const openReadView = async (
  facts: ReadViewFacts,
  { principal, scope, project, workspaceId, nowMs, signal }: ViewRequest,
): Promise<ReadView> => {
  const [identity, live, duplicates, dataView, classified, custom, names] = await Promise.all([
    facts.identity(scope, signal),
    facts.live(scope, signal),
    facts.duplicates(scope, signal),
    workspaceId === undefined ? null : facts.dataView(scope, workspaceId),
    facts.classified(principal, scope),
    facts.custom(scope),
    facts.names(scope, signal),
  ])
  const { timezone } = project
  return Object.freeze({
    scope,
    timezone,
    nowMs,
    identity,
    live,
    duplicates,
    dataView,
    classified,
    custom,
    names,
    untilMs: null,
  }) as ReadView
}

/** The same with cohorts that expressions of one report can ask for. */
export const withCohorts = (view: ReadView, cohorts: ReadonlyMap<string, IsMemberSql>): ReadView =>
  Object.freeze({ ...view, custom: { ...view.custom, cohorts } })

/** What could have been seen at an instant, going by when events happened. Profiles are as they are. */
export const asOf = (view: ReadView, nowMs: number): ReadView => Object.freeze({ ...view, nowMs, untilMs: nowMs })

/** Of a project that has defined nothing. */
export const noCustomFacts: CustomFacts = {
  properties: new Map(),
  sessions: { ...defaultSessionMode, excluded: [], inherited: inheritedBySessions },
}

/** For rows as they were stored, duplicates included, which only raw export gives. */
export const rawReadView = (
  { scope, project: { timezone }, nowMs }: Pick<ViewRequest, 'scope' | 'project' | 'nowMs'>,
  classified: ClassifiedNames,
  custom: CustomFacts = noCustomFacts,
): ReadView =>
  Object.freeze({
    scope,
    timezone,
    nowMs,
    identity: 'all',
    live: { keptFromMs: null },
    duplicates: null,
    dataView: null,
    classified,
    custom,
    untilMs: null,
    names: noNames,
  }) as ReadView

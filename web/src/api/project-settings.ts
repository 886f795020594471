import { queryOptions } from '@tanstack/react-query'
import type { ListedProject, MadeProject } from './organizations.ts'
import type { Project } from './projects.ts'
import { get, patch, post, put, remove, sendJson } from './request.ts'

const path = (projectId: number): string => `/api/app/projects/${projectId}`
const keyOf = (projectId: number, name: string) => ['projects', projectId, name] as const

/** A query of one of the settings of a project. */
const setting =
  <Value>(name: string) =>
  (projectId: number) =>
    queryOptions({
      queryKey: keyOf(projectId, name),
      queryFn: ({ signal }) => get<Value>(`${path(projectId)}/${name}`, { signal }),
    })

export type ProjectChanges = Partial<Pick<Project, 'name' | 'timezone' | 'identity' | 'cluster'>>
export const changeProject = (projectId: number, changes: ProjectChanges): Promise<Project> =>
  patch(path(projectId), changes)

export const renewSecret = (projectId: number): Promise<{ readonly secret: string }> =>
  post(`${path(projectId)}/access-keys/secret`, {})
export const renewToken = (projectId: number): Promise<{ readonly token: string }> =>
  post(`${path(projectId)}/access-keys/token`, {})

export interface Retention {
  /** Null: for ever. */
  readonly days: number | null
  readonly is_default: boolean
  readonly events: readonly { readonly event: string; readonly days: number | null }[]
}
export const retentionQuery = setting<Retention>('retention')
/** `days` left out: the default of the server. */
export const setRetention = (
  projectId: number,
  retention: { readonly days?: number | null; readonly events: Retention['events'] },
): Promise<Retention> => put(`${path(projectId)}/retention`, retention)

interface Beside {
  readonly excluded_events?: readonly string[]
  readonly inherited_properties?: readonly string[]
}
export type SessionSettings = Beside &
  (
    | { readonly mode: 'timeout'; readonly timeout_minutes: number }
    | { readonly mode: 'events'; readonly start_event: string; readonly end_event: string }
    | { readonly mode: 'property'; readonly property: string }
  )
export interface StoredSessionSettings {
  readonly version: number
  readonly settings: SessionSettings
}
export const sessionSettingsQuery = setting<StoredSessionSettings>('session-settings')
export const setSessionSettings = (projectId: number, changed: StoredSessionSettings): Promise<StoredSessionSettings> =>
  put(`${path(projectId)}/session-settings`, { settings: changed.settings, version: changed.version })

export interface GroupKey {
  readonly key: string
  readonly display_name: string
  readonly data_group_id: string
  readonly created_at: string
}
export const groupKeysQuery = setting<readonly GroupKey[]>('group-keys')
export const addGroupKey = (projectId: number, key: string): Promise<GroupKey> =>
  post(`${path(projectId)}/group-keys`, { key })
export const removeGroupKey = (projectId: number, key: string): Promise<void> =>
  remove(`${path(projectId)}/group-keys`, { query: { key } })

export interface Classified {
  readonly event: readonly string[]
  readonly profile: readonly string[]
}
export const classifiedQuery = setting<Classified>('classified-properties')
export const setClassified = (projectId: number, properties: Classified): Promise<Classified> =>
  put(`${path(projectId)}/classified-properties`, properties)

export interface LookupTable {
  readonly id: string
  readonly name: string
}
export const lookupTablesQuery = setting<readonly LookupTable[]>('lookup-tables')

export type ConsentPolicy = 'store' | 'anonymise' | 'drop'
export type RuleValue = string | number | boolean
export interface PropertyRule {
  readonly name: string
  readonly event?: string
  readonly of: readonly ('events' | 'profiles')[]
  readonly do: 'drop' | 'hash' | 'truncate'
  readonly length?: number
}
export interface DropFilter {
  readonly event: string
  readonly properties: readonly { readonly name: string; readonly values: readonly RuleValue[] }[]
}
export interface DataRules {
  readonly version: number
  readonly updated_at: string | null
  readonly properties: readonly PropertyRule[]
  readonly blocked_events: readonly string[]
  readonly drop_filters: readonly DropFilter[]
  readonly consent: {
    readonly sec_gpc: ConsentPolicy
    readonly dnt: ConsentPolicy
    readonly property: {
      readonly name: string
      readonly values: readonly RuleValue[]
      readonly policy: ConsentPolicy
    } | null
  }
}
export const dataRulesQuery = setting<DataRules>('data-rules')
export const setDataRules = (projectId: number, rules: DataRules): Promise<DataRules> =>
  put(`${path(projectId)}/data-rules`, rules)

export interface Suppression {
  readonly suppress_erased: boolean
  readonly count: number
}
export const suppressionQuery = setting<Suppression>('suppression')

export const deleteProject = async (projectId: number): Promise<{ readonly purge_due: string }> =>
  (await sendJson<{ readonly results: { readonly purge_due: string } }>('DELETE', path(projectId))).results
export const resetProject = (projectId: number): Promise<MadeProject> => post(`${path(projectId)}/reset`, {})
export const transferProject = (projectId: number, organizationId: number): Promise<Project> =>
  post(`${path(projectId)}/transfer`, { organization_id: organizationId })

export interface DeletedProject extends ListedProject {
  readonly deleted: string
  readonly purge_due: string
  readonly purged: string | null
}
export const deletedProjectsQuery = (organizationId: number) =>
  queryOptions({
    queryKey: ['organizations', organizationId, 'deleted-projects'],
    queryFn: ({ signal }) =>
      get<readonly DeletedProject[]>(`/api/app/organizations/${organizationId}/deleted-projects`, { signal }),
  })
export const restoreProject = (organizationId: number, projectId: number): Promise<unknown> =>
  post(`/api/app/organizations/${organizationId}/deleted-projects/${projectId}/restore`, {})

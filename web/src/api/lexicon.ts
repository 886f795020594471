import { queryOptions } from '@tanstack/react-query'
import { get, patch, post, put, type Query, remove, send, withQuery } from './request.ts'

export type LexiconStatus = 'visible' | 'hidden' | 'pending' | 'blocked' | 'merged'
/** The three lists of the lexicon, as in its paths. */
export type LexiconList = 'events' | 'event-properties' | 'profile-properties'

/** What is known of a name: what was said about it, and what was found. */
export interface LexiconItem {
  readonly name: string
  readonly display_name: string | null
  readonly description: string | null
  readonly status: LexiconStatus
  readonly hidden: boolean
  readonly blocked: boolean
  readonly merged_into?: string | null
  /** Events only. */
  readonly tags?: readonly string[]
  readonly contacts?: readonly string[]
  readonly team_contacts?: readonly string[]
  readonly verified?: { readonly by: string; readonly at: string } | null
  readonly volume_30d?: number
  readonly first_seen?: string | null
  readonly last_seen?: string | null
  readonly faults?: readonly string[]
  /** Properties only. */
  readonly types?: readonly string[]
  readonly count_30d?: number
  readonly classified?: boolean
}

/** Null takes away what was said. */
export interface LexiconChange {
  readonly display_name?: string | null
  readonly description?: string | null
  readonly hidden?: boolean
  readonly blocked?: boolean
  readonly tags?: readonly string[] | null
  readonly contacts?: readonly string[] | null
  readonly verified?: boolean
}

export interface LexiconSettings {
  readonly event_approval: boolean
  readonly standards: {
    readonly naming: string | null
    readonly requires_description: boolean
    readonly requires_owner: boolean
  }
  readonly volume_monitoring: { readonly enabled: boolean; readonly look_back_days: number }
}

interface StoredSettings {
  readonly version: number
  readonly settings: LexiconSettings
}

const base = (projectId: number, rest: string): string => `/api/app/projects/${projectId}/lexicon/${rest}`

export const lexiconPath = (projectId: number, list: LexiconList, query: Query = {}): string =>
  withQuery(base(projectId, list), query)
export const lexiconCsvPath = (projectId: number): string => base(projectId, 'csv')

export const lexiconKey = (projectId: number) => ['projects', projectId, 'lexicon'] as const

export const lexiconQuery = (projectId: number, list: LexiconList) =>
  queryOptions({
    queryKey: [...lexiconKey(projectId), list],
    queryFn: ({ signal }) => get<readonly LexiconItem[]>(lexiconPath(projectId, list), { signal }),
    staleTime: 30_000,
  })

export const changeLexicon = (
  projectId: number,
  list: LexiconList,
  { names, set }: { readonly names: readonly string[]; readonly set: LexiconChange },
) => patch<{ readonly changed: number }>(lexiconPath(projectId, list), { names, set })

type MergeKind = 'event' | 'event-property'
export const mergeNames = (projectId: number, kind: MergeKind, names: readonly string[], into: string) =>
  post(base(projectId, 'merges'), { kind, names, into })
export const unmergeNames = (projectId: number, kind: MergeKind, names: readonly string[]) =>
  remove(base(projectId, 'merges'), { body: { kind, names } })

export const importLexicon = async (projectId: number, text: string): Promise<void> => {
  await send('POST', lexiconCsvPath(projectId), { body: text, headers: { 'Content-Type': 'text/csv' } })
}

interface LexiconNotice {
  readonly kind: 'volume' | 'approval'
  readonly day: string
  readonly events: readonly { readonly event: string; readonly actual?: number; readonly change?: number }[]
}

/** Of the last two weeks, the newest first. */
export const lexiconNoticesQuery = (projectId: number) =>
  queryOptions({
    queryKey: [...lexiconKey(projectId), 'notices'],
    queryFn: ({ signal }) => get<readonly LexiconNotice[]>(base(projectId, 'notices'), { signal }),
    staleTime: 60_000,
  })

export const lexiconSettingsQuery = (projectId: number) =>
  queryOptions({
    queryKey: [...lexiconKey(projectId), 'settings'],
    queryFn: ({ signal }) => get<StoredSettings>(base(projectId, 'settings'), { signal }),
  })
export const saveLexiconSettings = (projectId: number, sent: StoredSettings) =>
  put<StoredSettings>(base(projectId, 'settings'), sent)

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { get, type Query, sendJson, withQuery } from './request.ts'

/** An event as anybody may see it now. */
export interface FeedEvent {
  readonly event: string
  /** Milliseconds since 1970. */
  readonly time: number
  /** Whose it is; '' for nobody. */
  readonly distinct_id: string
  /** The id it came with. */
  readonly sent_distinct_id: string
  readonly insert_id: string
  /** When the server took it in, in milliseconds since 1970. */
  readonly received: number
  readonly properties: Readonly<Record<string, unknown>>
}

interface FeedPage {
  readonly events: readonly FeedEvent[]
  readonly older: string | null
  /** How long the answer took. */
  readonly tookMs: number
}

export interface FeedAsked {
  readonly events?: readonly string[]
  readonly where?: string | undefined
  readonly distinctId?: string | undefined
  readonly limit?: number
}

const path = (projectId: number): string => `/api/app/projects/${projectId}/events`

const queryOf = ({ events = [], where, distinctId, limit }: FeedAsked): Query => ({
  event: events.length === 0 ? undefined : JSON.stringify(events),
  where,
  distinct_id: distinctId,
  limit,
})

/** Path and query of what the feed asks, to be shown. */
export const feedPath = (projectId: number, asked: FeedAsked): string => withQuery(path(projectId), queryOf(asked))

/** The rows that are shown, as a file. */
export const feedCsvPath = (projectId: number, asked: FeedAsked, columns: readonly string[]): string =>
  withQuery(`${path(projectId)}/csv`, { ...queryOf(asked), columns: JSON.stringify(columns) })

/** Newest first, page by page. All loaded pages are asked again together: who was erased goes from each of them. */
export const feedQuery = (projectId: number, asked: FeedAsked) =>
  infiniteQueryOptions({
    queryKey: ['projects', projectId, 'events', queryOf(asked)],
    queryFn: async ({ pageParam, signal }): Promise<FeedPage> => {
      const fromMs = performance.now()
      const query = { ...queryOf(asked), before: pageParam ?? undefined }
      const page = await get<Omit<FeedPage, 'tookMs'>>(path(projectId), { query, signal })
      return { ...page, tookMs: performance.now() - fromMs }
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ older }) => older,
  })

/** When a live page asks again: soon, and a question that takes long much later, so that pages never fill the engine. */
export const askAgainMs =
  (soonestMs: number) =>
  ({ state }: { readonly state: { readonly data?: { readonly pages: readonly FeedPage[] } | undefined } }): number => {
    const tookMs = (state.data?.pages ?? []).reduce((sum, page) => sum + page.tookMs, 0)
    return Math.min(60_000, Math.max(soonestMs, 10 * tookMs))
  }

/** Names of events of the last month, the most common first. */
export const eventNamesQuery = (projectId: number) =>
  queryOptions({
    queryKey: ['projects', projectId, 'event-names'],
    queryFn: ({ signal }) =>
      sendJson<readonly string[]>('GET', '/api/query/events/names', {
        query: { project_id: projectId, type: 'general', limit: 255 },
        signal,
      }),
    staleTime: 60_000,
  })

import { queryOptions, useSuspenseQuery } from '@tanstack/react-query'
import { get } from './request.ts'

export interface Region {
  readonly id: string
  readonly hosts: readonly string[]
  readonly api_host: string
  readonly data_host: string
  readonly web_host: string
  /** Of its web host, without trailing slash. */
  readonly url: string
}

export const regionsQuery = queryOptions({
  queryKey: ['regions'],
  queryFn: ({ signal }) => get<readonly Region[]>('/api/app/regions', { signal }),
  staleTime: Number.POSITIVE_INFINITY,
})

export const useRegions = (): readonly Region[] => useSuspenseQuery(regionsQuery).data

/** The region whose host this page was opened at. Null: a host of no region, which reaches all. */
export const regionHere = (regions: readonly Region[], hostname = window.location.hostname): Region | null =>
  regions.find(({ hosts }) => hosts.includes(hostname.toLowerCase())) ?? null

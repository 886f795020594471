import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { ApiError, get, patch, post, type Query, remove, sendJson, withQuery } from './request.ts'

export type Properties = Readonly<Record<string, unknown>>

export interface ListedPerson {
  readonly $distinct_id: string
  readonly $properties: Properties
}

interface PeoplePage {
  readonly page: number
  readonly page_size: number
  readonly total: number
  readonly results: readonly ListedPerson[]
}

export interface PeopleAsked {
  readonly search?: string | undefined
  readonly where?: string | undefined
  readonly cohortId?: string | undefined
  /** Whoever did anything, with a profile or without. */
  readonly isEverybody: boolean
  readonly sort?: { readonly property: string; readonly isDescending: boolean } | undefined
  readonly columns: readonly string[]
}

const path = (projectId: number): string => `/api/app/projects/${projectId}`

const queryOf = ({ search, where, cohortId, isEverybody, sort, columns }: PeopleAsked): Query => ({
  search,
  where,
  filter_by_cohort: cohortId === undefined ? undefined : JSON.stringify({ id: Number(cohortId) }),
  include_all_users: isEverybody || undefined,
  sort_key: sort === undefined ? undefined : `properties[${JSON.stringify(sort.property)}]`,
  sort_order: sort === undefined ? undefined : sort.isDescending ? 'descending' : 'ascending',
  output_properties: JSON.stringify(columns),
})

export const peoplePath = (projectId: number, asked: PeopleAsked): string =>
  withQuery(`${path(projectId)}/people`, queryOf(asked))

export const peopleCsvPath = (projectId: number, asked: PeopleAsked): string =>
  withQuery(`${path(projectId)}/people/csv`, queryOf(asked))

export const peopleQuery = (projectId: number, asked: PeopleAsked) =>
  infiniteQueryOptions({
    queryKey: ['projects', projectId, 'people', queryOf(asked)],
    queryFn: ({ pageParam, signal }) =>
      sendJson<PeoplePage>('GET', `${path(projectId)}/people`, {
        query: { ...queryOf(asked), page: pageParam },
        signal,
      }),
    initialPageParam: 0,
    getNextPageParam: ({ page, page_size, total }) => ((page + 1) * page_size < total ? page + 1 : null),
  })

/** What profiles hold, the most common first. */
export const profilePropertiesQuery = (projectId: number) =>
  queryOptions({
    queryKey: ['projects', projectId, 'profile-properties'],
    queryFn: async ({ signal }) =>
      Object.keys(
        await get<Readonly<Record<string, object>>>('/api/query/engage/properties', {
          query: { project_id: projectId },
          signal,
        }),
      ),
    staleTime: 60_000,
  })

export interface Cohort {
  readonly id: number
  readonly name: string
}

export const cohortsQuery = (projectId: number) =>
  queryOptions({
    queryKey: ['projects', projectId, 'cohorts-list'],
    queryFn: ({ signal }) =>
      sendJson<readonly Cohort[]>('GET', '/api/query/cohorts/list', { query: { project_id: projectId }, signal }),
    staleTime: 60_000,
  })

export interface Person {
  readonly distinct_id: string
  /** Every id that is this person. */
  readonly distinct_ids: readonly string[]
  readonly has_profile: boolean
  readonly event_count: number
  readonly first_event: number | null
  readonly last_event: number | null
  readonly properties: Properties
}

export const personPath = (projectId: number, distinctId: string): string =>
  withQuery(`${path(projectId)}/person`, { distinct_id: distinctId })

export const personQuery = (projectId: number, distinctId: string) =>
  queryOptions({
    queryKey: ['projects', projectId, 'person', distinctId],
    queryFn: ({ signal }) => get<Person>(personPath(projectId, distinctId), { signal }),
    retry: (count, error) => count < 2 && error instanceof ApiError && error.status >= 500,
  })

export const createPerson = (
  projectId: number,
  distinctId: string,
  properties: Properties,
): Promise<{ readonly distinct_id: string }> =>
  post(`${path(projectId)}/people`, { distinct_id: distinctId, properties })

export const changePerson = (
  projectId: number,
  distinctId: string,
  changes: { readonly set?: Properties; readonly unset?: readonly string[] },
): Promise<Person> => patch(personPath(projectId, distinctId), changes)

export const deletePerson = (projectId: number, distinctId: string): Promise<void> =>
  remove(personPath(projectId, distinctId))

export interface ImportOutcome {
  readonly rows: number
  readonly imported: number
  readonly failed: number
  readonly failed_rows: readonly { readonly row: number; readonly error: string }[]
}

/** A CSV file; `columns` are the properties of its columns in order, '' for one that is left out. */
export const importPeople = async (
  projectId: number,
  file: { readonly text: string; readonly columns: readonly string[]; readonly hasHeader: boolean },
): Promise<ImportOutcome> => {
  const query = { columns: JSON.stringify(file.columns), has_header: file.hasHeader }
  const body = new Blob([file.text], { type: 'text/csv' })
  const sent = { query, body, headers: { 'Content-Type': 'text/csv' } }
  return (await sendJson<{ readonly results: ImportOutcome }>('POST', `${path(projectId)}/people/import`, sent)).results
}

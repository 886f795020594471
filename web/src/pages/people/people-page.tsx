import '../events/events.css'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import {
  cohortsQuery,
  type ListedPerson,
  type PeopleAsked,
  peopleCsvPath,
  peoplePath,
  peopleQuery,
  profilePropertiesQuery,
} from '../../api/people.ts'
import { useMe } from '../../api/session.ts'
import { ColumnEditor } from '../../filters/column-editor.tsx'
import { FilterRows } from '../../filters/filter-rows.tsx'
import { type PropertyFilter, whereOf } from '../../filters/property-filter.ts'
import { pathTo } from '../../page-paths.ts'
import { useProjectId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { useSettled } from '../../ui/use-settled.ts'
import { count } from '../../words/numbers.ts'
import { shownValue } from '../../words/values.ts'
import { NotFoundPage } from '../not-found-page.tsx'
import { NewPerson } from './new-person.tsx'
import { type PeopleSearch, peopleSearch } from './people-search.ts'
import { personName } from './person-name.ts'

/** RPT-05: the people of a project. */
export const Page = () => {
  const projectId = useProjectId()
  const mine = useMe().projects[String(projectId)]
  return mine === undefined ? <NotFoundPage /> : <People projectId={projectId} permissions={mine.permissions} />
}

const noFilters: readonly PropertyFilter[] = []
const usualColumns: readonly string[] = ['$email', '$last_seen']
// Beside the columns: what the name of a person is made of.
const ofNames: readonly string[] = ['$name', '$email', '$first_name', '$last_name']

const sortOf = (sort: string | undefined): PeopleAsked['sort'] =>
  sort === undefined ? undefined : { property: sort.replace(/^-/, ''), isDescending: sort.startsWith('-') }

const People = ({ projectId, permissions }: { projectId: number; permissions: readonly string[] }) => {
  const navigate = useNavigate()
  const search = peopleSearch(useSearch({ strict: false }))
  const { filter = noFilters, columns = usualColumns, q = '', cohort, of, sort } = search
  const [isMaking, setMaking] = useState(false)
  const show = (changed: { [Name in keyof PeopleSearch]: PeopleSearch[Name] | undefined }) =>
    navigate({ to: '.', search: peopleSearch({ ...search, ...changed }), replace: true }).catch(() => undefined)
  const where = useSettled(whereOf(filter))
  const asked: PeopleAsked = {
    search: useSettled(q) === '' ? undefined : q,
    where,
    cohortId: cohort,
    isEverybody: of === 'everybody',
    sort: sortOf(sort),
    columns: [...new Set([...columns, ...ofNames])],
  }
  const people = useInfiniteQuery(peopleQuery(projectId, asked))
  const names = useQuery(profilePropertiesQuery(projectId)).data ?? []
  const cohorts = useQuery(cohortsQuery(projectId)).data ?? []
  const rows = people.data?.pages.flatMap(({ results }) => results) ?? []
  const total = people.data?.pages.at(-1)?.total ?? 0
  const isNarrowed = q !== '' || where !== undefined || cohort !== undefined
  const mayWrite = permissions.includes('profiles:write')
  return (
    <Frame
      title="Users"
      intro="The people in the data of this project."
      actions={
        <>
          <ColumnEditor columns={columns} names={names} onChange={(next) => show({ columns: next })} />
          {permissions.includes('profiles:export') && rows.length > 0 ? (
            <a className="button" href={peopleCsvPath(projectId, { ...asked, columns })} download>
              Download CSV
            </a>
          ) : null}
          {mayWrite ? (
            <>
              <ButtonLink to={pathTo('importPeople', { projectId })}>Import CSV</ButtonLink>
              <Button kind="main" onClick={() => setMaking(true)}>
                Add a person
              </Button>
            </>
          ) : null}
        </>
      }
    >
      <div className="chips">
        <Field
          label="Search"
          type="search"
          placeholder="An id, a name, any value"
          autoComplete="off"
          value={q}
          onChange={(event) => show({ q: event.target.value })}
        />
        <Select
          label="Show"
          value={of ?? 'profiles'}
          onChange={(event) => show({ of: event.target.value === 'everybody' ? 'everybody' : undefined })}
          choices={[
            { value: 'profiles', label: 'People with a profile' },
            { value: 'everybody', label: 'Everybody who did anything' },
          ]}
        />
        {cohorts.length === 0 ? null : (
          <Select
            label="Cohort"
            value={cohort ?? ''}
            onChange={(event) => show({ cohort: event.target.value === '' ? undefined : event.target.value })}
            choices={[
              { value: '', label: 'Any' },
              ...cohorts.map(({ id, name }) => ({ value: String(id), label: name })),
            ]}
          />
        )}
        <Select
          label="Order"
          value={sort ?? ''}
          onChange={(event) => show({ sort: event.target.value === '' ? undefined : event.target.value })}
          choices={[
            { value: '', label: 'By distinct_id' },
            ...columns.flatMap((name) => [
              { value: name, label: `By ${name}, least first` },
              { value: `-${name}`, label: `By ${name}, greatest first` },
            ]),
          ]}
        />
      </div>
      <FilterRows filters={filter} names={names} onChange={(next) => show({ filter: next })} />
      <ErrorNote error={people.error} onRetry={() => people.refetch()} />
      {people.isPending ? <SkeletonRows what="Loading the people" rows={10} /> : null}
      {people.data === undefined ? null : (
        <Table
          caption="People"
          columns={columnsOf(projectId, columns)}
          rows={rows}
          keyOf={({ $distinct_id: id }) => id}
          empty={<Nobody isNarrowed={isNarrowed} mayWrite={mayWrite} onMake={() => setMaking(true)} />}
        />
      )}
      {rows.length === 0 ? null : (
        <div className="row">
          <span className="muted">
            {count(rows.length, 'person', 'people')} of {count(total, 'person', 'people')}
          </span>
          {people.hasNextPage ? (
            <Button isBusy={people.isFetchingNextPage} onClick={() => people.fetchNextPage()}>
              Load more people
            </Button>
          ) : null}
        </div>
      )}
      <AsCurl path={peoplePath(projectId, asked)} />
      {isMaking ? <NewPerson projectId={projectId} onClose={() => setMaking(false)} /> : null}
    </Frame>
  )
}

const columnsOf = (projectId: number, columns: readonly string[]): readonly Column<ListedPerson>[] => [
  {
    name: 'Person',
    show: ({ $distinct_id: distinctId, $properties: properties }) => (
      <Link to={pathTo('person', { projectId, distinctId })} search={{}}>
        {personName(distinctId, properties)}
      </Link>
    ),
  },
  {
    name: 'distinct_id',
    show: ({ $distinct_id: distinctId }) => <code className="event-cell">{distinctId}</code>,
  },
  ...columns.map(
    (name): Column<ListedPerson> => ({
      name,
      show: ({ $properties: properties }) => (
        <span className="event-cell" title={shownValue(properties[name])}>
          {shownValue(properties[name])}
        </span>
      ),
    }),
  ),
]

const Nobody = ({
  isNarrowed,
  mayWrite,
  onMake,
}: {
  readonly isNarrowed: boolean
  readonly mayWrite: boolean
  readonly onMake: () => void
}) =>
  isNarrowed ? (
    <EmptyState title="Nobody is like that">
      <p>Names and values are case sensitive; the search is not. Take a condition away to see more.</p>
    </EmptyState>
  ) : (
    <EmptyState
      title="Nobody has a profile yet"
      action={
        mayWrite ? (
          <Button kind="main" onClick={onMake}>
            Add a person
          </Button>
        ) : undefined
      }
    >
      <p>
        A profile is made when a client sets a property of a person, such as <code>mixpanel.people.set(…)</code>. People
        who only did something are under “Everybody who did anything”.
      </p>
    </EmptyState>
  )

import '../events/events.css'
import './lexicon.css'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import {
  changeLexicon,
  type LexiconItem,
  type LexiconList,
  lexiconKey,
  lexiconPath,
  lexiconQuery,
} from '../../api/lexicon.ts'
import type { MyProject } from '../../api/session.ts'
import { pathTo } from '../../page-paths.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { count, number } from '../../words/numbers.ts'
import { useSave } from '../settings/use-save.ts'
import type { LexiconSearch } from './lexicon-search.ts'
import { matching } from './matching.ts'
import { NameDialog } from './name-dialog.tsx'
import { StatusBadge } from './status-badge.tsx'

export interface NameListProps {
  readonly mine: MyProject
  readonly list: LexiconList
  readonly search: LexiconSearch
  readonly onShow: (changed: { [Name in keyof LexiconSearch]: LexiconSearch[Name] | undefined }) => void
}

// A page of a few hundred rows is read through; more are searched.
const shownMax = 300
const statuses = ['visible', 'hidden', 'pending', 'blocked', 'merged'] as const

/** One list of the lexicon: search, choose, change one or several. */
export const NameList = ({ mine, list, search, onShow }: NameListProps) => {
  const { q = '', status, open } = search
  const items = useQuery(lexiconQuery(mine.id, list))
  const [chosen, setChosen] = useState<readonly string[]>([])
  const found = matching(items.data ?? [], q, status)
  const shown = found.slice(0, shownMax)
  const opened = items.data?.find(({ name }) => name === open)
  const mayWrite = mine.permissions.includes('lexicon:write')
  const choose = (name: string, isChosen: boolean) =>
    setChosen(isChosen ? [...chosen, name] : chosen.filter((one) => one !== name))
  return (
    <div className="stack">
      <div className="chips">
        <Field
          label="Search"
          type="search"
          placeholder="A name, a word, a tag"
          autoComplete="off"
          value={q}
          onChange={(event) => onShow({ q: event.target.value })}
        />
        <Select
          label="Status"
          value={status ?? ''}
          onChange={(event) => onShow({ status: statuses.find((one) => one === event.target.value) })}
          choices={[
            { value: '', label: 'Any' },
            ...statuses
              .filter((one) => list === 'events' || one !== 'pending')
              .filter((one) => list !== 'profile-properties' || one === 'visible' || one === 'hidden')
              .map((one) => ({ value: one, label: one })),
          ]}
        />
      </div>
      {mayWrite ? <SeveralActions mine={mine} list={list} names={chosen} onDone={() => setChosen([])} /> : null}
      <ErrorNote error={items.error} onRetry={() => items.refetch()} />
      {items.isPending ? <SkeletonRows what="Loading the lexicon" rows={10} /> : null}
      {items.data === undefined ? null : (
        <>
          <Table
            caption={captions[list]}
            columns={columnsOf(list, {
              page: pathTo('lexicon', { projectId: mine.id }),
              search,
              mayWrite,
              chosen,
              choose,
            })}
            rows={shown}
            keyOf={({ name }) => name}
            empty={<Nothing list={list} isNarrowed={items.data.length > 0} />}
          />
          <p className="muted">
            {count(found.length, 'name')}
            {found.length > shown.length ? `; the first ${shownMax} are shown, search for the others` : ''}
          </p>
        </>
      )}
      <AsCurl method="GET" path={lexiconPath(mine.id, list)} />
      {opened === undefined ? null : (
        <NameDialog
          key={opened.name}
          mine={mine}
          list={list}
          item={opened}
          others={items.data ?? []}
          onClose={() => onShow({ open: undefined })}
        />
      )}
    </div>
  )
}

const captions: Readonly<Record<LexiconList, string>> = {
  events: 'Events',
  'event-properties': 'Event properties',
  'profile-properties': 'Profile properties',
}

interface Choosing {
  readonly page: string
  readonly search: LexiconSearch
  readonly mayWrite: boolean
  readonly chosen: readonly string[]
  readonly choose: (name: string, isChosen: boolean) => void
}

const columnsOf = (
  list: LexiconList,
  { page, search, mayWrite, chosen, choose }: Choosing,
): readonly Column<LexiconItem>[] => [
  {
    name: 'Name',
    show: ({ name, display_name: shown, verified }) => (
      <span className="lexicon-name">
        {mayWrite ? (
          <input
            type="checkbox"
            aria-label={`Choose ${name}`}
            checked={chosen.includes(name)}
            onChange={(event) => choose(name, event.target.checked)}
          />
        ) : null}
        <Link to={page} search={{ ...search, open: name }} replace>
          {shown ?? name}
        </Link>
        {shown === null ? null : <code className="muted">{name}</code>}
        {verified === null || verified === undefined ? null : <Badge tone="accent">verified</Badge>}
      </span>
    ),
  },
  { name: 'Status', show: ({ status }) => <StatusBadge status={status} /> },
  {
    name: 'Description',
    show: ({ description, merged_into: into }) =>
      into === null || into === undefined ? (description ?? <span className="muted">none</span>) : `read as ${into}`,
  },
  ...(list === 'events' ? ofEvents : ofProperties(list)),
]

const ofEvents: readonly Column<LexiconItem>[] = [
  { name: 'Tags', show: ({ tags = [] }) => tags.join(', ') },
  {
    name: 'To do',
    show: ({ faults = [] }) => (faults.length === 0 ? null : <Badge tone="warn">{faults.join(', ')}</Badge>),
  },
  { name: 'Events in 30 days', align: 'number', show: ({ volume_30d: volume = 0 }) => number(volume) },
  { name: 'Last seen', show: ({ last_seen: at }) => (at ? <Time at={at} show="age" /> : 'never') },
]

const ofProperties = (list: LexiconList): readonly Column<LexiconItem>[] => [
  { name: 'Types', show: ({ types = [] }) => types.join(', ') },
  { name: 'Classified', show: ({ classified }) => (classified ? <Badge tone="danger">classified</Badge> : null) },
  {
    name: list === 'profile-properties' ? 'Profiles' : 'Events in 30 days',
    align: 'number',
    show: ({ count_30d: seen = 0 }) => number(seen),
  },
]

const Nothing = ({ list, isNarrowed }: { readonly list: LexiconList; readonly isNarrowed: boolean }) =>
  isNarrowed ? (
    <EmptyState title="No name like that">Take a word out of the search, or choose another status.</EmptyState>
  ) : (
    <EmptyState title={`No ${captions[list].toLowerCase()} yet`}>
      They appear here by themselves once {list === 'profile-properties' ? 'profiles' : 'events'} come in.
    </EmptyState>
  )

const SeveralActions = ({
  mine,
  list,
  names,
  onDone,
}: {
  readonly mine: MyProject
  readonly list: LexiconList
  readonly names: readonly string[]
  readonly onDone: () => void
}) => {
  const save = useSave(
    (set: { readonly hidden?: boolean; readonly verified?: boolean }) => changeLexicon(mine.id, list, { names, set }),
    [lexiconKey(mine.id)],
  )
  const set = (change: { readonly hidden?: boolean; readonly verified?: boolean }) =>
    save.mutate(change, { onSuccess: onDone })
  if (names.length === 0) return <p className="muted">Choose names to change several at once.</p>
  return (
    <div className="row">
      <span>{count(names.length, 'name')} chosen</span>
      <Button size="small" isBusy={save.isPending} onClick={() => set({ hidden: true })}>
        Hide
      </Button>
      <Button size="small" isBusy={save.isPending} onClick={() => set({ hidden: false })}>
        Show
      </Button>
      {list === 'events' ? (
        <Button size="small" isBusy={save.isPending} onClick={() => set({ verified: true })}>
          Verify
        </Button>
      ) : null}
      <Button size="small" kind="quiet" onClick={onDone}>
        Choose none
      </Button>
      <ErrorNote error={save.error} />
    </div>
  )
}

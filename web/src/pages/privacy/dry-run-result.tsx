import type { DryRun } from '../../api/privacy.ts'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/page.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { dateOf } from '../../words/dates.ts'
import { count, number } from '../../words/numbers.ts'
import { holderWord } from '../../words/privacy.ts'
import { IdList } from './ids-form.tsx'

type HeldRow = DryRun['holders'][number]

const columns: readonly Column<HeldRow>[] = [
  { name: 'Held in', show: ({ holder }) => holderWord(holder) },
  { name: 'Rows', align: 'number', show: ({ rows }) => number(rows) },
  { name: 'From', show: ({ first }) => (first === null ? '' : <Time at={first} show="day" />) },
  { name: 'To', show: ({ last }) => (last === null ? '' : <Time at={last} show="day" />) },
]

/** The dry run: what an erasure would find now, and what it changes for others. */
export const DryRunResult = ({ result }: { readonly result: DryRun }) => (
  <Panel title={`${count(result.people, 'person', 'people')}, and what is held of them`}>
    <DefinitionList
      entries={[
        ['Ids you named', number(result.ids_requested)],
        ['With all their other ids', number(result.ids_in_clusters)],
        ...(result.people_unknown === 0
          ? []
          : [
              ['Unknown here', `${count(result.people_unknown, 'person', 'people')}, of whom nothing is held`] as const,
            ]),
      ]}
    />
    <Table caption="What is held" columns={columns} rows={result.holders} keyOf={({ holder }) => holder} />
    <Touched result={result} />
    {result.together.length === 0 ? null : (
      <details>
        <summary>{count(result.together.length, 'person', 'people')} named by more than one of your ids</summary>
        <ul>
          {result.together.map((ids) => (
            <li key={ids[0]}>
              {ids.map((id, at) => (
                <span key={id}>
                  {at === 0 ? '' : ' and '}
                  <code>{id}</code>
                </span>
              ))}
            </li>
          ))}
        </ul>
      </details>
    )}
    {result.unknown_ids.length === 0 ? null : (
      <details>
        <summary>Ids of which nothing is held</summary>
        <IdList ids={result.unknown_ids} />
      </details>
    )}
  </Panel>
)

/** Reports count what is stored: which of them will tell another number afterwards. */
const Touched = ({ result }: { readonly result: DryRun }) => {
  const events = result.holders.find(({ holder }) => holder === 'events')
  const cohorts = result.holders.find(({ holder }) => holder === 'cohort members')
  if (events === undefined || events.first === null || events.last === null || events.rows === 0) {
    return <Note title="No report will change: no events of them are held." />
  }
  return (
    <Note title="Reports will change">
      <span>
        Every report over {dateOf(events.first)} to {dateOf(events.last)} will count up to {count(events.rows, 'event')}{' '}
        fewer.
      </span>
      {cohorts === undefined || cohorts.rows === 0 ? null : (
        <span>Saved cohorts lose {count(cohorts.rows, 'membership')}.</span>
      )}
      <span>What was exported to elsewhere before is not reached from here.</span>
    </Note>
  )
}

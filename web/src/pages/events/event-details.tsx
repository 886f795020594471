import { useState } from 'react'
import type { FeedEvent } from '../../api/events.ts'
import { RawJson } from '../../ui/code-block.tsx'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { exactTimeOf } from '../../words/dates.ts'
import { shownValue } from '../../words/values.ts'

/** Names that SDKs and the server give; the others are the reader's own. */
const isReserved = (name: string): boolean => /^(\$|mp_)/.test(name)

const PropertyList = ({ entries, empty }: { entries: readonly (readonly [string, unknown])[]; empty: string }) =>
  entries.length === 0 ? (
    <p className="muted">{empty}</p>
  ) : (
    <DefinitionList
      entries={entries
        .toSorted(([a], [b]) => a.localeCompare(b))
        .map(([name, value]) => [name, <code key={name}>{shownValue(value)}</code>])}
    />
  )

/** All that one event holds (people §1). */
export const EventDetails = ({ event }: { readonly event: FeedEvent }) => {
  const [tab, setTab] = useState('yours')
  const entries = Object.entries(event.properties)
  const own: readonly (readonly [string, unknown])[] = [
    ['distinct_id', event.distinct_id],
    ...(event.sent_distinct_id === event.distinct_id ? [] : [['distinct_id as sent', event.sent_distinct_id] as const]),
    ['$insert_id', event.insert_id],
    ['time', exactTimeOf(event.time)],
    ['received', exactTimeOf(event.received)],
  ]
  return (
    <Tabs
      label={`What ${event.event} holds`}
      value={tab}
      onChange={setTab}
      tabs={[
        {
          value: 'yours',
          label: 'Your properties',
          panel: (
            <PropertyList
              entries={entries.filter(([name]) => !isReserved(name))}
              empty="This event has no property of yours."
            />
          ),
        },
        {
          value: 'mixpanel',
          label: 'Mixpanel properties',
          panel: <PropertyList entries={[...own, ...entries.filter(([name]) => isReserved(name))]} empty="" />,
        },
        { value: 'json', label: 'JSON', panel: <RawJson value={event} /> },
      ]}
    />
  )
}

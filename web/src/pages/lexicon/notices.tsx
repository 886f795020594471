import { useQuery } from '@tanstack/react-query'
import { lexiconNoticesQuery } from '../../api/lexicon.ts'
import { Note } from '../../ui/note.tsx'
import { count } from '../../words/numbers.ts'

const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0, signDisplay: 'always' })
const shownMax = 5

/** LEX-09, LEX-11: what somebody should look at. Nothing while there is nothing. */
export const Notices = ({ projectId }: { readonly projectId: number }) => {
  const notices = useQuery(lexiconNoticesQuery(projectId)).data ?? []
  const volumes = notices.find(({ kind }) => kind === 'volume')
  const waiting = notices.flatMap(({ kind, events }) => (kind === 'approval' ? events : []))
  return (
    <>
      {volumes === undefined ? null : (
        <Note tone="warn" title={`Unusual volumes on ${volumes.day}`}>
          <ul>
            {volumes.events.slice(0, shownMax).map(({ event, actual = 0, change = 0 }) => (
              <li key={event}>
                {event}: {count(actual, 'event')}, {percent.format(change)} of what is usual
              </li>
            ))}
          </ul>
          {volumes.events.length > shownMax ? <span>and {volumes.events.length - shownMax} more</span> : null}
        </Note>
      )}
      {waiting.length === 0 ? null : (
        <Note
          tone="warn"
          title={`${count(waiting.length, 'new event')} ${waiting.length === 1 ? 'waits' : 'wait'} for approval`}
        >
          {waiting
            .slice(0, shownMax)
            .map(({ event }) => event)
            .join(', ')}
        </Note>
      )}
    </>
  )
}

import { ageOf, dateOf, exactTimeOf, timeOf } from '../words/dates.ts'

/** A moment. `age`: "3 days ago", where age matters. The exact time with its zone on hover. */
export const Time = ({
  at,
  show = 'minute',
}: {
  readonly at: string | number | Date
  readonly show?: 'minute' | 'day' | 'age'
}) => (
  <time dateTime={new Date(at).toISOString()} title={exactTimeOf(at)}>
    {show === 'age' ? ageOf(at) : show === 'day' ? dateOf(at) : timeOf(at)}
  </time>
)

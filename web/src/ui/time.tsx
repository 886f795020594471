import { ageOf, dateOf, exactTimeOf, secondOf, timeOf } from '../words/dates.ts'

const formats = { age: (at: string | number | Date) => ageOf(at), day: dateOf, minute: timeOf, second: secondOf }

/** A moment. `age`: "3 days ago", where age matters. The exact time with its zone on hover. */
export const Time = ({
  at,
  show = 'minute',
}: {
  readonly at: string | number | Date
  readonly show?: 'minute' | 'second' | 'day' | 'age'
}) => (
  <time dateTime={new Date(at).toISOString()} title={exactTimeOf(at)}>
    {formats[show](at)}
  </time>
)

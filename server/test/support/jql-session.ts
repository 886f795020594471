import { createSession, globals } from '../../src/features/jql/domain/language/session.ts'

// The modules run in the isolate (isolate/run-script.db.test.ts); what they do with items is the same in Node.

interface Mixpanel {
  readonly reducer: Readonly<Record<string, (...given: unknown[]) => unknown>>
  readonly [name: string]: unknown
}
// biome-ignore lint/suspicious/noExplicitAny: scripts are JavaScript, and so are collections in them
export type Untyped = any
export const { Events, People, join, mixpanel } = globals as Readonly<Record<'Events' | 'People' | 'join', Untyped>> & {
  readonly mixpanel: Mixpanel
}
export const { reducer } = mixpanel
export const helper = (name: string, ...given: unknown[]) =>
  (mixpanel[name] as (...given: unknown[]) => unknown)(...given)

export const dates = { from_date: '2016-01-01', to_date: '2016-01-07' }
export const events = () => Events(dates)

export const run = (records: readonly unknown[], main: () => unknown) => {
  const pieces: string[] = []
  const session = createSession((items) => pieces.push(items))
  const request = JSON.parse(session.begin(main))
  // In two batches, as they may come.
  const half = Math.ceil(records.length / 2)
  session.feed(JSON.stringify(records.slice(0, half)))
  session.feed(JSON.stringify(records.slice(half)))
  session.finish()
  return { request, result: JSON.parse(`[${pieces.join(',')}]`) }
}
export const resultOf = (records: readonly unknown[], main: () => unknown) => run(records, main).result

export const event = (distinct_id: string, time: number, properties: object = {}, name = 'view') => ({
  name,
  distinct_id,
  time,
  sampling_factor: 1,
  properties,
})

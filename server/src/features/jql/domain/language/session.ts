import { slice, toNumber } from './accessors.ts'
import { numericBucket, timeBuckets } from './buckets.ts'
import { bareSourceOf, openPipeline, pipelineOf, sourceCollection } from './collection.ts'
import { multipleKeys } from './keys.ts'
import { reducers } from './reducers.ts'
import { eventsSource, joinSource, peopleSource, type Source } from './sources.ts'
import type { Sink } from './stages.ts'
import { fail } from './values.ts'

/** What a script finds in its global scope, beside `params` and `_`. */
export const globals: Readonly<Record<string, unknown>> = {
  Events: (options: unknown) => sourceCollection(eventsSource(options)),
  People: (options: unknown) => sourceCollection(peopleSource(options)),
  join: (events: unknown, people: unknown, options: unknown) =>
    sourceCollection(joinSource(bareSourceOf(events), bareSourceOf(people), options)),
  mixpanel: Object.freeze({
    reducer: Object.freeze(reducers),
    numeric_bucket: numericBucket,
    ...timeBuckets,
    to_number: toNumber,
    slice,
    multiple_keys: multipleKeys,
  }),
}

/** What `main` asked for. */
export interface Request {
  readonly source: Source
  readonly byUser: boolean
}

// Text that is put together before it is handed out.
const outputChars = 64 * 1_024

/** Items of the result as JSON, comma between them, handed out in pieces. */
const createOutput = (write: (items: string) => void): Sink => {
  let items: string[] = []
  let charCount = 0
  const flush = (): void => {
    if (items.length > 0) write(items.join(','))
    items = []
    charCount = 0
  }
  return {
    push: (item) => {
      const text = JSON.stringify(item === undefined ? null : item) ?? 'null'
      items.push(text)
      charCount += text.length
      if (charCount >= outputChars) flush()
    },
    end: flush,
  }
}

export interface Session {
  /** Calls `main` of the script, as JSON of a Request. */
  begin(main: unknown): string
  /** A list of records of the source, as JSON text. */
  feed(records: string): void
  finish(): void
}

export const createSession = (write: (items: string) => void): Session => {
  let head: Sink | null = null
  const opened = (): Sink => head ?? fail('nothing has begun')
  return {
    begin: (main) => {
      if (typeof main !== 'function') return fail('the script must define a function main()')
      const pipeline = pipelineOf(main())
      if (pipeline === null) {
        return fail('main() must return Events(…), People(…) or join(…), with or without transformations')
      }
      head = openPipeline(pipeline, createOutput(write))
      return JSON.stringify({ source: pipeline.source, byUser: pipeline.byUser } satisfies Request)
    },
    feed: (records) => {
      const sink = opened()
      for (const record of JSON.parse(records) as readonly unknown[]) sink.push(record)
    },
    finish: () => opened().end(),
  }
}

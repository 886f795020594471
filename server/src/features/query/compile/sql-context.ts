import { duplicatesParams } from '../../identity/index.ts'
import type { ReadView } from '../read-view.ts'
import type { Borrowed } from './custom-properties.ts'
import type { ExpressionContext } from './expression-context.ts'

/** Values of one statement. Nothing that a request says is ever put into SQL text: it is bound here (DESIGN §8). */
export interface Binder {
  /** Answers the placeholder of a bound value, such as `{p0:String}`. The same value is bound once. */
  bind(value: unknown, type: string): string
  /** For `db.rows` and `db.stream`; holds `projectId` for the SQL of features/identity as well. */
  readonly params: Readonly<Record<string, unknown>>
}

/** What an expression is compiled against. */
export type SqlContext = ExpressionContext

/** A context whose rows are events; `eventSource` joins the profile properties that were asked for. */
export interface EventContext extends ExpressionContext {
  /** SQL of who the event belongs to: a canonical distinct_id, '' for nobody. */
  readonly person: string
  /** The same as a UInt64, to count and group by in a third of the time. Only where `isSomebody` holds. */
  readonly personKey: string
  /** SQL condition: the event belongs to anybody (query §6). */
  readonly isSomebody: string
  /** SQL condition: the event is read as one of this name. */
  isEvent(name: string): string
  /** SQL condition: "any event" can be this one (LEX-07); null: every event. */
  readonly isListed: string | null
  /** Whether anything that was compiled against it asks who somebody is. */
  isPersonUsed(): boolean
  /** Names asked for by `userProperty` so far; the column of the n-th is `u.c<n>`. */
  readonly userProperties: readonly string[]
  /** Names of stored event properties that were asked for so far. */
  readonly eventProperties: readonly string[]
  /** What is borrowed from earlier events; the n-th is `b<n>`. */
  readonly borrowed: readonly Borrowed[]
}

export const createBinder = (view: ReadView): Binder => {
  const params: Record<string, unknown> = {
    projectId: view.scope.projectId,
    ...duplicatesParams(view.duplicates),
  }
  const known = new Map<string, string>()
  return {
    params,
    bind: (value, type) => {
      const key = `${type} ${JSON.stringify(value)}`
      const found = known.get(key)
      if (found !== undefined) return found
      const name = `p${known.size}`
      params[name] = value
      const placeholder = `{${name}:${type}}`
      known.set(key, placeholder)
      return placeholder
    },
  }
}

import { duplicatesParams } from '../../identity/index.ts'
import type { ColumnName } from '../domain/expression/nodes.ts'
import type { ReadView } from '../read-view.ts'

/** Values of one statement. Nothing that a request says is ever put into SQL text: it is bound here (DESIGN §8). */
export interface Binder {
  /** Answers the placeholder of a bound value, such as `{p0:String}`. The same value is bound once. */
  bind(value: unknown, type: string): string
  /** For `db.rows` and `db.stream`; holds `projectId` for the SQL of features/identity as well. */
  readonly params: Readonly<Record<string, unknown>>
}

/** What an expression is compiled against: where its properties stand in the row at hand. */
export interface SqlContext {
  bind(value: unknown, type: string): string
  /** SQL of the JSON text of `properties["name"]`; '' when there is none. In /engage: of the profile. */
  eventProperty(name: string): string
  /** The same for `user["name"]`: the profile of the person as it is now. */
  userProperty(name: string): string
  /** SQL of a number for `behaviors["name"]`. Throws InvalidRequest where there are no behaviors. */
  behavior(name: string): string
  /** Null: rows of this kind have no such column, and the value is undefined. */
  column(name: ColumnName): ColumnSql | null
}

/** `time`: a DateTime64(3, 'UTC'); everything else a String. */
export type ColumnSql = string

/** A context whose rows are events; `eventSource` joins the profile properties that were asked for. */
export interface EventContext extends SqlContext {
  /** SQL of who the event belongs to: a canonical distinct_id, '' for nobody. */
  readonly person: string
  /** Names asked for by `userProperty` so far; the column of the n-th is `u.c<n>`. */
  readonly userProperties: readonly string[]
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

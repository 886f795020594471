import { InvalidRequest } from '../../../kernel/errors.ts'
import type { ColumnName, Expression } from '../domain/expression/nodes.ts'

/** Where the values of an expression stand in the row at hand. `compile/sql-context.ts` makes them from a ReadView. */
export interface ExpressionContext {
  /** Answers the placeholder of a bound value: `{p0:String}`. */
  bind(value: unknown, type: string): string
  /** SQL of the JSON text of `properties["name"]`, '' when there is none. Not asked for what `column` answers. */
  eventProperty(name: string): string
  /** The same for `user["name"]`, and for `properties["name"]` where rows are profiles. */
  userProperty(name: string): string
  /** SQL of a number for `behaviors["name"]`. */
  behavior(name: string): string
  /** SQL of a DateTime64(3) for `time`, of a String for the others. */
  column(name: ColumnName): string
  /** What an event of this name is read as (LEX-07); left out: as itself. */
  readAs?(name: string): string
  /** IANA name: datetimes without an offset are meant in it. */
  readonly timezone: string
  /** What `today()` goes by. */
  readonly nowMs: number
}

/**
 * What the SQL of an expression yields. `json`: String, '' for undefined. `datetime`: Int64, milliseconds since 1970.
 * All but `json` are Nullable unless the value can be nothing else; NULL says undefined, or a value of another type.
 */
export type Want = 'json' | 'number' | 'string' | 'boolean' | 'datetime'

/** A list while it is one: its elements as JSON texts, `[]` where `isList` is false. Null: it always is a list. */
export interface ListSql {
  readonly array: string
  readonly isList: string | null
}

/** One compilation: the context, what names stand for, and the compiler itself, for the parts that call it back. */
export interface Compiler {
  readonly context: ExpressionContext
  readonly names: ReadonlyMap<string, Meaning>
  sql(node: Expression, want: Want): string
  /** Boolean SQL without NULL: whether the value is true. */
  truth(node: Expression): string
  list(node: Expression): ListSql
  /** The same compiler with one more name. */
  naming(name: string, meaning: Meaning): Compiler
  /** The same compiler where names have other meanings. */
  with(names: ReadonlyMap<string, Meaning>): Compiler
  /** Binds a text. */
  text(value: string): string
  /** A name for a lambda that no other lambda of this expression has. */
  lambdaName(): string
}

export type Meaning =
  | { readonly kind: 'value'; readonly value: Expression; readonly names: ReadonlyMap<string, Meaning> }
  | { readonly kind: 'element'; readonly sql: string }

/** The engine reads statements of up to 256 KiB; an expression may take a quarter of one. */
const sqlCharactersMax = 65_536

/** Keeps hostile nesting from doubling SQL for ever: every piece passes here. */
export const bounded = (sql: string): string => {
  if (sql.length > sqlCharactersMax) throw new InvalidRequest('invalid expression: it is too complex')
  return sql
}

const sharedFromCharacters = 200

/** SQL that needs `value` several times: long values are worked out once, by a lambda over one element. */
export const shared = (compiler: Compiler, value: string, use: (value: string) => string): string => {
  if (value.length < sharedFromCharacters) return bounded(use(value))
  const name = compiler.lambdaName()
  return bounded(`arrayMap(${name} -> ${use(name)}, [${value}])[1]`)
}

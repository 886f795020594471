import { InvalidRequest } from '../../../kernel/errors.ts'
import { type CustomPropertyDefinition, customPropertyId } from '../../reports/index.ts'
import { property } from '../domain/expression/build.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import { bucketed } from '../domain/value-buckets.ts'
import { NoSuchCustomProperty } from '../errors.ts'
import type { ReadView } from '../read-view.ts'
import { compileExpression } from './expression.ts'
import type { ExpressionContext } from './expression-context.ts'
import type { Binder } from './sql-context.ts'

export type Borrowed = Pick<Extract<CustomPropertyDefinition, { type: 'borrowed' }>, 'events' | 'property'>

/** What custom properties need of the rows that they are asked of. */
interface Rows {
  readonly kind: 'event' | 'profile'
  /** SQL of the JSON text of what is borrowed. */
  borrow(borrowed: Borrowed): string
}

// What is saved is looked at when it is saved; this is for two changes at once.
const depthMax = 20
/** Stands for what is borrowed while its buckets are worked out. */
const borrowedName = '$borrowed'

/**
 * SQL of the JSON text of `$custom_property:<id>`, null for any other name (RPT-08). It is compiled where it stands,
 * against the context that asks, so that what a formula names is looked for, and refused, as if it stood there itself.
 * Throws NoSuchCustomProperty.
 */
export const customProperties = ({ custom }: ReadView, rows: Rows) => {
  let depth = 0
  return (name: string, context: ExpressionContext): string | null => {
    const id = customPropertyId(name)
    if (id === null) return null
    const definition = custom.properties.get(id)
    if (definition === undefined) throw new NoSuchCustomProperty(id)
    if (depth >= depthMax) throw new InvalidRequest('custom properties name each other too deep')
    depth += 1
    try {
      return definition.type === 'formula'
        ? formulaSql(definition, rows, context)
        : borrowedSql(definition, rows, context)
    } finally {
      depth -= 1
    }
  }
}

const formulaSql = (
  { of, formula, buckets }: Extract<CustomPropertyDefinition, { type: 'formula' }>,
  { kind }: Rows,
  context: ExpressionContext,
): string => {
  if (of === 'event' && kind === 'profile') {
    throw new InvalidRequest('a custom property of events cannot be asked of profiles')
  }
  const properties = of === 'user' ? 'profile' : 'event'
  return jsonOf(bucketed(parseExpression(formula, { dialect: 'formula', properties }), buckets), context)
}

const jsonOf = (value: Expression, context: ExpressionContext): string => compileExpression(value, 'json', context)

const borrowedSql = (
  { buckets, ...borrowed }: Extract<CustomPropertyDefinition, { type: 'borrowed' }>,
  rows: Rows,
  context: ExpressionContext,
): string => {
  const sql = rows.borrow(borrowed)
  const value = property(1, 'event', borrowedName)
  const eventProperty = (name: string): string => (name === borrowedName ? sql : context.eventProperty(name))
  return jsonOf(bucketed(value, buckets), { ...contextParts(context), eventProperty })
}

/** What expressions ask of a context; nothing else of it is looked at, as looking at `person` has effects. */
const contextParts = (context: ExpressionContext): ExpressionContext => ({
  bind: (value, type) => context.bind(value, type),
  eventProperty: (name) => context.eventProperty(name),
  userProperty: (name) => context.userProperty(name),
  behavior: (name) => context.behavior(name),
  column: (name) => context.column(name),
  readAs: (name) => context.readAs?.(name) ?? name,
  timezone: context.timezone,
  nowMs: context.nowMs,
})

/** SQL of the JSON text of whether somebody is in a cohort that the view names so; null for any other name. Nobody is in none. */
export const cohortProperty = (
  { custom }: ReadView,
  binder: Binder,
  name: string,
  person: () => string,
): string | null => {
  const isMember = custom.cohorts?.get(name)
  return isMember === undefined ? null : `if(${person()} != '' AND (${isMember(binder, person())}), 'true', 'false')`
}

import { InvalidRequest } from '../../../kernel/errors.ts'
import { visibleProfilesSql } from '../../identity/index.ts'
import type { ReadView } from '../read-view.ts'
import { notClassified, withoutClassified } from './classified.ts'
import { cohortProperty, customProperties } from './custom-properties.ts'
import type { ExpressionContext } from './expression-context.ts'
import type { Binder } from './sql-context.ts'

/**
 * A context whose rows are profiles: `properties["x"]` and `user["x"]` are the same there (query §4); parse what is
 * compiled against it with `{ properties: 'profile' }`.
 * `behavior` answers the SQL of a number, where a request has behaviors.
 */
export const createProfileContext = (
  view: ReadView,
  binder: Binder,
  behavior: (name: string) => string = () => {
    throw new InvalidRequest('no behaviors were sent')
  },
): ExpressionContext => {
  const custom = customProperties(view, {
    kind: 'profile',
    borrow: () => {
      throw new InvalidRequest('a borrowed property cannot be asked of profiles')
    },
  })
  const property = (name: string): string =>
    cohortProperty(view, binder, name, () => 'p.distinct_id') ??
    custom(name, context) ??
    `p.properties[${binder.bind(notClassified(view, 'profile', name), 'String')}]`
  const context: ExpressionContext = {
    bind: binder.bind,
    eventProperty: property,
    userProperty: property,
    behavior,
    column: (name) => {
      if (name === 'distinctId') return 'p.distinct_id'
      throw new InvalidRequest('columns of events cannot be asked of profiles')
    },
    timezone: view.timezone,
    nowMs: view.nowMs,
  }
  return context
}

/**
 * `FROM … WHERE …` of the profiles of people as anybody may see them. Columns: `p.distinct_id`, `p.properties`.
 * `ids` narrows it to some; they are looked for as they are stored, so resolve them first.
 */
export const profileSource = (view: ReadView, binder: Binder, ids: readonly string[] | null = null): string => {
  const from = (sql: string) => `FROM ${withoutClassified(view, binder, 'profile', `(${sql})`)} AS p\nWHERE 1`
  if (ids === null) return from(visibleProfilesSql('everybody'))
  const sql = visibleProfilesSql('ids').replaceAll('{ids:Array(String)}', binder.bind(ids, 'Array(String)'))
  return from(sql)
}

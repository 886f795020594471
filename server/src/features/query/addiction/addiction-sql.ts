import { bucketSql } from '../compile/bucket.ts'
import { type Entity, entitySql } from '../compile/entity.ts'
import { createEventContext, eventSource } from '../compile/event-source.ts'
import { compileExpression } from '../compile/expression.ts'
import { bucketKeysSql } from '../compile/expression-lists.ts'
import { type Match, matchSql, namesOfMatches } from '../compile/match.ts'
import type { Binder } from '../compile/sql-context.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import type { Buckets } from '../domain/time/buckets.ts'
import type { ReadView } from '../read-view.ts'

export interface AddictionPlan {
  readonly match: Match
  readonly buckets: Buckets
  /** What is counted within a bucket: different hours or days of the wall clock. */
  readonly addictionUnit: 'hour' | 'day'
  readonly by: { readonly on: Expression; readonly limit: number } | null
  /** Who was there. */
  readonly entity: Entity
}

/** Of one key ('' without a breakdown): in a bucket, how many people were there in exactly that many units. */
export interface AddictionRow {
  readonly key: string
  readonly points: readonly (readonly [bucket: number, unitCount: number, people: number])[]
}

export const addictionSql = (view: ReadView, binder: Binder, plan: AddictionPlan): string => {
  const { match, buckets, addictionUnit, by, entity } = plan
  const context = createEventContext(view, binder)
  const value = by === null ? `''` : compileExpression(by.on, 'json', context)
  const { key, wanted } = entitySql(context, entity)
  const from = eventSource(view, binder, context, {
    range: buckets.range,
    events: namesOfMatches([match]),
    ...wanted,
    where: [...wanted.where, matchSql(context, match)],
  })
  const unit = bucketSql(binder, { ...buckets, unit: addictionUnit, dayCount: 1 })
  return `SELECT key, groupArray((b, n, people)) AS points FROM (
SELECT key, b, n, count() AS people FROM (
SELECT key, b, uniqExact(u) AS n FROM (
SELECT person, b, u, ${by === null ? 'v' : `arrayJoin(${bucketKeysSql('v')})`} AS key FROM (
SELECT DISTINCT ${key} AS person, ${bucketSql(binder, buckets)} AS b, ${unit} AS u, ${value} AS v ${from}))
GROUP BY person, key, b)
GROUP BY key, b, n)
GROUP BY key ORDER BY sum(people) DESC, key LIMIT ${binder.bind(by?.limit ?? 1, 'UInt32')}`
}

import { createCohortSql } from '../cohorts/cohort-sql.ts'
import type { ResolvedCohort } from '../cohorts/resolve-cohort.ts'
import { withoutClassified } from '../compile/classified.ts'
import { createEventContext, eventSource } from '../compile/event-source.ts'
import { compileExpression, compileFilter } from '../compile/expression.ts'
import { createProfileContext, profileSource } from '../compile/profile-source.ts'
import type { Binder, EventContext, SqlContext } from '../compile/sql-context.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import { UnknownBehavior } from '../errors.ts'
import type { ReadView } from '../read-view.ts'
import type { Behavior, EngageFilter } from './request.ts'

/** A filter with everything that it names looked up. */
export interface ResolvedFilter extends Pick<EngageFilter, 'where' | 'includesAllUsers' | 'behaviors' | 'search'> {
  /** Canonical ids, or ids of groups. */
  readonly ids: readonly string[] | null
  /** Null: profiles of people. */
  readonly groupKey: string | null
  readonly cohort: ResolvedCohort | null
  /** More that a profile has to meet, such as a data view. */
  readonly alsoWhere: string | null
  readonly nowMs: number
}

/** Profiles that meet a filter, as `FROM … WHERE …`: `p.distinct_id`, `p.properties`, `p.changed_at` (1970: no profile). */
export interface ProfileRows {
  readonly source: string
  /** For expressions over them. */
  readonly context: SqlContext
}

export const profileRows = (view: ReadView, binder: Binder, filter: ResolvedFilter): ProfileRows => {
  const context = createProfileContext(view, binder, (name) => {
    const at = filter.behaviors.findIndex((behavior) => behavior.name === name)
    if (at === -1) throw new UnknownBehavior(name)
    return `p.b${at}`
  })
  const texts = [filter.where, filter.alsoWhere].filter((text) => text !== null)
  const conditions = texts.map((text) => compileFilter(parseExpression(text, { properties: 'profile' }), context))
  if (filter.search !== null) conditions.push(searchSql(binder, filter.search))
  const from =
    filter.groupKey === null ? ofPeople(view, binder, filter) : ofGroups(view, binder, filter.groupKey, filter.ids)
  return { context, source: [from, ...conditions.map((condition) => `(${condition})`)].join('\n  AND ') }
}

/** Expressions of /engage: `properties["x"]` is a property of the profile. */
export const expressionSql = (context: SqlContext, text: string, want: 'number' | 'string'): string =>
  compileExpression(parseExpression(text, { properties: 'profile' }), want, context)

const ofPeople = (view: ReadView, binder: Binder, filter: ResolvedFilter): string => {
  const { cohort, ids, behaviors, includesAllUsers } = filter
  if (cohort === null) {
    if (includesAllUsers) return withTheirProfiles(view, binder, everybodySql(view, binder), ids)
    const source = profileSource(view, binder, ids)
    return behaviors.length === 0 ? source : withBehaviors(view, binder, source, filter)
  }
  const cohorts = createCohortSql(view, binder)
  if (includesAllUsers) return withTheirProfiles(view, binder, cohorts.members(cohort), ids)
  return `${profileSource(view, binder, ids)}\n  AND (${cohorts.isMember(cohort, 'p.distinct_id')})`
}

/** RPT-05: whoever did anything. */
const everybodySql = (view: ReadView, binder: Binder): string => {
  const context = createEventContext(view, binder)
  const events = eventSource(view, binder, context, { range: null, events: null, where: [`${context.person} != ''`] })
  return `SELECT DISTINCT ${context.person} AS person ${events}`
}

/** Each `person` of `people`, with the profile if there is one. */
const withTheirProfiles = (
  view: ReadView,
  binder: Binder,
  people: string,
  ids: readonly string[] | null,
): string => `FROM (
  SELECT c.person AS distinct_id, q.properties AS properties, q.changed_at AS changed_at
  FROM (${people}) AS c
  LEFT ANY JOIN (
    SELECT p.distinct_id AS distinct_id, p.properties AS properties, p.changed_at AS changed_at
    ${profileSource(view, binder)}
  ) AS q ON c.person = q.distinct_id ${ids === null ? '' : `WHERE c.person IN ${binder.bind(ids, 'Array(String)')}`}
) AS p
WHERE 1`

/** Profiles with how often each behavior was shown, as `p.b0`, `p.b1` …; 0 for who has no such event. */
const withBehaviors = (
  view: ReadView,
  binder: Binder,
  source: string,
  { behaviors, nowMs }: ResolvedFilter,
): string => {
  const context = createEventContext(view, binder)
  const counts = behaviors.map((behavior, at) => `countIf(${behaviorSql(binder, context, behavior, nowMs)}) AS c${at}`)
  const names = [...new Set(behaviors.flatMap(({ selectors }) => selectors.map(({ event }) => event)))]
  const longestMs = Math.max(...behaviors.map(({ windowMs }) => windowMs))
  const events = eventSource(view, binder, context, {
    range: { fromMs: nowMs - longestMs, toMs: nowMs },
    events: names,
    where: [`${context.person} != ''`],
  })
  const columns = behaviors.map((_, at) => `b.c${at} AS b${at}`)
  return `FROM (
  SELECT q.distinct_id AS distinct_id, q.properties AS properties, q.changed_at AS changed_at, ${columns.join(', ')}
  FROM (SELECT p.distinct_id AS distinct_id, p.properties AS properties, p.changed_at AS changed_at ${source}) AS q
  LEFT ANY JOIN (SELECT ${context.person} AS person, ${counts.join(', ')} ${events} GROUP BY person) AS b
    ON q.distinct_id = b.person
) AS p
WHERE 1`
}

const behaviorSql = (
  binder: Binder,
  context: EventContext,
  { windowMs, selectors }: Behavior,
  nowMs: number,
): string => {
  const each = selectors.map(({ event, selector }) => {
    const named = context.isEvent(event)
    return selector === null ? `(${named})` : `(${named} AND ${compileFilter(parseExpression(selector), context)})`
  })
  const since = `e.time >= fromUnixTimestamp64Milli(${binder.bind(nowMs - windowMs, 'Int64')}, 'UTC')`
  return `${since} AND (${each.join(' OR ')})`
}

/** QRY-13. Groups are not people: nothing hides or erases them (privacy §1.9). */
const ofGroups = (view: ReadView, binder: Binder, groupKey: string, ids: readonly string[] | null): string => {
  const rows = `(
  SELECT group_id AS distinct_id, properties, updated_at AS changed_at
  FROM group_profile FINAL
  WHERE project_id = {projectId:UInt64} AND group_key = ${binder.bind(groupKey, 'String')}
    ${ids === null ? '' : `AND group_id IN ${binder.bind(ids, 'Array(String)')}`}
    AND is_deleted = 0
)`
  return `FROM ${withoutClassified(view, binder, 'profile', rows)} AS p\nWHERE 1`
}

const searchSql = (binder: Binder, text: string): string => {
  const needle = binder.bind(text, 'String')
  return `positionCaseInsensitiveUTF8(p.distinct_id, ${needle}) > 0
    OR arrayExists(value -> positionCaseInsensitiveUTF8(value, ${needle}) > 0, mapValues(p.properties))`
}

/** Expects rows of ProfileRows: the profile as one line of JSON. `names` null: all of its properties. */
export const profileLineSql = (binder: Binder, names: readonly string[] | null): string => {
  // Every profile says when it was last seen (clients A5); one that was only ever changed with $ignore_time does not know.
  const seen = `CAST(map('$last_seen', toJSONString(formatDateTime(p.changed_at, '%Y-%m-%dT%H:%i:%S', 'UTC'))),
    'Map(LowCardinality(String), String)')`
  const isProfile = `p.changed_at > toDateTime64(0, 6, 'UTC')`
  const all = `if(${isProfile} AND NOT mapContains(p.properties, '$last_seen'), mapConcat(p.properties, ${seen}), p.properties)`
  const shown =
    names === null ? all : `mapFilter((name, value) -> has(${binder.bind(names, 'Array(String)')}, name), ${all})`
  return `concat('{"$distinct_id":', toJSONString(p.distinct_id), ',"$properties":{', arrayStringConcat(
    arrayMap((name, value) -> concat(toJSONString(name), ':', value), mapKeys(${shown}), mapValues(${shown})), ','), '}}')`
}

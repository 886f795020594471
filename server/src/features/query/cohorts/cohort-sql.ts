import { visibleMembersSql } from '../../identity/index.ts'
import { createEventContext, eventSource } from '../compile/event-source.ts'
import { compileFilter } from '../compile/expression.ts'
import { createProfileContext, profileSource } from '../compile/profile-source.ts'
import type { Binder, EventContext } from '../compile/sql-context.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import type { ReadView } from '../read-view.ts'
import type { Comparison, DidCondition, Occurrences, ResolvedCohort, SequenceCondition } from './resolve-cohort.ts'

/** Writes cohorts as SQL over the sources of one view; everything that is typed is bound. */
export interface CohortSql {
  /** SQL of a condition: whether `person`, SQL of a canonical id, belongs to the cohort. */
  isMember(cohort: ResolvedCohort, person: string): string
  /** A SELECT of everybody in it, by canonical id in a column `person`, each once; with or without a profile. */
  members(cohort: ResolvedCohort): string
}

export const createCohortSql = (view: ReadView, binder: Binder): CohortSql => {
  /** Everybody of whom anything is known. */
  const everybody = (): string => {
    const context = createEventContext(view, binder)
    const source = eventSource(view, binder, context, { range: null, events: null, where: [`${context.person} != ''`] })
    return `SELECT ${context.person} AS person ${source}
UNION DISTINCT
SELECT p.distinct_id AS person ${profileSource(view, binder)}`
  }

  const setOf = (cohort: Exclude<ResolvedCohort, { readonly kind: 'and' | 'or' | 'not' }>): string => {
    if (cohort.kind === 'did') return didSql(view, binder, cohort, havingSql(binder, cohort))
    if (cohort.kind === 'sequence') return sequenceSql(view, binder, cohort)
    if (cohort.kind === 'profile') {
      const context = createProfileContext(view, binder)
      const where = compileFilter(parseExpression(cohort.where, { properties: 'profile' }), context)
      return `SELECT p.distinct_id AS person ${profileSource(view, binder)} AND (${where})`
    }
    return membersSql(binder, cohort.cohortId, cohort.version)
  }

  const isMember: CohortSql['isMember'] = (cohort, person) => {
    if (cohort.kind === 'not') return `NOT (${isMember(cohort.term, person)})`
    if (cohort.kind === 'and' || cohort.kind === 'or') {
      return cohort.terms.map((term) => `(${isMember(term, person)})`).join(cohort.kind === 'and' ? ' AND ' : ' OR ')
    }
    // Who did nothing at all is in no group of events: then those are looked for who do not meet it.
    if (cohort.kind === 'did' && holdsForNothing(cohort)) {
      return `${person} NOT IN (${didSql(view, binder, cohort, `NOT (${havingSql(binder, cohort)})`)})`
    }
    return `${person} IN (${setOf(cohort)})`
  }

  /** Candidates found without looking at everybody, and what they still have to meet. Null: it takes everybody. */
  const split = (cohort: ResolvedCohort): { readonly from: string; readonly rest: ResolvedCohort | null } | null => {
    if (cohort.kind === 'not' || (cohort.kind === 'did' && holdsForNothing(cohort))) return null
    if (cohort.kind === 'or') {
      const parts = cohort.terms.map(split)
      if (parts.some((part) => part === null)) return null
      const from = parts.map((part) => part?.from).join('\nUNION DISTINCT\n')
      return { from, rest: parts.every((part) => part?.rest === null) ? null : cohort }
    }
    if (cohort.kind === 'and') {
      for (const [at, term] of cohort.terms.entries()) {
        const found = split(term)
        if (found === null) continue
        const others = [...cohort.terms.toSpliced(at, 1), ...(found.rest === null ? [] : [found.rest])]
        return { from: found.from, rest: others.length === 0 ? null : { kind: 'and', terms: others } }
      }
      return null
    }
    return { from: setOf(cohort), rest: null }
  }

  return {
    isMember,
    members: (cohort) => {
      const { from, rest } = split(cohort) ?? { from: everybody(), rest: cohort }
      return `SELECT DISTINCT c.person AS person FROM (${from}) AS c${rest === null ? '' : ` WHERE ${isMember(rest, 'c.person')}`}`
    },
  }
}

const holds: Readonly<Record<Comparison, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
}

/** A count of 0 meets it. Other aggregates of nothing are undefined, and meet nothing. */
const holdsForNothing = ({ aggregate, comparison, value }: DidCondition): boolean =>
  (aggregate === 'count' || aggregate === 'distinct') && holds[comparison](0, value)

const havingSql = (binder: Binder, { comparison, value }: DidCondition): string =>
  `total ${comparison === '==' ? '=' : comparison} ${binder.bind(value, 'Float64')}`

const didSql = (view: ReadView, binder: Binder, did: DidCondition, having: string): string => {
  const context = createEventContext(view, binder)
  const conditions = [`${context.person} != ''`, ...occurrenceSql(context, did)]
  const total = totalSql(context, did)
  const names = namesOf([did])
  return `SELECT person FROM (SELECT ${context.person} AS person, ${total} AS total ${eventSource(
    view,
    binder,
    context,
    {
      range: did.range,
      events: names,
      where: conditions,
    },
  )}
GROUP BY person HAVING ${having})`
}

/** Conditions beside the names of events. */
const occurrenceSql = (context: EventContext, { selectors, where }: Occurrences): readonly string[] => {
  const isListed = selectors === null ? context.isListed : null
  const conditions = [...(where === null ? [] : [filterSql(context, where)]), ...(isListed === null ? [] : [isListed])]
  if (!selectors?.some((selector) => selector.where !== undefined)) return conditions
  const each = selectors.map((selector) => {
    const named = context.isEvent(selector.event)
    return selector.where === undefined ? `(${named})` : `(${named} AND (${filterSql(context, selector.where)}))`
  })
  return [...conditions, each.join(' OR ')]
}

/** Null: any of them may be any event. */
const namesOf = (all: readonly Occurrences[]): readonly string[] | null => {
  if (all.some(({ selectors }) => selectors === null)) return null
  return [...new Set(all.flatMap(({ selectors }) => (selectors ?? []).map(({ event }) => event)))]
}

// Later than everything that has a time.
const never = '9000000000000000'

/** Whose first step at some instant is followed by the others, each later than the one before. */
const sequenceSql = (view: ReadView, binder: Binder, { steps, withinMs, range }: SequenceCondition): string => {
  const context = createEventContext(view, binder)
  const isStep = steps.map((step, at) => {
    const named = namesOf([step])
    const isNamed = named === null ? [] : [named.map((name) => context.isEvent(name)).join(' OR ')]
    const all = [...isNamed, ...occurrenceSql(context, step)]
    return `${all.length === 0 ? '1' : all.map((one) => `(${one})`).join(' AND ')} AS is${at}`
  })
  const columns = [`${context.person} AS person`, 'toUnixTimestamp64Milli(e.time) AS t', ...isStep]
  const where = [`${context.person} != ''`]
  const from = eventSource(view, binder, context, { range, events: namesOf(steps), where })
  const arrays = steps.map((_, at) => `groupArrayIf(t, is${at}) AS s${at}`)
  const later = steps.slice(1).map((_, at) => `s${at + 1}`)
  // The earliest that is later, of each step in turn.
  const last = `arrayFold((reached, times) -> arrayMin(arrayPushBack(arrayFilter(x -> x > reached, times), ${never})),
  [${later.join(', ')}], first)`
  const limit = withinMs === null ? never : `least(first + ${binder.bind(withinMs + 1, 'Int64')}, ${never})`
  const firsts = withinMs === null ? '[arrayMin(s0)]' : 's0'
  return `SELECT person FROM (SELECT person, ${arrays.join(', ')} FROM (SELECT ${columns.join(',\n  ')} ${from})
GROUP BY person HAVING notEmpty(s0)) WHERE arrayExists(first -> ${last} < ${limit}, ${firsts})`
}

const filterSql = (context: EventContext, text: string): string => compileFilter(parseExpression(text), context)

const totalSql = (context: EventContext, { aggregate, property }: DidCondition): string => {
  if (aggregate === 'count') return 'count()'
  const text = context.eventProperty(property ?? '')
  if (aggregate === 'distinct') return `uniqExactIf(${text}, ${text} != '')`
  const name = { sum: 'sum', average: 'avg', min: 'min', max: 'max' }[aggregate]
  return `${name}(toFloat64OrNull(${text}))`
}

const membersSql = (binder: Binder, cohortId: number, version: string | null): string => {
  // A version that no upload has: nobody.
  const uploaded = binder.bind(version ?? '00000000-0000-0000-0000-000000000000', 'UUID')
  return visibleMembersSql(
    `SELECT distinct_id, ingested_at FROM cohort_member
     WHERE project_id = {projectId:UInt64} AND cohort_id = ${binder.bind(cohortId, 'UInt32')} AND version = ${uploaded}`,
  )
}

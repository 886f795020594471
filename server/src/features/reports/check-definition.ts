import { InvalidRequest } from '../../kernel/errors.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import { checkCustomProperties } from './check-custom-properties.ts'
import type { BookmarkDefinition } from './definitions/bookmark.ts'
import { type CohortDefinition, leavesOf } from './definitions/cohort.ts'
import { customEventId } from './definitions/parts.ts'
import type { DefinitionKind, DefinitionStore } from './store/postgres-definition-store.ts'

/** Throws InvalidRequest, with the place in the text, for what is no expression. */
export type CheckExpression = (text: string, dialect?: 'api' | 'formula') => void

export interface CheckDeps {
  readonly definitions: DefinitionStore
  readonly checkExpression: CheckExpression
}

/** What is to be saved; `id` is null for what is new. */
export interface Checked {
  readonly kind: DefinitionKind
  readonly id: number | null
  readonly definition: object
}

/**
 * What a schema cannot say: expressions parse, custom events and cohorts that are named are there, and no cohort is a
 * condition of itself. Throws InvalidRequest.
 */
export const checkDefinition = async (deps: CheckDeps, scope: ProjectScope, checked: Checked): Promise<void> => {
  const named = new Set<number>()
  for (const [key, text] of textsOf(checked.definition)) {
    if (isExpression(key, checked)) checkPart(deps, key, text)
    const id = eventKeys.has(key) ? customEventId(text) : null
    if (id !== null) named.add(id)
  }
  const known = await deps.definitions.some(scope, 'custom-event', [...named])
  const missing = [...named].find((id) => !known.some((found) => found.id === id))
  if (missing !== undefined) throw new InvalidRequest(`the project has no custom event ${missing}`)
  if (checked.kind === 'cohort') await checkCohorts(deps, scope, checked)
  if (checked.kind === 'bookmark') await checkCohortsOfReport(deps, scope, checked.definition as BookmarkDefinition)
  await checkCustomProperties(deps.definitions, scope, checked)
}

const expressionKeys = new Set(['where', 'born_where', 'profile_where', 'formula'])
/** Formulas of reports are about metrics, and have a grammar of their own. */
const isExpression = (key: string, { kind }: Checked): boolean =>
  expressionKeys.has(key) && (key !== 'formula' || kind === 'custom-property')
const eventKeys = new Set(['event', 'born_event', 'events'])

const checkPart = ({ checkExpression }: CheckDeps, key: string, text: string): void => {
  try {
    checkExpression(text, key === 'formula' ? 'formula' : 'api')
  } catch (error) {
    throw error instanceof InvalidRequest ? new InvalidRequest(`'${key}' is invalid: ${error.message}`) : error
  }
}

/** Every text of the tree, under the name of the key that it, or its list, stands under. */
function* textsOf(value: unknown, key = ''): Generator<readonly [key: string, text: string]> {
  if (typeof value === 'string') yield [key, value]
  else if (Array.isArray(value)) for (const item of value) yield* textsOf(item, key)
  else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) yield* textsOf(inner, name)
  }
}

/** Ids of the cohorts that a cohort is made of. */
const cohortsIn = (definition: CohortDefinition): readonly number[] =>
  definition.type === 'static'
    ? []
    : leavesOf(definition.condition).flatMap((leaf) => (leaf.type === 'cohort' ? [leaf.cohort_id] : []))

const checkCohortsOfReport = async (
  { definitions }: CheckDeps,
  scope: ProjectScope,
  report: BookmarkDefinition,
): Promise<void> => {
  if (report.type !== 'insights') return
  const { metrics, cohorts = [] } = report
  const wanted = [...cohorts, ...metrics.flatMap((metric) => (metric.type === 'cohort' ? [metric.cohort_id] : []))]
  const found = await definitions.some(scope, 'cohort', wanted)
  const missing = wanted.find((id) => !found.some((cohort) => cohort.id === id))
  if (missing !== undefined) throw new InvalidRequest(`the project has no cohort ${missing}`)
}

const cohortDepthMax = 10

const checkCohorts = async ({ definitions }: CheckDeps, scope: ProjectScope, checked: Checked): Promise<void> => {
  let wanted = cohortsIn(checked.definition as CohortDefinition)
  for (let depth = 0; wanted.length > 0; depth += 1) {
    if (checked.id !== null && wanted.includes(checked.id)) {
      throw new InvalidRequest('a cohort cannot be a condition of itself')
    }
    if (depth >= cohortDepthMax) throw new InvalidRequest(`cohorts can name each other ${cohortDepthMax} levels deep`)
    const found = await definitions.some(scope, 'cohort', wanted)
    const missing = wanted.find((id) => !found.some((cohort) => cohort.id === id))
    // One that was removed later is nobody's; only what is saved now has to name what is there.
    if (missing !== undefined && depth === 0) throw new InvalidRequest(`the project has no cohort ${missing}`)
    wanted = [...new Set(found.flatMap(({ definition }) => cohortsIn(definition as CohortDefinition)))]
  }
}

import { z } from 'zod'
import { calendarUnit, eventName, eventSelector, expression, propertyName } from './parts.ts'

const sequenceUnit = z.enum(['second', 'minute', ...calendarUnit.options])

const conditionCountMax = 50
const nestingMax = 5

const comparison = z.enum(['==', '!=', '>', '>=', '<', '<='])

/** Which occurrences of the event count: the last n units before now, or days of the project's time zone. */
const window = z.union([
  z.strictObject({ last: z.int().min(1).max(3_660), unit: calendarUnit }),
  z.strictObject({ from_date: z.iso.date(), to_date: z.iso.date() }),
])

/** Did the event, so often or with such a total of a property. */
const did = z
  .strictObject({
    type: z.literal('did'),
    event: eventName,
    where: expression.optional(),
    aggregate: z.enum(['count', 'sum', 'average', 'min', 'max', 'distinct']).default('count'),
    /** Of the event; what `aggregate` is taken of. */
    property: propertyName.optional(),
    comparison: comparison.default('>='),
    value: z.number().default(1),
    window: window.optional(),
    /** For the first time ever within the window. */
    first_time: z.literal(true).optional(),
  })
  .refine(({ aggregate, property }) => (aggregate === 'count') === (property === undefined), {
    message: 'a count takes no property, every other aggregate needs one',
    path: ['property'],
  })
  .refine(
    ({ first_time: isFirst, window: within, aggregate, comparison: sign, value }) =>
      isFirst === undefined || (within !== undefined && aggregate === 'count' && sign === '>=' && value === 1),
    { message: 'needs a window, and nothing but having done it', path: ['first_time'] },
  )
const didNot = z.strictObject({
  type: z.literal('did_not'),
  event: eventName,
  where: expression.optional(),
  window: window.optional(),
})
/** Did one after the other, each step later than the one before; `within`: the last so soon after the first. */
const sequence = z.strictObject({
  type: z.literal('sequence'),
  steps: z.array(eventSelector).min(2).max(10),
  within: z.strictObject({ length: z.int().min(1).max(3_660), unit: sequenceUnit }).optional(),
  window: window.optional(),
})
/** A condition on the profile, as `where` of engage: `properties["plan"] == "pro"`. */
const profile = z.strictObject({ type: z.literal('profile'), where: expression })
const inCohort = z.strictObject({
  type: z.literal('cohort'),
  cohort_id: z.int().positive(),
  is_member: z.boolean().default(true),
})

export type CohortLeaf =
  | z.infer<typeof did>
  | z.infer<typeof didNot>
  | z.infer<typeof sequence>
  | z.infer<typeof profile>
  | z.infer<typeof inCohort>
export interface CohortGroup {
  readonly type: 'group'
  readonly operator: 'and' | 'or'
  readonly conditions: readonly CohortCondition[]
}
export type CohortCondition = CohortLeaf | CohortGroup
/** What is typed for a group: keys with a default may be left out. */
interface CohortGroupInput {
  readonly type: 'group'
  readonly operator: 'and' | 'or'
  readonly conditions: readonly (z.input<typeof leaf> | CohortGroupInput)[]
}

const leaf = z.union([did, didNot, sequence, profile, inCohort])
const group: z.ZodType<CohortGroup, CohortGroupInput> = z.strictObject({
  type: z.literal('group'),
  operator: z.enum(['and', 'or']),
  conditions: z
    .array(z.lazy(() => z.union([leaf, group])))
    .min(1)
    .max(conditionCountMax),
})

/** Every condition of the tree that is no group. */
export const leavesOf = (condition: CohortCondition): readonly CohortLeaf[] =>
  condition.type === 'group' ? condition.conditions.flatMap(leavesOf) : [condition]

const depthOf = (condition: CohortCondition): number =>
  condition.type === 'group' ? 1 + Math.max(...condition.conditions.map(depthOf)) : 0

const sharing = {
  /**
   * Private: seen by its creator, its members, owners and admins. Shared: by everybody of the project, as are those that
   * were saved before there was a choice.
   */
  visibility: z.enum(['private', 'shared']).optional(),
  /** Accounts (people who log in). */
  members: z.array(z.int().positive()).max(1_000).optional(),
}

/** RPT-06: dynamic, computed as of now, or static, with uploaded members that only the region engine holds. */
export const cohortDefinition = z.union([
  z.strictObject({ type: z.literal('static'), ...sharing }),
  z.strictObject({
    type: z.literal('dynamic'),
    ...sharing,
    condition: group
      .refine((tree) => depthOf(tree) <= nestingMax, { message: `must be nested at most ${nestingMax} deep` })
      .refine((tree) => leavesOf(tree).length <= conditionCountMax, {
        message: `must have at most ${conditionCountMax} conditions`,
      }),
  }),
])
export type CohortDefinition = z.infer<typeof cohortDefinition>

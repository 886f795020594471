import { createBinder } from '../compile/sql-context.ts'
import type { Cohort } from '../domain/retention/retention.ts'
import type { QueryCall } from '../http/query-route.ts'
import { type RetentionPlan, type RetentionRow, type Returned, retentionSql } from './retention-sql.ts'

export interface RetentionAnswer {
  /** Everybody, by bucket. Null when only keys were asked for: with a breakdown by the event of birth. */
  readonly all: ReadonlyMap<number, Cohort> | null
  /** Null without a breakdown. Keys with the most people first. */
  readonly byKey: ReadonlyMap<string, ReadonlyMap<number, Cohort>> | null
}

/** Answers retention. With a breakdown by what came back, `first` of each key is the size of the whole cohort. */
export const runRetention = async (
  call: Pick<QueryCall, 'run' | 'view'>,
  plan: RetentionPlan,
): Promise<RetentionAnswer> => {
  if (plan.by?.of === 'birth') return { all: null, byKey: await cohortsByKey(call, plan) }
  const all = (await cohortsByKey(call, { ...plan, by: null })).get('') ?? new Map<number, Cohort>()
  if (plan.by === null) return { all, byKey: null }
  const byKey = [...(await cohortsByKey(call, plan))].map(([key, cohorts]) => {
    const sized = [...cohorts].map(
      ([bucket, cohort]) => [bucket, { ...cohort, first: all.get(bucket)?.first ?? 0 }] as const,
    )
    return [key, new Map(sized)] as const
  })
  return { all, byKey: new Map(byKey) }
}

const cohortsByKey = async (
  { run, view }: Pick<QueryCall, 'run' | 'view'>,
  plan: RetentionPlan,
): Promise<ReadonlyMap<string, ReadonlyMap<number, Cohort>>> => {
  const binder = createBinder(view)
  const rows = await run.rows<RetentionRow>(view, binder, retentionSql(view, binder, plan))
  return new Map(
    rows.map(({ key, cohorts }) => [
      key,
      new Map(
        cohorts.map(([bucket, first, returned, summed]): [number, Cohort] => [
          bucket,
          {
            bucket,
            first,
            counts: countsOf(plan, returned),
            ...(plan.sumOf === null ? {} : { sums: countsOf(plan, summed) }),
          },
        ]),
      ),
    ]),
  )
}

const countsOf = ({ intervals: { ends } }: RetentionPlan, [numbers, counts]: Returned): readonly number[] => {
  const all = new Array<number>(ends.length).fill(0)
  for (const [at, interval] of numbers.entries()) all[interval] = counts[at] ?? 0
  return all
}

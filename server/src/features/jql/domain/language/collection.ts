import { readOf } from './accessors.ts'
import { groupBy, groupByUser } from './grouping.ts'
import { joining } from './joining.ts'
import { keysOf } from './keys.ts'
import { reducerOf } from './script-reducers.ts'
import type { Source } from './sources.ts'
import { applyGroupLimits, filter, flatten, map, reduce, type Sink, type Stage, sort } from './stages.ts'
import { fail, type Item } from './values.ts'

/** What a collection stands for; a script only holds the collection. */
interface Pipeline {
  readonly source: Source
  readonly stages: readonly Stage[]
  /** True until something other than filter was applied. */
  readonly isSource: boolean
  /** The source has to come person by person and in the order of time. */
  readonly byUser: boolean
}

const pipelines = new WeakMap<object, Pipeline>()

export const pipelineOf = (value: unknown): Pipeline | null =>
  (typeof value === 'object' && value !== null ? pipelines.get(value) : undefined) ?? null

/** The source itself; null for anything transformed. */
export const bareSourceOf = (value: unknown): Source | null => {
  const pipeline = pipelineOf(value)
  return pipeline === null || pipeline.stages.length > 0 ? null : pipeline.source
}

const functionOf = (value: unknown, where: string): ((item: Item) => unknown) =>
  typeof value === 'function' ? (value as (item: Item) => unknown) : fail(`${where}: expected a function`)

/** A collection with the transformations of jql §2.2; each gives a new one, and nothing runs yet. */
export const collectionOf = (pipeline: Pipeline): object => {
  const then = (stage: Stage): object =>
    collectionOf({ ...pipeline, stages: [...pipeline.stages, stage], isSource: false })
  const collection = Object.freeze({
    filter: (keeps: unknown) =>
      collectionOf({ ...pipeline, stages: [...pipeline.stages, filter(functionOf(keeps, 'filter'))] }),
    map: (change: unknown) => then(map(functionOf(change, 'map'))),
    reduce: (reducer: unknown) => then(reduce(reducerOf(reducer, 'reduce'))),
    groupBy: (keys: unknown, reducer: unknown) => then(groupBy(keysOf(keys, 'groupBy'), reducerOf(reducer, 'groupBy'))),
    groupByUser: (...given: readonly unknown[]) => {
      if (!pipeline.isSource) return fail('groupByUser: only right after Events, People or join, or a filter of them')
      const [keys, reducer] = given.length > 1 ? given : [[], given[0]]
      const stage = groupByUser(keysOf(keys, 'groupByUser'), reducerOf(reducer, 'groupByUser'))
      return collectionOf({ ...pipeline, stages: [...pipeline.stages, stage], isSource: false, byUser: true })
    },
    flatten: () => then(flatten()),
    sortAsc: (accessor: unknown) => then(sort(readOf(accessor, 'sortAsc'), 1)),
    sortDesc: (accessor: unknown) => then(sort(readOf(accessor, 'sortDesc'), -1)),
    applyGroupLimits: (limits: unknown, globalLimit?: unknown) => then(applyGroupLimits(limits, globalLimit)),
  })
  pipelines.set(collection, pipeline)
  return collection
}

export const sourceCollection = (source: Source): object =>
  collectionOf({ source, stages: [], isSource: true, byUser: source.kind === 'join' })

/** Puts the stages together, last first, in front of `output`. */
export const openPipeline = ({ source, stages }: Pipeline, output: Sink): Sink => {
  const all = source.kind === 'join' ? [joining(source.type), ...stages] : stages
  return all.reduceRight<Sink>((next, stage) => stage(next), output)
}

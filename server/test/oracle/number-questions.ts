import { aFilter, aNumber, numberBy } from './filters.ts'
import type { SeenEvent } from './model.ts'
import {
  chosen,
  isWithin,
  jsonQuestion,
  type Measure,
  type Question,
  someDays,
  someEvent,
  someFilters,
  type World,
} from './question.ts'
import { eventNames } from './random-project.ts'
import { lineOf, seriesOf } from './series.ts'
import { bucketOf, bucketsOf, type Unit } from './zone-clock.ts'

const asked = (world: World) => {
  const { model, random } = world
  const unit = random.pick<Unit>(['hour', 'day', 'day', 'week', 'month'])
  const days = someDays(world, unit)
  const selection = someEvent(world, eventNames)
  const { params, filters } = someFilters(world, () => aFilter(random))
  const on = aNumber(random)
  const number = numberBy(on)
  return {
    params: { event: selection.label, from_date: days.from, to_date: days.to, unit, on, ...params },
    buckets: bucketsOf(model.timezone, unit, days.from, days.to),
    bucket: ({ timeMs }: SeenEvent): string => bucketOf(model.timezone, unit, timeMs),
    events: (nowMs: number): readonly SeenEvent[] => {
      const within = world.events.filter(({ timeMs }) => isWithin(model, days, timeMs))
      return chosen(world, within, selection, filters, nowMs)
    },
    number: (event: SeenEvent, nowMs: number): number | null => number(model.recordOf(event, nowMs)),
  }
}

/** QRY-08: sums and averages over events; what is no number is 0. */
export const totals = (world: World): Question => {
  const { params, buckets, bucket, events, number } = asked(world)
  const of = world.random.pick(['sum', 'average'] as const)
  return jsonQuestion(
    `segmentation/${of}`,
    params,
    (nowMs) => {
      const groups = Map.groupBy(events(nowMs), bucket)
      return Object.fromEntries(
        buckets.map((key) => {
          const some = groups.get(key) ?? []
          const sum = some.reduce((total, event) => total + (number(event, nowMs) ?? 0), 0)
          return [key, some.length === 0 ? 0 : of === 'sum' ? sum : sum / some.length]
        }),
      )
    },
    ({ results, status }) => (status === 'ok' ? results : status),
  )
}

/** The narrowest of 1, 2 and 5 times a power of ten that covers all numbers with at most 20 ranges (query §2.7). */
const widthFor = (numbers: readonly number[]): { readonly width: number; readonly digitCount: number } => {
  const [min, max] = [Math.min(...numbers), Math.max(...numbers)]
  // A single number needs no range narrower than 1.
  for (let power = min === max ? 0 : -12; ; power += 1) {
    for (const step of [1, 2, 5]) {
      const width = step * 10 ** power
      if (Math.floor(max / width) - Math.floor(min / width) < 20) return { width, digitCount: Math.max(0, -power) }
    }
  }
}

const boundText = (bound: number, digitCount: number): string => {
  const [whole = '', fraction] = Math.abs(bound).toFixed(digitCount).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  const sign = bound < 0 ? '-' : ''
  return sign + grouped + (fraction === undefined ? '' : `.${fraction}`)
}

/** QRY-07. */
export const numeric = (world: World): Question => {
  const { params, buckets, bucket, events, number } = asked(world)
  const type = world.random.pick<Measure>(['general', 'unique', 'average'])
  return jsonQuestion('segmentation/numeric', { ...params, type }, (nowMs) => {
    const some = events(nowMs)
      .filter(({ person }) => type === 'general' || person !== '')
      .map((event) => ({ event, value: number(event, nowMs) }))
      .filter(({ value }) => value !== null)
    if (some.length === 0) return seriesOf(buckets, [])
    const { width, digitCount } = widthFor(some.map(({ value }) => value ?? 0))
    const ranges = [...Map.groupBy(some, ({ value }) => Math.floor((value ?? 0) / width))].sort(([a], [b]) => a - b)
    const lines = ranges.map(([range, found]) => {
      const name = `${boundText(range * width, digitCount)} - ${boundText((range + 1) * width, digitCount)}`
      return lineOf(
        name,
        found.map(({ event }) => event),
        type,
        bucket,
      )
    })
    return seriesOf(
      buckets,
      lines.filter(({ values }) => values.size > 0),
      false,
    )
  })
}

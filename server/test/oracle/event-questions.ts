import { aBreakdown, aFilter, type Breakdown, breakdownOf } from './filters.ts'
import type { SeenEvent } from './model.ts'
import {
  byBytes,
  chosen,
  isWithin,
  jsonQuestion,
  type Measure,
  measured,
  type Params,
  type Question,
  type Selection,
  someDays,
  someEvent,
  someFilters,
  textQuestion,
  type World,
} from './question.ts'
import { eventNames } from './random-project.ts'
import { byKeys, type Line, lineOf, rankOf, seriesOf, tableOf } from './series.ts'
import { bucketOf, bucketsBetween, bucketsOf, daysBetween, plusDays, type Unit, wallOf } from './zone-clock.ts'

const measures: readonly Measure[] = ['general', 'unique', 'average']
const askedNames = [...eventNames, '$identify', '$merge']

/** Lines of a breakdown: the highest rank first, equal ones by their bytes. */
export const rankedLines = (
  events: readonly SeenEvent[],
  keysOf: (event: SeenEvent) => readonly string[],
  measure: Measure,
  bucket: (event: SeenEvent) => string,
): readonly Line[] =>
  [...byKeys(events, keysOf)]
    .map(([key, some]) => ({ rank: rankOf(measure, some), line: lineOf(key, some, measure, bucket) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank || byBytes(a.line.name, b.line.name))
    .map(({ line }) => line)

const answerOf = (
  path: string,
  params: Params,
  isTable: boolean,
  of: (nowMs: number) => readonly [readonly string[], readonly Line[]],
): Question =>
  isTable
    ? textQuestion(path, { ...params, format: 'csv' }, (nowMs) => tableOf(...of(nowMs)))
    : jsonQuestion(path, params, (nowMs) => seriesOf(...of(nowMs)))

/** QRY-06. */
export const segmentation = (world: World): Question => {
  const { model, random } = world
  const { next, pick } = random
  const { timezone } = model
  const measure = pick(measures)
  const unit = pick<Unit>(['minute', 'hour', 'hour', 'day', 'day', 'week', 'month'])
  const days = someDays(world, unit)
  const interval = measure !== 'general' && next() < 0.3 ? pick([1, 2, 5, 30]) : null
  const selection = someEvent(world, askedNames)
  const { params: asked, filters } = someFilters(world, () => aFilter(random))
  const on = next() < 0.5 ? aBreakdown(random) : null
  const limit = next() < 0.3 ? pick([1, 2, 5]) : 60
  const params: Params = {
    ...{ event: selection.label, from_date: days.from, to_date: days.to, type: measure, ...asked },
    ...(interval === null ? { unit } : { interval }),
    ...(on === null ? {} : { on: on.text, limit }),
  }
  return answerOf('segmentation', params, next() < 0.1, (nowMs) => {
    const within = world.events.filter(({ timeMs }) => isWithin(model, days, timeMs))
    const events = chosen(world, within, selection, filters, nowMs)
    const step = interval ?? 1
    const bucket = ({ timeMs }: SeenEvent): string => {
      if (interval === null) return bucketOf(timezone, unit, timeMs)
      const number = Math.floor(daysBetween(days.from, wallOf(timezone, timeMs).day) / step)
      return plusDays(days.from, number * step)
    }
    const buckets =
      interval === null
        ? bucketsOf(timezone, unit, days.from, days.to)
        : bucketsOf(timezone, 'day', days.from, days.to).filter((_, at) => at % step === 0)
    const lines =
      on === null
        ? [lineOf(selection.label, events, measure, bucket)]
        : rankedLines(events, (event) => on.keys(model.recordOf(event, nowMs)), measure, bucket).slice(0, limit)
    return [buckets, lines]
  })
}

interface Span {
  readonly params: Params
  readonly buckets: (nowMs: number) => readonly string[]
  readonly holds: (nowMs: number, timeMs: number) => boolean
}

const unitMs = { minute: 60_000, hour: 3_600_000 } as const

/** From one day to another, or the last few units with the one that is running. */
const aSpan = (world: World, unit: Unit): Span => {
  const { model, random } = world
  const { timezone } = model
  if (random.next() < 0.5) {
    const days = someDays(world, unit)
    return {
      params: { from_date: days.from, to_date: days.to },
      buckets: () => bucketsOf(timezone, unit, days.from, days.to),
      holds: (_nowMs, timeMs) => isWithin(model, days, timeMs),
    }
  }
  const interval = random.pick([1, 2, 7, 31])
  const params = { interval }
  if (unit === 'minute' || unit === 'hour') {
    // Zones are off by quarters of an hour, and so is the beginning of the hour that is running.
    const firstMs = (nowMs: number): number => {
      const { clock } = wallOf(timezone, nowMs)
      const inHourMs = unit === 'hour' ? Number(clock.slice(3)) * 60_000 : 0
      return nowMs - (nowMs % 60_000) - inHourMs - (interval - 1) * unitMs[unit]
    }
    const endMs = (nowMs: number): number => firstMs(nowMs) + interval * unitMs[unit]
    return {
      params,
      buckets: (nowMs) => bucketsBetween(timezone, unit, firstMs(nowMs), endMs(nowMs)),
      holds: (nowMs, timeMs) => timeMs >= firstMs(nowMs) && timeMs < endMs(nowMs),
    }
  }
  const todayOf = (nowMs: number): string => wallOf(timezone, nowMs).day
  const all = (today: string): readonly string[] =>
    bucketsOf(timezone, unit, plusDays(today, -31 * interval), today).slice(-interval)
  const firstDays = new Map<string, string>()
  const firstDayOf = (today: string): string => {
    const known = firstDays.get(today) ?? all(today)[0] ?? ''
    firstDays.set(today, known)
    return known
  }
  return {
    params,
    buckets: (nowMs) => all(todayOf(nowMs)),
    holds: (nowMs, timeMs) => {
      const [day, today] = [wallOf(timezone, timeMs).day, todayOf(nowMs)]
      return day >= firstDayOf(today) && day <= today
    },
  }
}

const aMeasureAndUnit = ({ random: { next, pick } }: World): readonly [Measure, Unit] => {
  const measure = pick(measures)
  const isByClock = measure === 'general' && next() < 0.4
  return [measure, isByClock ? pick<Unit>(['minute', 'hour']) : pick<Unit>(['day', 'week', 'month'])]
}

/** QRY-14. */
export const events = (world: World): Question => {
  const { model, random } = world
  const [measure, unit] = aMeasureAndUnit(world)
  const span = aSpan(world, unit)
  const count = random.pick([1, 2, 3])
  const selections = new Map<string, Selection>()
  for (let at = 0; at < count; at += 1) {
    const selection = someEvent(world, askedNames)
    selections.set(selection.label, selection)
  }
  const { params: asked, filters } = someFilters(world, null)
  const params = { event: JSON.stringify([...selections.keys()]), type: measure, unit, ...span.params, ...asked }
  return answerOf('events', params, random.next() < 0.1, (nowMs) => {
    const within = world.events.filter(({ timeMs }) => span.holds(nowMs, timeMs))
    const lines = [...selections.values()].map((selection) =>
      lineOf(selection.label, chosen(world, within, selection, filters, nowMs), measure, ({ timeMs }) =>
        bucketOf(model.timezone, unit, timeMs),
      ),
    )
    return [span.buckets(nowMs), lines]
  })
}

const isLately = (world: World, dayCount: number, nowMs: number, timeMs: number): boolean => {
  const { timezone } = world.model
  const today = wallOf(timezone, nowMs).day
  return isWithin(world.model, { from: plusDays(today, 1 - dayCount), to: today }, timeMs)
}

const lately = (world: World, nowMs: number): readonly SeenEvent[] =>
  world.events.filter(({ timeMs }) => isLately(world, 31, nowMs, timeMs))

/** QRY-15. What is as frequent stands in any order. */
export const topEvents = (world: World): Question => {
  const { timezone } = world.model
  const type = world.random.pick(measures)
  const inAnyOrder = (events: readonly { readonly amount: number; readonly event: string }[]) =>
    events.toSorted((a, b) => b.amount - a.amount || byBytes(a.event, b.event))
  return jsonQuestion(
    'events/top',
    { type },
    (nowMs) => {
      const today = wallOf(timezone, nowMs).day
      const of = (some: readonly SeenEvent[], day: string): number =>
        measured(
          type,
          some.filter(({ timeMs }) => wallOf(timezone, timeMs).day === day),
        ) ?? 0
      const all = [...Map.groupBy(world.events, ({ event }) => event)].map(([event, some]) => {
        const [amount, before] = [of(some, today), of(some, plusDays(today, -1))]
        const change = amount === before ? 0 : (amount - before) / Math.max(amount, before)
        return { amount, event, percent_change: change }
      })
      return { events: inAnyOrder(all.filter(({ amount }) => amount > 0)), type }
    },
    ({ events: found, type: told }) => {
      const amounts: readonly number[] = found.map(({ amount }: { amount: number }) => amount)
      const isSorted = amounts.every((amount, at) => at === 0 || amount <= (amounts[at - 1] ?? 0))
      return { events: isSorted ? inAnyOrder(found) : found, type: told }
    },
  )
}

export const eventNamesQuestion = (world: World): Question => {
  const type = world.random.pick(measures)
  const limit = world.random.pick([2, 255])
  return jsonQuestion('events/names', { type, limit }, (nowMs) =>
    [...Map.groupBy(lately(world, nowMs), ({ event }) => event)]
      .map(([event, some]) => ({ event, value: measured(type, some) ?? 0 }))
      .filter(({ value }) => value > 0)
      .sort((a, b) => b.value - a.value || byBytes(a.event, b.event))
      .slice(0, limit)
      .map(({ event }) => event),
  )
}

const propertyNames = ['plan', 'price', 'tags', 'flag', 'a', 'b', 'c', 'when', '$device_id', '$distinct_id', 'none']

/** A name is a property of that name, unless it is one of the columns that are read like properties. */
const byName = (name: string): Breakdown =>
  breakdownOf(name.startsWith('$') ? name : `properties[${JSON.stringify(name)}]`)

/** QRY-16. */
export const eventProperties = (world: World): Question => {
  const { model, random } = world
  const { next, pick } = random
  const [measure, unit] = aMeasureAndUnit(world)
  const span = aSpan(world, unit)
  const selection = someEvent(world, eventNames)
  const name = pick(propertyNames)
  const on = byName(name)
  const limit = next() < 0.4 ? pick([1, 2, 3]) : 255
  const wanted =
    next() < 0.4 ? [pick(['pro', 'Team', 'red']), pick(['free', 'undefined', '1']), pick(['pro', 'blue'])] : null
  const params: Params = {
    ...{ event: selection.label, name, type: measure, unit, limit, ...span.params },
    ...(wanted === null ? {} : { values: JSON.stringify(wanted) }),
  }
  return answerOf('events/properties', params, next() < 0.1, (nowMs) => {
    const within = world.events.filter(({ timeMs }) => span.holds(nowMs, timeMs))
    const some = chosen(world, within, selection, [], nowMs)
    const all = rankedLines(
      some,
      (event) => on.keys(model.recordOf(event, nowMs)),
      measure,
      ({ timeMs }) => bucketOf(model.timezone, unit, timeMs),
    )
    if (wanted === null) return [span.buckets(nowMs), all.slice(0, limit)]
    const lines = [...new Set(wanted)].map(
      (key) => all.find((line) => line.name === key) ?? { name: key, values: new Map() },
    )
    return [span.buckets(nowMs), lines.slice(0, limit)]
  })
}

/** QRY-17. */
export const topProperties = (world: World): Question => {
  const selection = someEvent(world, askedNames)
  const limit = world.random.pick([3, 10, 100])
  return jsonQuestion('events/properties/top', { event: selection.label, limit }, (nowMs) => {
    const counts = new Map<string, number>()
    for (const { properties } of chosen(world, lately(world, nowMs), selection, [], nowMs)) {
      for (const name of Object.keys(properties)) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    const top = [...counts].sort(([a, m], [b, n]) => n - m || byBytes(a, b)).slice(0, limit)
    return Object.fromEntries(top.map(([name, count]) => [name, { count }]))
  })
}

export const propertyValues = (world: World): Question => {
  const selection = someEvent(world, askedNames)
  const name = world.random.pick(propertyNames)
  const limit = world.random.pick([1, 3, 255])
  const on = byName(name)
  return jsonQuestion('events/properties/values', { event: selection.label, name, limit }, (nowMs) => {
    const some = chosen(world, lately(world, nowMs), selection, [], nowMs)
    const keys = byKeys(some, (event) => on.keys(world.model.recordOf(event, nowMs)))
    return [...keys]
      .sort(([a, x], [b, y]) => y.length - x.length || byBytes(a, b))
      .map(([key]) => key)
      .filter((key) => key !== 'undefined')
      .slice(0, limit)
  })
}

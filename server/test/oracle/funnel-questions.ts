import { bucketKeys } from '../../src/features/query/domain/expression/bucket-keys.ts'
import { aFilter, filterOf, jsonOf, NotComparable } from './filters.ts'
import {
  attemptsIn,
  attributed,
  inOrder,
  isKnown,
  passes,
  type Row,
  type Rules,
  type Step,
  shapeOf,
} from './funnel-attempts.ts'
import type { SeenEvent } from './model.ts'
import { isWithin, type Question, someDays, someEvent, type World } from './question.ts'
import { eventNames } from './random-project.ts'
import { bucketOf, bucketsOf, dayMs } from './zone-clock.ts'

const unitMs = { minute: 60_000, hour: 3_600_000, day: dayMs } as const

/** QRY-02, RPT-02 (query §7), of a funnel that is saved for the question. */
export const funnel = (world: World): Question => {
  const { model, random, events, saved } = world
  const { next, pick } = random
  const unit = pick(['day', 'week', 'month'] as const)
  const days = someDays(world, unit)
  const steps = Array.from(
    { length: pick([1, 2, 2, 3]) },
    (): Step => ({
      selection: someEvent(world, eventNames),
      filter: next() < 0.3 ? aFilter(random) : null,
      isFirst: next() < 0.15,
    }),
  )
  const last = steps.length - 1
  const excluded =
    last > 0 && next() < 0.3 ? { selection: someEvent(world, eventNames), filter: null, isFirst: false } : null
  const [length, lengthUnit] = [pick([1, 5, 30]), pick(['minute', 'hour', 'day', 'day'] as const)]
  const [counting, attribution] = [pick(['uniques', 'totals'] as const), pick(['first', 'last', last] as const)]
  const [isAnyOrder, heldName] = [next() < 0.25, next() < 0.2 ? 'plan' : null]
  const groupKey = next() < 0.2 ? 'tags' : null
  const [isSummed, isTimed] = [next() < 0.3, next() < 0.3]
  // What an attempt is asked of: one property, so that it can be told which event has it.
  const where = next() < 0.25 ? { name: 'price', filter: filterOf('properties["price"] > 2') } : null
  const on = next() < 0.4 ? pick(['price', 'plan', 'tags', 'no such']) : null
  const limit = pick([1, 2, 255])
  const view = next() < 0.12 && saved.dataViews.length > 0 ? pick(saved.dataViews) : null
  const definition = {
    steps: steps.map(({ selection, filter, isFirst }) => ({
      event: selection.label,
      ...(filter === null ? {} : { where: filter.text }),
      ...(isFirst ? { first_time: true } : {}),
    })),
    ...{ length, length_unit: lengthUnit, counting, order: isAnyOrder ? 'any' : 'specific' },
    attribution: typeof attribution === 'number' ? { step: attribution } : attribution,
    ...(excluded === null ? {} : { exclusions: [{ event: excluded.selection.label }] }),
    ...(heldName === null ? {} : { hold_constant: [heldName] }),
    ...(groupKey === null ? {} : { group_key: groupKey }),
    ...(isSummed ? { sum_property: 'price' } : {}),
    ...(isTimed ? { time_to_convert: { percentiles: [100] } } : {}),
  }
  const params = {
    ...{ from_date: days.from, to_date: days.to, unit },
    ...(where === null ? {} : { where: where.filter.text }),
    ...(on === null ? {} : { on, limit }),
    ...(view === null ? {} : { workspace_id: view.id }),
  }
  const windowMs = length * unitMs[lengthUnit]
  const rules: Rules = {
    stepCount: steps.length,
    windowMs,
    isAnyOrder,
    excludedBetween: [0, last],
    attribution,
    isFiltered: where !== null,
  }

  const rowsByEntity = (nowMs: number): readonly (readonly Row[])[] => {
    const seen = view === null ? events : events.filter((event) => view.filter.holds(model.recordOf(event, nowMs)))
    const idsOf = (event: SeenEvent): readonly string[] => {
      if (groupKey === null) return event.person === '' ? [] : [event.person]
      const json = event.properties[groupKey] ?? ''
      if (/^\[.*[[{]/.test(json)) throw new NotComparable()
      return bucketKeys(json).filter((id) => !['', 'null', 'undefined'].includes(id))
    }
    const owned = Map.groupBy(
      seen.flatMap((event) => idsOf(event).map((id) => ({ id, event }))),
      ({ id }) => id,
    )
    const value = on === null ? () => '' : jsonOf(on)
    return [...owned.values()].map((own) => {
      const meets = ({ selection }: Step, event: SeenEvent): boolean => {
        const record = model.recordOf(event, nowMs)
        return selection.parts.some((part) => part.event === event.event && (part.filter?.holds(record) ?? true))
      }
      const isEarliest = (step: Step, { timeMs }: SeenEvent): boolean =>
        !own.some(({ event: other }) => other.timeMs < timeMs && meets(step, other))
      const isOf = (step: Step, event: SeenEvent): boolean =>
        meets(step, event) &&
        (step.filter?.holds(model.recordOf(event, nowMs)) ?? true) &&
        (!step.isFirst || isEarliest(step, event))
      const rows = own.map(({ event }): Row => {
        const record = model.recordOf(event, nowMs)
        const held = heldName === null ? '' : (event.properties[heldName] ?? '')
        const price = event.properties['price'] ?? ''
        const asked = where === null ? '' : (event.properties[where.name] ?? '')
        return {
          event,
          steps: steps.flatMap((step, at) => (isOf(step, event) ? [at] : [])),
          isExcluded: excluded !== null && isOf(excluded, event),
          value: on === null ? '' : value(record),
          filter: where === null ? 3 : (where.filter.holds(record) ? 1 : 0) + (isKnown(asked) ? 2 : 0),
          held: heldName !== null && !isKnown(held) ? null : held,
          number: isSummed && /^-?\d/.test(price) ? Number(price) : 0,
        }
      })
      return rows.filter((row) => row.steps.length > 0 || row.isExcluded).sort(inOrder)
    })
  }

  const expected = (nowMs: number): object => {
    const people = rowsByEntity(nowMs)
    const dates = bucketsOf(model.timezone, unit, days.from, days.to)
    const keysOf = (taken: readonly Row[]): readonly string[] => {
      const json = attributed(rules, taken, (row) => isKnown(row.value))?.value ?? ''
      if (/^\[.*[[{]/.test(json)) throw new NotComparable()
      return bucketKeys(json)
    }
    const all = new Map<string, { counted: (readonly Row[])[]; timed: (readonly Row[])[] }>()
    const add = (name: string, what: 'counted' | 'timed', taken: readonly Row[]): void => {
      const found = all.get(name) ?? { counted: [], timed: [] }
      found[what].push(taken)
      all.set(name, found)
    }
    const nameOf = (date: string, key: string | null): string => JSON.stringify([date, key])
    for (const rows of people) {
      for (const date of dates) {
        const isIn = ({ event: { timeMs } }: Row) =>
          isWithin(model, days, timeMs) && bucketOf(model.timezone, unit, timeMs) === date
        const attempts = [...attemptsIn(rules, rows, isIn)]
        const totals = attempts.filter((taken) => passes(rules, taken))
        const once = attempts.slice(0, 1).filter((taken) => passes(rules, taken))
        for (const taken of counting === 'totals' ? totals : once) add(nameOf(date, null), 'counted', taken)
        for (const taken of isTimed ? totals : []) add(nameOf(date, null), 'timed', taken)
        if (on === null) continue
        for (const taken of isTimed ? totals : [])
          for (const key of keysOf(taken)) add(nameOf(date, key), 'timed', taken)
        if (counting === 'totals') {
          for (const taken of totals) for (const key of keysOf(taken)) add(nameOf(date, key), 'counted', taken)
          continue
        }
        const held =
          on === heldName ? [...new Set(rows.map((row) => row.held))].filter((one) => one !== null) : [undefined]
        const firsts = new Map<string, readonly Row[]>()
        for (const value of held) {
          const own =
            value === undefined ? rows : rows.map((row) => (row.held === value ? row : { ...row, held: null }))
          for (const taken of attemptsIn(rules, own, isIn)) {
            for (const key of keysOf(taken)) if (!firsts.has(key)) firsts.set(key, taken)
          }
        }
        for (const [key, taken] of firsts) if (passes(rules, taken)) add(nameOf(date, key), 'counted', taken)
      }
    }
    const shown = { steps, isSummed, isTimed }
    const stepsOf = (names: readonly string[]) =>
      shapeOf(
        shown,
        names.flatMap((name) => all.get(name)?.counted ?? []),
        names.flatMap((name) => all.get(name)?.timed ?? []),
      )
    const keys = [...new Set([...all.keys()].map((name) => JSON.parse(name)[1] as string | null))].filter(
      (key) => key !== null,
    )
    const entries = (key: string) =>
      dates.reduce((sum, date) => sum + (all.get(nameOf(date, key))?.counted.length ?? 0), 0)
    const ranked = keys.toSorted((a, b) => entries(b) - entries(a) || (a < b ? -1 : 1))
    const [kept, rest] = [ranked.slice(0, limit), ranked.slice(limit)]
    const ofDate = (date: string): object => {
      const overall = stepsOf([nameOf(date, null)])
      if (on === null) {
        const counts = overall.map(({ count }) => count)
        const losses = counts.slice(1).map((count, at) => (counts[at] ?? 0) - count)
        const worst = losses.length === 0 ? null : losses.indexOf(Math.max(...losses)) + 1
        const analysis = { completion: counts.at(-1), starting_amount: counts[0], steps: counts.length, worst }
        return { steps: overall, analysis }
      }
      const others = rest.map((key) => nameOf(date, key)).filter((name) => all.has(name))
      const lines = kept.map((key) => [key, nameOf(date, key)] as const).filter(([, name]) => all.has(name))
      return Object.fromEntries([
        ['$overall', overall],
        ...lines.map(([key, name]) => [key, stepsOf([name])] as const),
        ...(others.length === 0 ? [] : [['$other', stepsOf(others)] as const]),
      ])
    }
    return { meta: { dates }, data: Object.fromEntries(dates.map((date) => [date, ofDate(date)])) }
  }

  return {
    name: 'funnels',
    params: { ...params, definition: JSON.stringify(definition) },
    ask: async (client) => {
      const id = await client.save('funnels', definition)
      return (await client.query('funnels', { ...params, funnel_id: id })).json()
    },
    expected,
  }
}

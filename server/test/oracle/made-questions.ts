import { bucketKeys } from '../../src/features/query/domain/expression/bucket-keys.ts'
import { evaluate } from '../../src/features/query/domain/expression/evaluate.ts'
import { parseExpression } from '../../src/features/query/domain/expression/parse.ts'
import { jsonText } from '../../src/features/query/domain/expression/values.ts'
import { rankedLines } from './event-questions.ts'
import { breakdownOf, type Filter, filterOf, NotComparable } from './filters.ts'
import type { Model, SeenEvent } from './model.ts'
import { isWithin, jsonQuestion, type Measure, type Question, someDays, someFilters, type World } from './question.ts'
import { eventNames } from './random-project.ts'
import { seriesOf } from './series.ts'
import { bucketOf, bucketsOf, dayMs, type Unit, wallOf } from './zone-clock.ts'

// Questions about what is made when it is asked for: the events of sessions (RPT-07) and custom properties (RPT-08).

/** A custom property as it was saved, and what it is worth: JSON, '' for nothing. */
export interface CustomProperty {
  readonly id: number
  value(event: SeenEvent, all: readonly SeenEvent[], model: Model, nowMs: number): string
}

type SaveProperty = (definition: object) => Promise<number>

export const saveProperties = async (save: SaveProperty): Promise<readonly CustomProperty[]> => {
  const borrowed = async (property: string, events: readonly string[] | null): Promise<CustomProperty> => ({
    id: await save({ type: 'borrowed', property, ...(events === null ? {} : { events }) }),
    value: (event, all) => lastEarlier(event, all, property, events),
  })
  const formula = async (text: string, of?: CustomProperty): Promise<CustomProperty> => {
    const node = parseExpression(text, { dialect: 'formula' })
    return {
      id: await save({ type: 'formula', formula: text }),
      value: (event, all, model, nowMs) => {
        const record = model.recordOf(event, nowMs)
        const made = of === undefined ? '' : of.value(event, all, model, nowMs)
        const named = of === undefined || made === '' ? {} : { [`$custom_property:${of.id}`]: made }
        return jsonText(evaluate(node, { ...record, event: { ...record.event, ...named } }) as never)
      },
    }
  }
  const plan = await borrowed('plan', ['Buy', 'View'])
  return [
    plan,
    await borrowed('price', null),
    await formula('if(properties["plan"] == "PRO", properties["price"] * 2, properties["tags"])'),
    await formula(`string(properties["$custom_property:${plan.id}"], "none")`, plan),
  ]
}

const week = 7 * dayMs

/** Of one instant the greatest text, by its bytes. */
const lastEarlier = (
  event: SeenEvent,
  all: readonly SeenEvent[],
  property: string,
  names: readonly string[] | null,
): string => {
  const earlier: { readonly timeMs: number; readonly text: string }[] = []
  for (const { person, timeMs, event: name, properties } of all) {
    const text = properties[property]
    if (person === '' || person !== event.person || text === undefined || text === 'null' || text.startsWith('['))
      continue
    if (timeMs >= event.timeMs || timeMs < event.timeMs - week || names?.includes(name) === false) continue
    earlier.push({ timeMs, text })
  }
  const [best] = earlier.toSorted(
    (a, b) => b.timeMs - a.timeMs || Buffer.compare(Buffer.from(b.text), Buffer.from(a.text)),
  )
  return best?.text ?? ''
}

const inNone = ['$identify', '$create_alias', '$merge', '$hotshard_events', '$hotshard_record']

/** Where each person's sessions begin and end: a gap of more than half an hour ends one, and so does midnight. */
const sessionEvents = ({ timezone }: Model, all: readonly SeenEvent[]): readonly SeenEvent[] => {
  const people = Map.groupBy(
    all.filter(({ person, event }) => person !== '' && !inNone.includes(event)),
    ({ person }) => person,
  )
  return [...people.values()].flatMap((own) => {
    const sorted = own.toSorted(
      (a, b) => a.timeMs - b.timeMs || Buffer.compare(Buffer.from(a.event), Buffer.from(b.event)),
    )
    const sessions: SeenEvent[][] = []
    for (const event of sorted) {
      const last = sessions.at(-1)?.at(-1)
      const isSame =
        last !== undefined &&
        event.timeMs - last.timeMs <= 1_800_000 &&
        wallOf(timezone, last.timeMs).day === wallOf(timezone, event.timeMs).day
      if (isSame) sessions.at(-1)?.push(event)
      else sessions.push([event])
    }
    return sessions.flatMap((session) => {
      const [first, last] = [session[0] as SeenEvent, session.at(-1) as SeenEvent]
      const properties = {
        $duration_s: String((last.timeMs - first.timeMs) / 1_000),
        $event_count: String(session.length),
        $origin_start: JSON.stringify(first.event),
        $origin_end: JSON.stringify(last.event),
      }
      const { person } = first
      return [
        { event: '$session_start', timeMs: first.timeMs, person, sentAs: person, insertId: '', properties },
        { event: '$session_end', timeMs: last.timeMs, person, sentAs: person, insertId: '', properties },
      ]
    })
  })
}

const seenThrough = ({ model, events }: World, view: Filter | null, nowMs: number): readonly SeenEvent[] =>
  view === null ? events : events.filter((event) => view.holds(model.recordOf(event, nowMs)))

/** A segmentation of events that `made` makes, by a breakdown of theirs. */
const segmentationOf = (
  world: World,
  event: string,
  on: string,
  made: (all: readonly SeenEvent[], nowMs: number) => readonly SeenEvent[],
  keys: (event: SeenEvent, nowMs: number) => readonly string[],
  where: Filter | null,
): Question => {
  const { model, random } = world
  const { pick, next } = random
  const measure = pick<Measure>(['general', 'unique', 'average'])
  const unit = pick<Unit>(['hour', 'day', 'week', 'month'])
  const days = someDays(world, unit)
  const limit = next() < 0.3 ? pick([1, 2, 5]) : 60
  const { params: asked, filters } = someFilters(world, null)
  const params = {
    ...{ event, from_date: days.from, to_date: days.to, type: measure, unit, on, limit },
    ...asked,
    ...(where === null ? {} : { where: where.text }),
  }
  return jsonQuestion('segmentation', params, (nowMs) => {
    const events = made(seenThrough(world, filters[1] ?? null, nowMs), nowMs).filter(
      (one) =>
        one.event === event &&
        isWithin(model, days, one.timeMs) &&
        (where === null || where.holds(model.recordOf(one, nowMs))),
    )
    const bucket = ({ timeMs }: SeenEvent) => bucketOf(model.timezone, unit, timeMs)
    const lines = rankedLines(events, (one) => keys(one, nowMs), measure, bucket).slice(0, limit)
    return seriesOf(bucketsOf(model.timezone, unit, days.from, days.to), lines)
  })
}

export const sessionSegmentation = (world: World): Question => {
  const { model, random } = world
  const on = breakdownOf(random.pick(['$duration_s', '$event_count', '$origin_start', '$origin_end', 'user["plan"]']))
  const text = random.pick([
    null,
    'properties["$event_count"] > 1',
    'properties["$duration_s"] == 0',
    'user["age"] >= 18',
  ])
  return segmentationOf(
    world,
    random.pick(['$session_start', '$session_end']),
    on.text,
    (all) => sessionEvents(model, all),
    (event, nowMs) => on.keys(model.recordOf(event, nowMs)),
    text === null ? null : filterOf(text),
  )
}

export const customSegmentation = (world: World): Question => {
  const { model, random, saved } = world
  const property = random.pick(saved.customProperties)
  const name = `$custom_property:${property.id}`
  const text = random.pick([null, null, `defined(properties["${name}"])`, `properties["${name}"] != "pro"`])
  return segmentationOf(
    world,
    random.pick(eventNames),
    name,
    (all, nowMs) =>
      all.map((event) => {
        const value = property.value(event, all, model, nowMs)
        return value === '' ? event : { ...event, properties: { ...event.properties, [name]: value } }
      }),
    ({ properties }) => {
      const value = properties[name] ?? ''
      if (/^\[.*[[{]/.test(value)) throw new NotComparable()
      return bucketKeys(value)
    },
    text === null ? null : filterOf(text),
  )
}

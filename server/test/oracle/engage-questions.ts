import { parseJson } from '../../src/kernel/json.ts'
import { aFilter, type Filter, jsonOf, numberBy } from './filters.ts'
import type { Texts } from './model.ts'
import { byBytes, type Client, inOrder, jsonQuestion, type Params, type Question, type World } from './question.ts'
import { eventNames } from './random-project.ts'
import { idsOfPeople, valuesOf } from './raw-questions.ts'
import { type Facts, profileRecord } from './saved-things.ts'
import { dayMs } from './zone-clock.ts'

/** `view`: whoever looks through a data view knows of no other events (query §1). */
export const factsOf = ({ model, events }: World, nowMs: number, view: Filter | null = null): Facts => ({
  model,
  nowMs,
  byPerson: Map.groupBy(
    events.filter((event) => event.person !== '' && (view?.holds(model.recordOf(event, nowMs)) ?? true)),
    ({ person }) => person,
  ),
})

/** Everybody of whom anything is known. */
const everybody = ({ model, byPerson }: Facts): readonly string[] => [
  ...new Set([...byPerson.keys(), ...model.profiles().keys()]),
]

interface Sorting {
  readonly params: Params
  readonly compare: (nowMs: number) => (a: string, b: string) => number
}

/** Numbers before texts before everything else, whatever the direction; equal ones by id. */
const aSorting = ({ model, random: { pick } }: World): Sorting => {
  const text = pick([
    'properties["age"]',
    'properties["plan"]',
    'properties["a"]',
    'user["d"]',
    'properties["age"] * -1',
  ])
  const isDescending = pick([true, false])
  const [json, number] = [jsonOf(text, 'profile'), numberBy(text, 'profile')]
  const keys = (person: string, nowMs: number): readonly [number | null, string | null] => {
    const record = profileRecord(model, person, nowMs)
    const value = json(record)
    return [number(record), value.startsWith('"') ? JSON.parse(value) : null]
  }
  const ordered = <T>(a: T | null, b: T | null, compare: (a: T, b: T) => number): number => {
    if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0)
    return isDescending ? compare(b, a) : compare(a, b)
  }
  return {
    params: { sort_key: text, sort_order: isDescending ? 'descending' : 'ascending' },
    compare: (nowMs) => (a, b) => {
      const [[m, s], [n, t]] = [keys(a, nowMs), keys(b, nowMs)]
      return ordered(m, n, (x, y) => x - y) || ordered(s, t, byBytes) || byBytes(a, b)
    },
  }
}

interface Behavior {
  readonly params: Params
  readonly count: (person: string, facts: Facts) => number
  readonly holds: (count: number) => boolean
}

const aBehavior = ({ random }: World): Behavior => {
  const { next, pick } = random
  const dayCount = pick([1, 7, 30, 90])
  const selectors = Array.from({ length: pick([1, 2]) }, () => ({
    event: pick(eventNames),
    filter: next() < 0.4 ? aFilter(random) : null,
  }))
  const event_selectors = selectors.map(({ event, filter }) => ({
    event,
    ...(filter === null ? {} : { selector: filter.text }),
  }))
  const least = pick([0, 1, 2])
  return {
    params: {
      behaviors: JSON.stringify([{ window: `${dayCount}d`, name: 'it', event_selectors }]),
      where: `behaviors["it"] ${least === 0 ? '==' : '>='} ${least}`,
    },
    holds: (count) => (least === 0 ? count === 0 : count >= least),
    count: (person, { model, byPerson, nowMs }) =>
      (byPerson.get(person) ?? []).filter((event) => {
        const record = model.recordOf(event, nowMs)
        return (
          event.timeMs >= nowMs - dayCount * dayMs &&
          selectors.some((one) => one.event === event.event && (one.filter?.holds(record) ?? true))
        )
      }).length,
  }
}

interface EngagePage {
  readonly page: number
  readonly page_size: number
  readonly results: readonly {
    readonly $distinct_id: string
    readonly $properties: Readonly<Record<string, unknown>>
  }[]
  readonly session_id: string
  readonly status: string
  readonly total: number
}

/** All pages, and one page beyond them. */
const askPages = async (client: Client, params: Params) => {
  const results: unknown[] = []
  const said: unknown[] = []
  let session = ''
  for (let page = 0; ; page += 1) {
    const more: Params = page === 0 ? params : { ...params, page, session_id: session }
    const answer = parseJson((await client.query('engage', more)).text) as unknown as EngagePage
    if (page === 0) session = answer.session_id
    const isSame = answer.session_id === session && answer.page === page && answer.status === 'ok'
    said.push([isSame, answer.total, answer.page_size, answer.results.length])
    results.push(...answer.results.map(inOrder))
    if (answer.results.length < answer.page_size) return { results, said }
  }
}

const pagesOf = (results: readonly unknown[], pageSize: number) => {
  const said: unknown[] = []
  for (let at = 0; ; at += pageSize) {
    const length = Math.min(pageSize, Math.max(0, results.length - at))
    said.push([true, results.length, pageSize, length])
    if (length < pageSize) return { results: results.map(inOrder), said }
  }
}

/** QRY-11, QRY-12: every page of a question about profiles. */
export const engage = (world: World): Question => {
  const { model, random, saved } = world
  const { next, pick } = random
  const pageSize = pick([1, 2, 5, 1_000])
  const kind = pick(['where', 'where', 'behavior', 'cohort', 'cohort', 'ids'] as const)
  const sorting = kind !== 'cohort' && next() < 0.6 ? aSorting(world) : null
  const output = next() < 0.4 ? ['plan', 'age', pick(['a', '$last_seen', 'none'])] : null
  const where: Filter | null = kind !== 'behavior' && next() < 0.6 ? aFilter(random, 'profile') : null
  const view = next() < 0.1 ? pick(saved.dataViews) : null
  const behavior = kind === 'behavior' ? aBehavior(world) : null
  const cohort = kind === 'cohort' ? pick(saved.cohorts) : null
  const hasAll = cohort !== null && next() < 0.6
  const ids = kind === 'ids' ? idsOfPeople(world) : null
  const people = ids === null ? null : new Set(ids.map(model.canonicalOf))
  const params: Params = {
    page_size: pageSize,
    ...(where === null ? {} : { where: where.text }),
    ...(view === null ? {} : { workspace_id: view.id }),
    ...behavior?.params,
    ...(cohort === null
      ? {}
      : { filter_by_cohort: JSON.stringify({ id: cohort.id }), include_all_users: String(hasAll) }),
    ...(ids === null ? {} : { distinct_ids: JSON.stringify(ids) }),
    ...(output === null ? {} : { output_properties: JSON.stringify(output) }),
    ...sorting?.params,
  }
  const shown = (texts: Texts) =>
    Object.fromEntries(Object.entries(valuesOf(texts)).filter(([name]) => output?.includes(name) ?? true))
  return {
    name: 'engage',
    params,
    ask: (client) => askPages(client, params),
    expected: (nowMs) => {
      const facts = factsOf(world, nowMs, view?.filter ?? null)
      const profiles = model.profiles()
      const found = (hasAll ? everybody(facts) : [...profiles.keys()])
        .filter((person) => cohort?.holds(person, facts) ?? true)
        .filter((person) => people?.has(person) ?? true)
        .filter((person) => behavior?.holds(behavior.count(person, facts)) ?? true)
        .filter((person) =>
          [where, view?.profileFilter].every((filter) => filter?.holds(profileRecord(model, person, nowMs)) ?? true),
        )
        .sort(sorting?.compare(nowMs) ?? byBytes)
      const results = found.map((id) => ({ $distinct_id: id, $properties: shown(profiles.get(id) ?? {}) }))
      return pagesOf(results, pageSize)
    },
  }
}

/** Every profile. */
export const allProfiles = ({ model }: World): Question => ({
  name: 'engage',
  params: {},
  ask: (client) => askPages(client, {}),
  expected: () => {
    const all = [...model.profiles()].sort(([a], [b]) => byBytes(a, b))
    return pagesOf(
      all.map(([id, texts]) => ({ $distinct_id: id, $properties: valuesOf(texts) })),
      1_000,
    )
  },
})

/** QRY-10: how many are in each cohort, when nothing happened since it was last looked at. */
export const cohortsList = (world: World): Question =>
  jsonQuestion(
    'cohorts/list',
    {},
    (nowMs) => {
      const facts = factsOf(world, nowMs)
      const known = everybody(facts)
      return Object.fromEntries(
        world.saved.cohorts
          .filter(({ isDynamic }) => isDynamic)
          .map(({ id, holds }) => [id, known.filter((person) => holds(person, facts)).length]),
      )
    },
    (listed: readonly { readonly id: number; readonly count: number }[]) =>
      Object.fromEntries(
        listed
          .filter(({ id }) => world.saved.cohorts.some((cohort) => cohort.isDynamic && cohort.id === id))
          .toSorted((a, b) => a.id - b.id)
          .map(({ id, count }) => [id, count]),
      ),
  )

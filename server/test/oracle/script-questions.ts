import { aFilter } from './filters.ts'
import { byBytes, chosen, isWithin, type Question, someDays, someEvent, type World } from './question.ts'
import { eventNames } from './random-project.ts'

type Line = readonly [key: readonly unknown[], value: unknown]

const sorted = (lines: readonly Line[]): readonly Line[] =>
  lines.toSorted((a, b) => byBytes(JSON.stringify(a), JSON.stringify(b)))

/** QRY-18 (jql §2): scripts that group events, and count or add up. */
export const script = (world: World): Question => {
  const { model, random, events } = world
  const { next, pick } = random
  const days = someDays(world, pick(['day', 'week', 'month'] as const))
  const selectors = Array.from({ length: pick([0, 1, 2]) }, () => ({
    selection: someEvent(world, eventNames),
    filter: next() < 0.4 ? aFilter(random) : null,
  }))
  const isByPerson = next() < 0.4
  const isSummed = !isByPerson && next() < 0.5
  const source = JSON.stringify({
    ...{ from_date: days.from, to_date: days.to },
    ...(selectors.length === 0
      ? {}
      : {
          event_selectors: selectors.map(({ selection, filter }) => ({
            event: selection.label,
            ...(filter === null ? {} : { selector: filter.text }),
          })),
        }),
  })
  const counted = isSummed ? "mixpanel.reducer.sum('properties.price')" : 'mixpanel.reducer.count()'
  const grouped = isByPerson
    ? `.groupByUser((state, events) => (state || 0) + events.length)`
    : `.filter((e) => ${isSummed ? "typeof e.properties.price === 'number'" : 'true'}).groupBy(['name', 'distinct_id'], ${counted})`
  const text = `function main() { return Events(${source})${grouped} }`

  const expected = (nowMs: number): readonly Line[] => {
    const within = events.filter(({ timeMs }) => isWithin(model, days, timeMs))
    const matched = selectors.map(({ selection, filter }) => new Set(chosen(world, within, selection, [filter], nowMs)))
    const numberOf = (json: string | undefined): number | null => (/^-?\d/.test(json ?? '') ? Number(json) : null)
    const kept = within.filter(
      (event) =>
        (matched.length === 0 || matched.some((one) => one.has(event))) &&
        (!isSummed || numberOf(event.properties['price']) !== null) &&
        (!isByPerson || event.person !== ''),
    )
    const keyOf = ({ event, person }: (typeof kept)[number]): string =>
      JSON.stringify(isByPerson ? [person] : [event, person === '' ? null : person])
    const groups = Map.groupBy(kept, keyOf)
    return sorted(
      [...groups].map(([key, some]) => {
        const prices = some.map(({ properties }) => numberOf(properties['price']) ?? 0)
        return [JSON.parse(key), isSummed ? prices.reduce((a, b) => a + b, 0) : some.length]
      }),
    )
  }

  return {
    name: 'jql',
    params: { script: text },
    ask: async (client) => {
      const lines = (await client.script(text)).json() as readonly { key: readonly unknown[]; value: unknown }[]
      return sorted(lines.map(({ key, value }) => [key, value]))
    },
    expected,
  }
}

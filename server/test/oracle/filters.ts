import { bucketKeys } from '../../src/features/query/domain/expression/bucket-keys.ts'
import { dateText } from '../../src/features/query/domain/expression/dates.ts'
import { type ExpressionRecord, evaluate } from '../../src/features/query/domain/expression/evaluate.ts'
import { parseBreakdown, parseExpression } from '../../src/features/query/domain/expression/parse.ts'
import { finite, jsonText, numberOf } from '../../src/features/query/domain/expression/values.ts'
import { expressions, type Random } from '../support/random-expressions.ts'

// Expressions by chance, with what they mean for one record at a time.

export interface Filter {
  readonly text: string
  holds(record: ExpressionRecord): boolean
}
export interface Breakdown {
  readonly text: string
  keys(record: ExpressionRecord): readonly string[]
}

/** The rules do not say how the engine writes a list within a list as a key: such a question is not asked. */
export class NotComparable extends Error {}

const optionsOf = (of: 'event' | 'profile') => (of === 'profile' ? ({ properties: 'profile' } as const) : {})

export const filterOf = (text: string, of: 'event' | 'profile' = 'event'): Filter => {
  const node = parseExpression(text, optionsOf(of))
  return { text, holds: (record) => evaluate(node, record) === true }
}

export const jsonOf = (text: string, of: 'event' | 'profile' = 'event'): ((record: ExpressionRecord) => string) => {
  const node = of === 'event' ? parseBreakdown(text) : parseExpression(text, optionsOf(of))
  return (record) => {
    const value = evaluate(node, record)
    return value instanceof Date ? JSON.stringify(dateText(value.getTime(), record.timezone)) : jsonText(value)
  }
}

export const breakdownOf = (text: string): Breakdown => {
  const json = jsonOf(text)
  return {
    text,
    keys: (record) => {
      const value = json(record)
      if (/^\[.*[[{]/.test(value)) throw new NotComparable()
      return bucketKeys(value)
    },
  }
}

export const numberBy = (
  text: string,
  of: 'event' | 'profile' = 'event',
): ((record: ExpressionRecord) => number | null) => {
  const node = of === 'event' ? parseBreakdown(text) : parseExpression(text, optionsOf(of))
  return (record) => {
    const value = evaluate(node, record)
    return value instanceof Date ? null : (finite(numberOf(value) ?? Number.NaN) ?? null)
  }
}

const aText = (random: Random, isWanted: (text: string) => boolean): string => {
  for (;;) {
    const [found] = expressions(random, 1, 'api')
    if (found !== undefined && isWanted(found.text)) return found.text
  }
}

const ofEvents = (text: string): boolean => !text.includes('behaviors[')
const ofProfiles = (text: string): boolean => !/behaviors\[|event\[|"time"/.test(text)

const aCondition = ({ pick }: Random): string =>
  pick([
    () => `properties["plan"] == "${pick(['pro', 'free', 'Pro', ''])}"`,
    () => `properties["plan"] != "pro"`,
    () => `properties["price"] ${pick(['>', '>=', '<', '<=', '==', '!='])} ${pick([2, 2.5, 10, 0])}`,
    () => `number(properties["price"]) > ${pick([1, 11])}`,
    () => `properties["price"] * properties["qty"] > 20`,
    () => `properties["qty"] % 2 == 1`,
    () => `defined(properties["${pick(['plan', 'tags', 'd'])}"])`,
    () => `not defined(properties["flag"])`,
    () => `"${pick(['red', 'blue', 'vip'])}" in properties["tags"]`,
    () => `properties["plan"] in ["pro", "team", 7]`,
    () => `any(X, properties["tags"], X == "${pick(['red', 'green', 'vip'])}")`,
    () => `len(properties["tags"]) >= 2`,
    () => 'properties["flag"]',
    () => 'not properties["flag"]',
    () => `user["plan"] == "${pick(['pro', 'free'])}"`,
    () => `user["age"] >= ${pick([18, 30])}`,
    () => `has_prefix(string(properties["plan"]), "p")`,
    () => `datetime(properties["when"]) < datetime("2026-06-01T00:00:00")`,
    () => `properties["when"] >= "2026-01-01"`,
    () => `parse_url(properties["url"], "domain") == "shop.co.uk"`,
  ])()

const ofTime = ({ pick }: Random): string =>
  pick([
    () => `event["$time"] >= datetime("2026-03-29T02:30:00")`,
    () => `datedif(event["$time"], today(), "${pick(['D', 'M', 'MD'])}") < ${pick([2, 9, 30])}`,
    () => `properties["$distinct_id"] ${pick(['==', '!='])} "u1"`,
    () => `properties["$event_name"] == "Buy"`,
    () => `properties["time"] % 2 == 0`,
  ])()

/** Half of the filters are ones that people write, the others anything at all. */
export const aFilter = (random: Random, of: 'event' | 'profile' = 'event'): Filter => {
  const { next, pick } = random
  if (next() < 0.4) return filterOf(aText(random, of === 'event' ? ofEvents : ofProfiles), of)
  const one = (): string => {
    const text = of === 'event' && next() < 0.2 ? ofTime(random) : aCondition(random)
    return next() < 0.15 ? `not (${text})` : text
  }
  const text = next() < 0.5 ? one() : `(${one()}) ${pick(['and', 'or'])} (${one()})`
  return filterOf(text, of)
}

export const aBreakdown = (random: Random): Breakdown => {
  const { next, pick } = random
  if (next() < 0.3) return breakdownOf(aText(random, ofEvents))
  const known = [
    ...['plan', 'price', 'tags', 'flag', 'a', 'b', '$distinct_id', '$event_name', '$device_id', 'no such'],
    ...['properties["plan"]', 'user["plan"]', 'user["tags"]', 'user["c"]', 'upper(properties["plan"])'],
    ...[
      'properties["price"] > 5',
      'event["$time"]',
      'string(properties["qty"], "none")',
      'parse_url(properties["url"], "domain")',
    ],
  ]
  return breakdownOf(pick(known))
}

/** Numbers whose sums are exact in any order. */
export const aNumber = ({ pick }: Random): string =>
  pick([
    ...['price', 'qty', 'properties["price"]', 'properties["price"] * 2', 'number(properties["price"])'],
    ...[
      'properties["price"] - properties["qty"]',
      'user["age"]',
      'len(properties["plan"])',
      'number(properties["flag"])',
    ],
    ...['-properties["price"]', 'properties["plan"]', 'floor(properties["price"])', 'properties["price"] / 4'],
  ])

// Random expressions and values, for the tests that compare the engine with the plain rules.

import type { ExpressionRecord } from '../../src/features/query/domain/expression/evaluate.ts'
import type { Expression } from '../../src/features/query/domain/expression/nodes.ts'
import { parseExpression } from '../../src/features/query/domain/expression/parse.ts'
import { ExpressionError } from '../../src/features/query/domain/expression/tokens.ts'

/** Mulberry32: the same seed, the same expressions. */
export const seeded = (seed: number) => {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296
  }
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T
  return { next, pick }
}
export type Random = ReturnType<typeof seeded>

const jsonTexts: readonly string[] = [
  '',
  '',
  'null',
  'true',
  'false',
  ...[0, 1, -1, 2, 2.5, -2.5, 7, 0.1, 1e21, 1.5e-7, 1e300, 9007199254740992, 1700000000].map((each) =>
    JSON.stringify(each),
  ),
  '12345678901234567890',
  '123456789012345678901234567890',
  '1e400',
  ...[
    '',
    'a',
    'A',
    'abc',
    'pro',
    'Straße',
    'İ',
    'ΣΑΣ',
    '😀é',
    'a/b',
    'a,b,,c',
    'a"b\\c',
    'tab\tline\nend\u0001',
    '\u2028',
  ].map((each) => JSON.stringify(each)),
  ...['true', 'false', '1', '2.5', '+3', '.5', '5.', '1e5', '1e400', ' 1', '0x10', 'Infinity', 'nan', '-0'].map(
    (each) => JSON.stringify(each),
  ),
  ...['2024-02-29', '2024-02-30', '2026-03-29T02:30:00', '2025-10-26T02:30:00', '2024-01-31T12:00:00.5Z'].map((each) =>
    JSON.stringify(each),
  ),
  ...['1950-06-01', '2024-05-05 10:11', '2024-05-05T10:11:12+05:30', '2024-01-01T25:00:00', '2199-12-31'].map((each) =>
    JSON.stringify(each),
  ),
  ...['https://user@www.Shop.co.uk:80/x?y#z', '//a.b.example.com', 'no url', 'ftp://localhost', 'http://10.1.2.3/'].map(
    (each) => JSON.stringify(each),
  ),
  '[]',
  '["a","b","a"]',
  '["A",1,true,null,2.5]',
  '[1,2,3]',
  '[[1],["x/y"],{"k":"v"}]',
  '["line\\n","q\\"q","é"]',
  '[1.5e-7,100000000000000000000]',
  '[1.5e-7,0.1]',
  '[12345678901234567890,1]',
  '{}',
  '{"k":"v","n":1,"o":{"k":[1,"a"]}}',
  '{"n":1e400}',
]

/** The properties that expressions ask for. */
export const names = ['a', 'b', 'c', 'd'] as const

/** The text of a random expression; `depth` bounds it. */
const anExpression = (random: Random, depth: number, bound: readonly string[] = []): string => {
  const { next, pick } = random
  const sub = (more: readonly string[] = []): string => anExpression(random, depth - 1, [...bound, ...more])
  const text = (value: string): string => JSON.stringify(value).replaceAll('\\u2028', '\u2028')
  const leaf = (): string =>
    pick([
      () => `properties["${pick(names)}"]`,
      () => `properties["${pick(names)}"]`,
      () => `user["${pick(names)}"]`,
      () => pick(['0', '1', '2', '2.5', '7', '3.5', '1e21', '-1', '0.1', '1700000000']),
      () => text(pick(['a', 'A', 'abc', '', 'pro', '1', 'ΣΑΣ', '2024-02-29', 'b', 'k', 'a/b', 'tab\tline', '"', ','])),
      () => pick(['true', 'false', 'undefined', '[1, 2, "a"]', '[]', '["a", true, 2.5]']),
      () => pick(['event["$time"]', 'properties["time"]', 'properties["$distinct_id"]', 'today()', 'behaviors["x"]']),
      () => (bound.length === 0 ? `properties["${pick(names)}"]` : pick(bound)),
    ])()
  if (depth <= 0 || next() < 0.15) return leaf()
  const name = `v${bound.length}`
  const unit = pick(['D', 'M', 'Y', 'MD', 'YM', 'YD'])
  return pick([
    () => `(${sub()} ${pick(['+', '-', '*', '/', '%'])} ${sub()})`,
    () => `(${sub()} ${pick(['+', '+'])} ${sub()})`,
    () => `(${sub()} ${pick(['==', '!=', '==', '!='])} ${sub()})`,
    () => `(${sub()} ${pick(['<', '<=', '>', '>='])} ${sub()})`,
    () => `(${sub()} ${pick(['in', 'not in'])} ${sub()})`,
    () => `(boolean(${sub()}) ${pick(['and', 'or'])} (${sub()} == ${sub()}))`,
    () => `not (${sub()})`,
    () => `if(boolean(${sub()}), ${sub()}, ${sub()})`,
    () => `ifs(${sub()} == ${sub()}, ${sub()}, ${sub()} > ${sub()}, ${sub()})`,
    () => `${pick(['number', 'boolean', 'string', 'defined', 'datetime'])}(${sub()})`,
    () => `string(${sub()}, ${sub()})`,
    () => `${pick(['floor', 'ceil', 'round', 'len', 'upper', 'lower', 'sum', '-'])}(${sub()})`,
    () => `${pick(['min', 'max', 'has_prefix', 'has_suffix'])}(${sub()}, ${sub()})`,
    () => `${pick(['left', 'right'])}(${sub()}, ${sub()})`,
    () => `mid(${sub()}, ${sub()}, ${sub()})`,
    () => `split(${sub()}, ",")`,
    () => `split(${sub()}, ",", ${sub()})`,
    () => `parse_url(${sub()}, "${pick(['domain', 'full_domain'])}")`,
    () => `regex_match(${sub()}, ${text(pick(['^a', 'A.C', '(?-i)A', '[b-d]+', '\\d', '\\w+\\s', 'ß|σ']))})`,
    () => `regex_extract(${sub()}, ${text(pick(['([a-z])([a-z]?)', '(\\d+)-(\\d+)']))}${pick(['', ', 1', ', 2'])})`,
    () => `regex_replace(${sub()}, ${text(pick(['a', '[b,]+', '(\\d)']))}, ${text(pick(['<\\$>', '$$x', '\\1']))})`,
    () => `datedif(${sub()}, ${sub()}, "${unit}")`,
    () => `let(${name}, ${sub()}, ${sub([name])})`,
    () => `${pick(['any', 'all', 'filter'])}(${name}, ${sub()}, boolean(${sub([name])}))`,
    () => `map(${name}, ${sub()}, ${sub([name])})`,
    () => `(${sub()})[${pick(['0', '1', '"k"', '"o"', '-1', '1.5', sub()])}]`,
    () => `[${sub()}, ${sub()}]`,
  ])()
}

/** Trees for random texts; a text that the types refuse makes room for another. */
export const expressions = (random: Random, count: number, dialect: 'api' | 'formula') => {
  const found: { readonly text: string; readonly node: Expression }[] = []
  while (found.length < count) {
    const text = anExpression(random, 3)
    try {
      found.push({ text, node: parseExpression(text, { dialect }) })
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
    }
  }
  return found
}

/** A record of random values; some are where clocks change in Europe. */
export const aRecord = ({ pick }: Random, timezone: string, nowMs: number): ExpressionRecord => {
  const properties = () => Object.fromEntries(names.map((name) => [name, pick(jsonTexts)]))
  return {
    event: properties(),
    user: properties(),
    behaviors: { x: pick([0, 1, 3]) },
    columns: { distinctId: pick(['u1', 'u/2']), insertId: 'i', eventName: 'E' },
    timeMs: pick([1_700_000_000_123, Date.UTC(2026, 2, 29, 0, 30), Date.UTC(2025, 9, 26, 0, 30)]),
    timezone,
    nowMs,
  }
}

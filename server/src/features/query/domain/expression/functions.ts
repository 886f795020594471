import { momentOf } from './dates.ts'
import { type Expression, type FunctionName, type } from './nodes.ts'
import { patternOf, replacementMark } from './patterns.ts'
import { ExpressionError } from './tokens.ts'

export interface FunctionFacts {
  readonly argsMin: number
  readonly argsMax: number
  /** What its value can be. */
  readonly types: (args: readonly Expression[]) => number
  /** Throws ExpressionError for arguments that can be told wrong before anything runs. */
  readonly check?: (args: readonly Expression[]) => void
}

const { undefined: none, null: nil, boolean, number, string, list, datetime } = type

const fixed = (argsMin: number, argsMax: number, types: number): FunctionFacts => ({
  argsMin,
  argsMax,
  types: () => types,
})

const literalString = (node: Expression | undefined): string | undefined =>
  node?.kind === 'literal' && typeof node.value === 'string' ? node.value : undefined

const oneOf = (words: readonly string[], what: string) => (node: Expression | undefined) => {
  const word = literalString(node)
  if (node === undefined || (word !== undefined && words.includes(word))) return
  throw new ExpressionError(node.at, `expected ${what}: ${words.map((each) => `"${each}"`).join(', ')}`)
}

export const datedifUnits = ['D', 'M', 'Y', 'MD', 'YM', 'YD'] as const
export const urlParts = ['domain', 'full_domain'] as const
const checkUnit = oneOf(datedifUnits, 'a unit')
const checkUrlPart = oneOf(urlParts, 'a part of a URL')

const checkPattern = ([, pattern]: readonly Expression[]): void => {
  if (pattern === undefined) return
  const text = literalString(pattern)
  if (text === undefined) throw new ExpressionError(pattern.at, 'expected a pattern in quotes')
  patternOf(text, pattern.at)
}

const checkGroup = ([, pattern, group]: readonly Expression[]): void => {
  if (pattern === undefined || group === undefined) return
  const { groupCount } = patternOf(literalString(pattern) ?? '', pattern.at)
  const at = group.kind === 'literal' ? Number(group.value) : Number.NaN
  if (Number.isInteger(at) && at >= 0 && at <= groupCount) return
  throw new ExpressionError(group.at, `expected the number of a group, 0 to ${groupCount}`)
}

const checkReplacement = ([, pattern, by]: readonly Expression[]): void => {
  if (pattern === undefined || by === undefined) return
  const { groupCount, canBeEmpty } = patternOf(literalString(pattern) ?? '', pattern.at)
  if (canBeEmpty) throw new ExpressionError(pattern.at, 'the pattern of a replacement cannot fit the empty text')
  const text = literalString(by)
  if (text === undefined) throw new ExpressionError(by.at, 'expected a replacement in quotes')
  if (/\\\d/.test(text)) throw new ExpressionError(by.at, 'a group is written $1; no backslash before a digit')
  for (const [, bare, braced] of text.matchAll(replacementMark)) {
    if (Number(bare ?? braced ?? 0) <= groupCount) continue
    throw new ExpressionError(by.at, `the pattern has no group ${bare ?? braced}`)
  }
}

const both =
  (...checks: readonly ((args: readonly Expression[]) => void)[]) =>
  (args: readonly Expression[]): void => {
    for (const check of checks) check(args)
  }

const checkDelimiter = ([, delimiter]: readonly Expression[]): void => {
  const text = literalString(delimiter)
  if (delimiter === undefined || (text !== undefined && /^\p{ASCII}$/u.test(text))) return
  throw new ExpressionError(delimiter.at, 'expected one ASCII character in quotes')
}

// string(x, y) is string(y) where string(x) is undefined or null.
const stringTypes = ([value, otherwise]: readonly Expression[]): number => {
  const own = ((value?.types ?? 0) & (none | nil)) | ((value?.types ?? 0) & ~(none | nil) ? string : 0)
  return otherwise === undefined ? own : (own & string) | stringTypes([otherwise])
}

const facts: Readonly<Record<FunctionName, FunctionFacts>> = {
  boolean: fixed(1, 1, boolean),
  number: fixed(1, 1, number | none),
  string: { argsMin: 1, argsMax: 2, types: stringTypes },
  defined: fixed(1, 1, boolean),
  datetime: {
    ...fixed(1, 1, datetime | none),
    types: ([of]) => (of?.kind === 'literal' && momentOf(of.value, 'UTC') !== undefined ? datetime : datetime | none),
  },
  today: fixed(0, 0, datetime),
  datedif: { ...fixed(3, 3, number | none), check: ([, , unit]) => checkUnit(unit) },
  floor: fixed(1, 1, number | none),
  ceil: fixed(1, 1, number | none),
  round: fixed(1, 1, number | none),
  negate: fixed(1, 1, number | none),
  min: fixed(2, 2, number | none),
  max: fixed(2, 2, number | none),
  sum: fixed(1, 1, number | none),
  len: fixed(1, 1, number | none),
  upper: fixed(1, 1, string | none),
  lower: fixed(1, 1, string | none),
  left: fixed(2, 2, string | none),
  right: fixed(2, 2, string | none),
  mid: fixed(3, 3, string | none),
  split: {
    argsMin: 2,
    argsMax: 3,
    types: (args) => (args.length === 2 ? list : string) | none,
    check: checkDelimiter,
  },
  has_prefix: fixed(2, 2, boolean | none),
  has_suffix: fixed(2, 2, boolean | none),
  parse_url: { ...fixed(2, 2, string | none), check: ([, part]) => checkUrlPart(part) },
  regex_match: { ...fixed(2, 2, boolean | none), check: checkPattern },
  regex_extract: { ...fixed(2, 3, string | none), check: both(checkPattern, checkGroup) },
  regex_replace: { ...fixed(3, 3, string | none), check: both(checkPattern, checkReplacement) },
}

export const functionOf = (name: FunctionName): FunctionFacts => facts[name]

export const isFunctionName = (name: string): name is FunctionName => Object.hasOwn(facts, name) && name !== 'negate'

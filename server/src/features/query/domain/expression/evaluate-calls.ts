import { datedif, dateText, momentOf, startOfDay } from './dates.ts'
import type { FunctionName } from './nodes.ts'
import { patternOf, replacementMark } from './patterns.ts'
import {
  asComputed,
  asRead,
  domainPattern,
  finite,
  hostPattern,
  isList,
  jsonText,
  numberOf,
  numberPattern,
  type Value,
} from './values.ts'

/** What functions need to know besides their arguments. */
export interface CallContext {
  readonly timezone: string
  readonly nowMs: number
}
type Call = (args: readonly Value[], context: CallContext) => Value

export const callOf = (name: FunctionName): Call => calls[name]

const numberRegExp = new RegExp(numberPattern)
const hostRegExp = new RegExp(hostPattern)
const domainRegExp = new RegExp(domainPattern)

const math =
  (use: (x: number) => number): Call =>
  ([value]) => {
    const number = numberOf(value)
    return number === undefined ? undefined : finite(use(number))
  }
const text =
  (use: (x: string) => Value): Call =>
  ([value]) =>
    typeof value === 'string' ? use(value) : undefined
const pair =
  (use: (x: number, y: number) => number): Call =>
  ([a, b]) => {
    const [x, y] = [numberOf(a), numberOf(b)]
    return x === undefined || y === undefined ? undefined : finite(use(x, y))
  }
const affix =
  (has: (whole: string, part: string) => boolean): Call =>
  ([whole, part]) =>
    typeof whole === 'string' && typeof part === 'string' ? has(whole.toLowerCase(), part.toLowerCase()) : undefined

// Characters are code points, as the engine counts them.
const slice = (value: Value, cut: (letters: readonly string[]) => readonly string[] | undefined): Value =>
  typeof value === 'string' ? cut([...value])?.join('') : undefined

const countOf = (value: Value): number | undefined => {
  const number = numberOf(value)
  return number === undefined ? undefined : Math.max(Math.floor(number), 0)
}

const toNumber: Call = ([value]) => {
  if (value instanceof Date) return value.getTime() / 1000
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') return numberRegExp.test(value) ? finite(Number(value)) : undefined
  const number = numberOf(value)
  return number === undefined ? undefined : finite(number)
}

const toBoolean: Call = ([value]) => {
  if (value instanceof Date) return true
  return !['', 'null', 'false', '""', '"false"', '[]', '0'].includes(jsonText(value))
}

const toText = (value: Value, { timezone }: CallContext): Value => {
  if (value === undefined || value === null || typeof value === 'string') return value
  return value instanceof Date ? dateText(value.getTime(), timezone) : jsonText(value)
}

const toMoment: Call = ([value], { timezone }) => {
  if (value instanceof Date) return value
  const ms = momentOf(typeof value === 'string' ? value : numberOf(value), timezone)
  return ms === undefined ? undefined : new Date(ms)
}

const sum: Call = ([value]) => {
  if (!isList(value)) return undefined
  return finite(asRead(value).reduce((total: number, each) => total + (numberOf(each) ?? 0), 0))
}

const split: Call = (args) => {
  const [whole, delimiter, at] = args
  if (typeof whole !== 'string') return undefined
  const pieces = whole.split(String(delimiter))
  if (args.length === 2) return asComputed(pieces)
  const place = countOf(at)
  return place === undefined ? undefined : pieces[place - 1]
}

const parseUrl: Call = ([url, part]) => {
  if (typeof url !== 'string') return undefined
  const host = hostRegExp.exec(url)?.[1]?.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  if (host === undefined || part === 'full_domain') return host
  return domainRegExp.exec(host)?.[0] ?? host
}

const regex = (pattern: Value): RegExp => patternOf(String(pattern), 1).js

const calls: Readonly<Record<FunctionName, Call>> = {
  boolean: toBoolean,
  number: toNumber,
  string: (args, context) => {
    const [value, otherwise] = args
    const text = toText(value, context)
    return args.length === 1 ? text : (text ?? toText(otherwise, context))
  },
  defined: ([value]) => value !== undefined,
  datetime: toMoment,
  today: (_args, { nowMs, timezone }) => new Date(startOfDay(nowMs, timezone)),
  datedif: (args, context) => {
    const [from, to] = args.slice(0, 2).map((each) => (typeof each === 'string' ? toMoment([each], context) : each))
    if (!(from instanceof Date) || !(to instanceof Date)) return undefined
    return datedif(from.getTime(), to.getTime(), String(args[2]), context.timezone)
  },
  floor: math(Math.floor),
  ceil: math(Math.ceil),
  round: math((x) => Math.sign(x) * Math.floor(Math.abs(x) + 0.5)),
  negate: math((x) => -x),
  min: pair(Math.min),
  max: pair(Math.max),
  sum,
  len: ([value]) => {
    if (typeof value === 'string') return [...value].length
    return isList(value) ? asRead(value).length : undefined
  },
  upper: text((x) => x.toUpperCase()),
  lower: text((x) => x.toLowerCase()),
  left: ([value, n]) => {
    const count = countOf(n)
    return count === undefined ? undefined : slice(value, (letters) => letters.slice(0, count))
  },
  right: ([value, n]) => {
    const count = countOf(n)
    return count === undefined
      ? undefined
      : slice(value, (letters) => letters.slice(Math.max(letters.length - count, 0)))
  },
  mid: ([value, first, n]) => {
    const [from, count] = [countOf(first), countOf(n)]
    if (from === undefined || from === 0 || count === undefined) return undefined
    return slice(value, (letters) => letters.slice(from - 1, from - 1 + count))
  },
  split,
  has_prefix: affix((whole, part) => whole.startsWith(part)),
  has_suffix: affix((whole, part) => whole.endsWith(part)),
  parse_url: parseUrl,
  regex_match: ([value, pattern]) => (typeof value === 'string' ? regex(pattern).test(value) : undefined),
  regex_extract: ([value, pattern, group]) => {
    if (typeof value !== 'string') return undefined
    const found = regex(pattern).exec(value)
    return found === null ? undefined : (found[numberOf(group) ?? 0] ?? '')
  },
  regex_replace: ([value, pattern, by]) => {
    if (typeof value !== 'string') return undefined
    const { source, flags } = regex(pattern)
    return value.replace(new RegExp(source, `${flags}g`), (...found: readonly unknown[]) =>
      String(by).replace(replacementMark, (_mark, bare: string | undefined, braced: string | undefined) =>
        bare === undefined && braced === undefined ? '$' : String(found[Number(bare ?? braced)] ?? ''),
      ),
    )
  },
}

import { dayMs } from '../../../kernel/time.ts'
import { canBe, isOnly } from '../domain/expression/build.ts'
import { earliestMs, latestMs, momentOf, startOfDay } from '../domain/expression/dates.ts'
import { type CallNode, type Expression, type FunctionName, type } from '../domain/expression/nodes.ts'
import { patternOf, replacementForRe2 } from '../domain/expression/patterns.ts'
import { domainPattern, hostPattern, numberPattern } from '../domain/expression/values.ts'
import { type Compiler, shared, type Want } from './expression-context.ts'
import { joined } from './expression-lists.ts'
import { dateTextSql, instantOfJson, instantOfText, localMsSql } from './expression-time.ts'
import { decodedSql, nullOf, numberText, quotedSql, typed } from './expression-values.ts'

/** SQL of a function whose arguments are worked out first. */
export const callSql = (compiler: Compiler, node: CallNode, want: Want): string => {
  if (node.name === 'string') return stringSql(compiler, node, want)
  if (node.name === 'split' && node.args.length === 2)
    return want === 'json' ? joined(compiler.list(node)) : nullOf[want]
  const { from, sql } = calls[node.name]
  return typed(compiler, node, from, sql(compiler, node.args as Args), want)
}

// `build.ts` has counted the arguments; those a function does not take are not asked for.
type Args = readonly [Expression, Expression, Expression]
interface Call {
  readonly from: Exclude<Want, 'json'>
  readonly sql: (compiler: Compiler, args: Args) => string
}

const number = (sql: Call['sql']): Call => ({ from: 'number', sql })
const string = (sql: Call['sql']): Call => ({ from: 'string', sql })
const boolean = (sql: Call['sql']): Call => ({ from: 'boolean', sql })
const datetime = (sql: Call['sql']): Call => ({ from: 'datetime', sql })

const math = (use: (x: string) => string): Call =>
  number((compiler, [x]) => `ifNotFinite(${use(compiler.sql(x, 'number'))}, NULL)`)
const text = (use: (x: string) => string): Call => string((compiler, [x]) => use(compiler.sql(x, 'string')))

const lesser = (name: 'least' | 'greatest'): Call =>
  number((compiler, [a, b]) =>
    shared(compiler, compiler.sql(a, 'number'), (x) =>
      shared(
        compiler,
        compiler.sql(b, 'number'),
        (y) => `if(isNull(${x}) OR isNull(${y}), NULL, ifNotFinite(${name}(${x}, ${y}), NULL))`,
      ),
    ),
  )

/** A count of characters: whole, not below 0, and never more than a string can hold. `least` alone would ignore NULL. */
const countSql = (compiler: Compiler, node: Expression): string =>
  shared(compiler, compiler.sql(node, 'number'), (n) =>
    isOnly(node, type.number)
      ? `toInt64(least(greatest(floor(${n}), 0), 10000000))`
      : `if(isNull(${n}), NULL, toInt64(least(greatest(floor(ifNull(${n}, 0)), 0), 10000000)))`,
  )

const affix = (name: 'startsWith' | 'endsWith'): Call =>
  boolean((compiler, [whole, part]) => {
    const [w, p] = [compiler.sql(whole, 'string'), compiler.sql(part, 'string')]
    return `${name}(lowerUTF8(${w}), lowerUTF8(${p}))`
  })

const stringValue = (node: Expression): string => (node.kind === 'literal' ? String(node.value) : '')
const pattern = (compiler: Compiler, node: Expression): string =>
  compiler.text(patternOf(stringValue(node), node.at).re2)

const booleanOf = (compiler: Compiler, node: Expression): string => {
  if (isOnly(node, type.boolean | type.undefined)) return compiler.truth(node)
  if (node.types === type.datetime) return '1'
  if (canBe(node, type.datetime)) return `isNotNull(${compiler.sql(node, 'datetime')})`
  return `(${compiler.sql(node, 'json')} NOT IN ('', 'null', 'false', '""', '"false"', '[]', '0', '-0'))`
}

const numberOfText = (compiler: Compiler, sql: string): string =>
  shared(
    compiler,
    sql,
    (x) => `if(match(${x}, ${compiler.text(numberPattern)}), ifNotFinite(toFloat64OrNull(${x}), NULL), NULL)`,
  )

const numberOf = (compiler: Compiler, node: Expression): string => {
  if (canBe(node, type.datetime)) return `(${compiler.sql(node, 'datetime')} / 1000)`
  if (isOnly(node, type.number | type.undefined)) return compiler.sql(node, 'number')
  if (isOnly(node, type.boolean | type.undefined)) return `toFloat64(${compiler.sql(node, 'boolean')})`
  if (isOnly(node, type.string | type.undefined | type.null)) {
    return numberOfText(compiler, compiler.sql(node, 'string'))
  }
  return shared(compiler, compiler.sql(node, 'json'), (json) => {
    const inQuotes = numberOfText(compiler, `substring(${json}, 2, length(${json}) - 2)`)
    return `multiIf(startsWith(${json}, '"'), ${inQuotes}, ${json} = 'true', 1, ${json} = 'false', 0, ifNotFinite(toFloat64OrNull(${json}), NULL))`
  })
}

const datetimeOf = (compiler: Compiler, node: Expression): string => {
  if (canBe(node, type.datetime)) return compiler.sql(node, 'datetime')
  const known = node.kind === 'literal' ? momentOf(node.value, compiler.context.timezone) : undefined
  if (known !== undefined) return compiler.context.bind(known, 'Int64')
  const views: string[] = []
  if (canBe(node, type.number)) {
    const ms = `floor(${compiler.sql(node, 'number')} * 1000)`
    views.push(shared(compiler, ms, (x) => `if(${x} >= ${earliestMs} AND ${x} < ${latestMs}, toInt64(${x}), NULL)`))
  }
  if (canBe(node, type.string)) views.push(momentSql(compiler, node))
  return views.length < 2 ? (views[0] ?? nullOf.datetime) : `coalesce(${views.join(', ')})`
}

/** The moment that a datetime or a text names. */
const momentSql = (compiler: Compiler, node: Expression): string => {
  if (canBe(node, type.datetime)) return compiler.sql(node, 'datetime')
  if (!canBe(node, type.string)) return nullOf.datetime
  return isOnly(node, type.string | type.undefined | type.null)
    ? instantOfText(compiler, compiler.sql(node, 'string'))
    : instantOfJson(compiler, compiler.sql(node, 'json'))
}

const datedifSql = (compiler: Compiler, [from, to, unit]: Args): string => {
  const [a, b] = [compiler.lambdaName(), compiler.lambdaName()]
  const day = (node: Expression): string => {
    const local = localMsSql(compiler, momentSql(compiler, node))
    return `addDays(toDate32('1970-01-01'), toInt32(floor(${local} / ${dayMs})))`
  }
  const months = `((toYear(${b}) - toYear(${a})) * 12 + toMonth(${b}) - toMonth(${a}) - (toDayOfMonth(${b}) < toDayOfMonth(${a})))`
  const years = `intDiv(${months}, 12)`
  const daysSince = (start: string): string => `dateDiff('day', ${start}, ${b})`
  const units: Readonly<Record<string, string>> = {
    D: daysSince(a),
    M: months,
    Y: years,
    YM: `(${months} - ${years} * 12)`,
    MD: daysSince(`addMonths(${a}, ${months})`),
    YD: daysSince(`addMonths(${a}, ${years} * 12)`),
  }
  const counted = `if(isNull(${a}) OR isNull(${b}) OR ${a} > ${b}, NULL, toFloat64(${units[stringValue(unit)]}))`
  return `arrayMap((${a}, ${b}) -> ${counted}, [${day(from)}], [${day(to)}])[1]`
}

const lengthSql = (compiler: Compiler, node: Expression): string => {
  const views: string[] = []
  if (canBe(node, type.string)) views.push(`toFloat64(lengthUTF8(${compiler.sql(node, 'string')}))`)
  if (canBe(node, type.list)) {
    const { array, isList } = compiler.list(node)
    const length = `toFloat64(length(${array}))`
    views.push(isList === null ? length : `if(${isList}, ${length}, NULL)`)
  }
  return views.length < 2 ? (views[0] ?? nullOf.number) : `coalesce(${views.join(', ')})`
}

const sumSql = (compiler: Compiler, node: Expression): string => {
  const { array, isList } = compiler.list(node)
  const element = compiler.lambdaName()
  const sum = `ifNotFinite(arraySum(arrayMap(${element} -> ifNull(toFloat64OrNull(${element}), 0), ${array})), NULL)`
  return isList === null ? sum : `if(${isList}, ${sum}, NULL)`
}

const splitSql = (compiler: Compiler, [whole, delimiter, at]: Args): string =>
  shared(compiler, compiler.sql(whole, 'string'), (string) => {
    const pieces = `splitByChar(${compiler.sql(delimiter, 'string')}, ifNull(${string}, ''))`
    return shared(compiler, `ifNull(${countSql(compiler, at)}, 0)`, (n) => {
      const isPlace = `isNotNull(${string}) AND ${n} >= 1 AND ${n} <= length(${pieces})`
      return `if(${isPlace}, arrayElement(${pieces}, ${n}), NULL)`
    })
  })

const regexExtractSql = (compiler: Compiler, args: Args): string => {
  const [whole, regex, group] = args
  const re2 = pattern(compiler, regex)
  const at = args.length < 3 ? 0 : Number(stringValue(group))
  return shared(
    compiler,
    compiler.sql(whole, 'string'),
    (x) => `if(match(${x}, ${re2}), regexpExtract(${x}, ${re2}, ${at}), NULL)`,
  )
}

const parseUrlSql = (compiler: Compiler, [url, part]: Args): string => {
  const host = `nullIf(lower(regexpExtract(${compiler.sql(url, 'string')}, ${compiler.text(hostPattern)}, 1)), '')`
  if (stringValue(part) === 'full_domain') return host
  return shared(
    compiler,
    host,
    (x) =>
      `if(match(${x}, ${compiler.text(domainPattern)}), regexpExtract(${x}, ${compiler.text(domainPattern)}, 0), ${x})`,
  )
}

const stringSql = (compiler: Compiler, node: CallNode, want: Want): string => {
  const [value, otherwise] = node.args as readonly [Expression, Expression?]
  if (otherwise === undefined) return textSql(compiler, value, want)
  const own = textSql(compiler, value, 'string')
  const other = textSql(compiler, otherwise, want)
  if (want !== 'json') return `coalesce(${own}, ${other})`
  return shared(compiler, own, (x) => `if(isNull(${x}), ${other}, ${quotedSql(compiler, `ifNull(${x}, '')`)})`)
}

/** A value as text; null and undefined stay what they are. */
const textSql = (compiler: Compiler, node: Expression, want: Want): string => {
  if (want !== 'string' && want !== 'json') return nullOf[want]
  if (isOnly(node, type.string | type.undefined | type.null)) return compiler.sql(node, want)
  const known = knownTextSql(compiler, node)
  if (known !== null) {
    if (want === 'string') return known
    const json = quotedSql(compiler, known)
    return canBe(node, type.undefined) ? `ifNull(${json}, '')` : json
  }
  return shared(compiler, compiler.sql(node, 'json'), (json) =>
    want === 'string'
      ? `multiIf(startsWith(${json}, '"'), ${decodedSql(json)}, ${json} IN ('', 'null'), NULL, ${json})`
      : `if(startsWith(${json}, '"') OR ${json} IN ('', 'null'), ${json}, ${quotedSql(compiler, json)})`,
  )
}

/** The text of a value of one type; null when it can be of several. */
const knownTextSql = (compiler: Compiler, node: Expression): string | null => {
  if (canBe(node, type.datetime)) return dateTextSql(compiler, compiler.sql(node, 'datetime'))
  if (isOnly(node, type.number | type.undefined)) return numberText(compiler.sql(node, 'number'))
  if (!isOnly(node, type.boolean | type.undefined)) return null
  const sql = compiler.sql(node, 'boolean')
  return `toString(CAST(${sql}, '${canBe(node, type.undefined) ? 'Nullable(Bool)' : 'Bool'}'))`
}

const calls: Readonly<Record<Exclude<FunctionName, 'string'>, Call>> = {
  boolean: boolean((compiler, [x]) => booleanOf(compiler, x)),
  number: number((compiler, [x]) => numberOf(compiler, x)),
  defined: boolean((compiler, [x]) => definedSql(compiler, x)),
  datetime: datetime((compiler, [x]) => datetimeOf(compiler, x)),
  today: datetime(({ context }) => context.bind(startOfDay(context.nowMs, context.timezone), 'Int64')),
  datedif: number(datedifSql),
  floor: math((x) => `floor(${x})`),
  ceil: math((x) => `ceil(${x})`),
  round: number((compiler, [x]) =>
    shared(compiler, compiler.sql(x, 'number'), (n) => `ifNotFinite(sign(${n}) * floor(abs(${n}) + 0.5), NULL)`),
  ),
  negate: math((x) => `(-(${x}))`),
  min: lesser('least'),
  max: lesser('greatest'),
  sum: number((compiler, [x]) => sumSql(compiler, x)),
  len: number((compiler, [x]) => lengthSql(compiler, x)),
  upper: text((x) => `upperUTF8(${x})`),
  lower: text((x) => `lowerUTF8(${x})`),
  left: string((compiler, [x, n]) => `substringUTF8(${compiler.sql(x, 'string')}, 1, ${countSql(compiler, n)})`),
  right: string((compiler, [x, n]) => `rightUTF8(${compiler.sql(x, 'string')}, ${countSql(compiler, n)})`),
  mid: string((compiler, [x, first, n]) => {
    const from = `nullIf(${countSql(compiler, first)}, 0)`
    return `substringUTF8(${compiler.sql(x, 'string')}, ${from}, ${countSql(compiler, n)})`
  }),
  split: string(splitSql),
  has_prefix: affix('startsWith'),
  has_suffix: affix('endsWith'),
  parse_url: string(parseUrlSql),
  regex_match: boolean((compiler, [x, regex]) => `match(${compiler.sql(x, 'string')}, ${pattern(compiler, regex)})`),
  regex_extract: string(regexExtractSql),
  regex_replace: string((compiler, [x, regex, by]) => {
    const replacement = compiler.text(replacementForRe2(stringValue(by)))
    return `replaceRegexpAll(${compiler.sql(x, 'string')}, ${pattern(compiler, regex)}, ${replacement})`
  }),
}

const definedSql = (compiler: Compiler, node: Expression): string => {
  if (!canBe(node, type.undefined)) return '1'
  if (canBe(node, type.datetime)) return `isNotNull(${compiler.sql(node, 'datetime')})`
  return `(${compiler.sql(node, 'json')} != '')`
}

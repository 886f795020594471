import { canBe, isOnly } from '../domain/expression/build.ts'
import { instantOf, momentOf } from '../domain/expression/dates.ts'
import { type CompareNode, type EqualsNode, type Expression, type InNode, type } from '../domain/expression/nodes.ts'
import { type Compiler, shared } from './expression-context.ts'
import { instantOfJson, instantOfText } from './expression-time.ts'
import { nullOf } from './expression-values.ts'

// ==, <, in. A property beside a literal is compared as it is stored or with one conversion: most filters are that.

const isString = (node: Expression): node is Expression & { readonly kind: 'literal'; readonly value: string } =>
  node.kind === 'literal' && typeof node.value === 'string'

/** A text that the name of an event is compared with, as that name is read. */
const asRead = ({ context }: Compiler, other: Expression, text: string): string =>
  other.kind === 'column' && other.column === 'eventName' ? (context.readAs?.(text) ?? text) : text

/** A value whose JSON text the row holds already. */
const isStored = ({ names }: Compiler, node: Expression): boolean =>
  node.kind === 'property' || (node.kind === 'variable' && names.get(node.name)?.kind === 'element')

const single = ['string', 'number', 'boolean', 'datetime'] as const

/** Boolean SQL without NULL. */
export const equalsSql = (compiler: Compiler, { left, right, ignoreCase }: EqualsNode): string => {
  const [a, second] = right.kind === 'literal' ? [left, right] : [right, left]
  const b = isString(second) ? { ...second, value: asRead(compiler, a, second.value) } : second
  if ((a.types & b.types) === 0) return '0'
  const only = single.find((name) => a.types === type[name] || b.types === type[name])
  if (only === undefined) return anyEqualsSql(compiler, a, b, ignoreCase)
  if (b.kind === 'literal' && isStored(compiler, a) && (only === 'boolean' || (only === 'string' && !ignoreCase))) {
    return `(${compiler.sql(a, 'json')} = ${compiler.sql(b, 'json')})`
  }
  const fold = (sql: string): string => (only === 'string' && ignoreCase ? `lowerUTF8(${sql})` : sql)
  const equal = `${fold(compiler.sql(a, only))} = ${fold(compiler.sql(b, only))}`
  return a.types === b.types ? `(${equal})` : `ifNull(${equal}, 0)`
}

const anyEqualsSql = (compiler: Compiler, a: Expression, b: Expression, ignoreCase: boolean): string => {
  if (isOnly(a, type.undefined) || isOnly(b, type.undefined)) {
    return `(${compiler.sql(isOnly(a, type.undefined) ? b : a, 'json')} = '')`
  }
  if (canBe(a, type.datetime)) {
    return shared(compiler, compiler.sql(a, 'datetime'), (x) =>
      shared(compiler, compiler.sql(b, 'datetime'), (y) => `ifNull(${x} = ${y}, isNull(${x}) AND isNull(${y}))`),
    )
  }
  const views = [`${compiler.sql(a, 'json')} = ${compiler.sql(b, 'json')}`]
  const both = a.types & b.types
  if ((both & type.number) !== 0) {
    views.push(`ifNull(${compiler.sql(a, 'number')} = ${compiler.sql(b, 'number')}, 0)`)
  }
  if (ignoreCase && (both & type.string) !== 0) {
    views.push(`ifNull(lowerUTF8(${compiler.sql(a, 'string')}) = lowerUTF8(${compiler.sql(b, 'string')}), 0)`)
  }
  return `(${views.join(' OR ')})`
}

/** Nullable boolean SQL: both numbers, or both dates; a number beside a datetime counts seconds since 1970. */
export const compareSql = (compiler: Compiler, node: CompareNode): string => {
  const { op, left, right } = node
  const views: string[] = []
  if (canBe(left, type.number) && canBe(right, type.number)) {
    views.push(`${compiler.sql(left, 'number')} ${op} ${compiler.sql(right, 'number')}`)
  }
  if (canBeMoment(compiler, left, right) && canBeMoment(compiler, right, left)) {
    views.push(momentsSql(compiler, node))
  }
  if (views.length < 2) return views.length === 0 ? nullOf.boolean : `(${views[0]})`
  return `coalesce(${views.join(', ')})`
}

const canBeMoment = (compiler: Compiler, node: Expression, other: Expression): boolean => {
  if (isString(node)) return instantOf(node.value, compiler.context.timezone) !== undefined
  return canBe(node, type.datetime | type.string) || (canBe(node, type.number) && canBe(other, type.datetime))
}

// The column of time itself is compared where it can be, so that the engine leaves out what lies before and after.
const momentsSql = (compiler: Compiler, { op, left, right }: CompareNode): string => {
  const [leftMs, rightMs] = [knownMs(compiler, left), knownMs(compiler, right)]
  if (isTime(left) && rightMs !== undefined)
    return `${compiler.context.column('time')} ${op} ${timeSql(compiler, rightMs)}`
  if (isTime(right) && leftMs !== undefined)
    return `${timeSql(compiler, leftMs)} ${op} ${compiler.context.column('time')}`
  return `${momentSql(compiler, left, right)} ${op} ${momentSql(compiler, right, left)}`
}

const isTime = (node: Expression): boolean => node.kind === 'column' && node.column === 'time'
const timeSql = (compiler: Compiler, ms: number): string =>
  `fromUnixTimestamp64Milli(${compiler.context.bind(ms, 'Int64')}, 'UTC')`

/** The moment that a literal, or `datetime` of one, names. */
const knownMs = ({ context }: Compiler, node: Expression): number | undefined => {
  const value = node.kind === 'call' && node.name === 'datetime' ? node.args[0] : node
  return value?.kind === 'literal' ? momentOf(value.value, context.timezone) : undefined
}

const momentSql = (compiler: Compiler, node: Expression, other: Expression): string => {
  const known = knownMs(compiler, node)
  if (known !== undefined) return compiler.context.bind(known, 'Int64')
  if (canBe(node, type.datetime)) return compiler.sql(node, 'datetime')
  const texts = canBe(node, type.string)
    ? [isOnly(node, anyString) ? instantOfText(compiler, compiler.sql(node, 'string')) : fromJson(compiler, node)]
    : []
  const isSeconds = canBe(node, type.number) && canBe(other, type.datetime)
  const numbers = isSeconds ? [`${compiler.sql(node, 'number')} * 1000`] : []
  const views = [...numbers, ...texts]
  return views.length === 1 ? (views[0] as string) : `coalesce(${views.join(', ')})`
}
const anyString = type.string | type.undefined | type.null

const fromJson = (compiler: Compiler, node: Expression): string => instantOfJson(compiler, compiler.sql(node, 'json'))

/** Nullable boolean SQL: NULL when neither a scalar in a list nor a string in a string. */
export const inSql = (compiler: Compiler, node: InNode): string => {
  const { needle, haystack } = node
  const { isList } = compiler.list(haystack)
  const scalar = type.string | type.number | type.boolean
  const cases: string[] = []
  if (canBe(haystack, type.list) && canBe(needle, scalar)) {
    const conditions = [
      ...(isList === null ? [] : [isList]),
      ...(isOnly(needle, scalar) ? [] : [isScalarJson(compiler, needle)]),
    ]
    const member = memberSql(compiler, node)
    if (conditions.length === 0) return member
    cases.push(conditions.join(' AND '), member)
  }
  const substring = canBe(haystack, type.string) && canBe(needle, type.string) ? substringSql(compiler, node) : 'NULL'
  return cases.length === 0
    ? substring === 'NULL'
      ? nullOf.boolean
      : substring
    : `multiIf(${cases.join(', ')}, ${substring})`
}

const isScalarJson = (compiler: Compiler, node: Expression): string =>
  shared(compiler, compiler.sql(node, 'json'), (json) => `match(${json}, '^["0-9tf-]')`)

const substringSql = (compiler: Compiler, { needle, haystack, ignoreCase }: InNode): string => {
  const [h, n] = [haystack, needle].map((each) => {
    const sql = compiler.sql(each, 'string')
    return ignoreCase ? `lowerUTF8(${sql})` : sql
  })
  return `(position(${h}, ${n}) > 0)`
}

/** The same, without NULL: whether it is true. */
export const isInTruth = (compiler: Compiler, node: InNode): string => {
  const { needle, haystack } = node
  const views: string[] = []
  if (canBe(haystack, type.list)) views.push(memberSql(compiler, node))
  if (canBe(haystack, type.string) && canBe(needle, type.string)) {
    views.push(`ifNull(${substringSql(compiler, node)}, 0)`)
  }
  return anyOf(views)
}

const memberSql = (compiler: Compiler, node: InNode): string => {
  const { needle, haystack, ignoreCase } = node
  if (haystack.kind === 'list' && haystack.items.every(({ kind }) => kind === 'literal')) {
    return literalsSql(compiler, needle, haystack.items, ignoreCase)
  }
  const { array } = compiler.list(haystack)
  return shared(compiler, array, (list) => {
    const views: string[] = []
    const exists = (use: (element: string) => string): void => {
      const element = compiler.lambdaName()
      views.push(`arrayExists(${element} -> ifNull(${use(element)}, 0), ${list})`)
    }
    if (canBe(needle, type.string | type.boolean)) {
      const json = compiler.sql(needle, 'json')
      const has = `has(${list}, ${json})`
      views.push(isScalarOnly(needle) ? has : `(${has} AND ${isScalarJson(compiler, needle)})`)
    }
    if (canBe(needle, type.number)) {
      const number = compiler.sql(needle, 'number')
      exists((element) => `toFloat64OrNull(${element}) = ${number}`)
    }
    if (ignoreCase && canBe(needle, type.string)) {
      const string = `lowerUTF8(${compiler.sql(needle, 'string')})`
      exists((element) => `if(startsWith(${element}, '"'), lowerUTF8(JSONExtractString(${element})), NULL) = ${string}`)
    }
    return anyOf(views)
  })
}

const anyOf = (views: readonly string[]): string => (views.length < 2 ? (views[0] ?? '0') : `(${views.join(' OR ')})`)

const isScalarOnly = (node: Expression): boolean => isOnly(node, type.string | type.number | type.boolean)

const literalsSql = (
  compiler: Compiler,
  needle: Expression,
  items: readonly Expression[],
  ignoreCase: boolean,
): string => {
  const values = items.map((item) =>
    isString(item) ? asRead(compiler, needle, item.value) : item.kind === 'literal' ? item.value : undefined,
  )
  const { bind } = compiler.context
  const views: string[] = []
  const numbers = values.filter((value) => typeof value === 'number')
  const strings = values.filter((value) => typeof value === 'string')
  const texts = values.filter((value) => typeof value === 'boolean' || (typeof value === 'string' && !ignoreCase))
  if (numbers.length > 0 && canBe(needle, type.number)) {
    views.push(`ifNull(${compiler.sql(needle, 'number')} IN ${bind(numbers, 'Array(Float64)')}, 0)`)
  }
  if (texts.length > 0 && canBe(needle, type.string | type.boolean)) {
    const json = texts.map((value) => JSON.stringify(value))
    views.push(`(${compiler.sql(needle, 'json')} IN ${bind(json, 'Array(String)')})`)
  }
  if (ignoreCase && strings.length > 0 && canBe(needle, type.string)) {
    const folded = bind(strings, 'Array(String)')
    const element = compiler.lambdaName()
    const string = `lowerUTF8(${compiler.sql(needle, 'string')})`
    views.push(`arrayExists(${element} -> ifNull(lowerUTF8(${element}) = ${string}, 0), ${folded})`)
  }
  return anyOf(views)
}

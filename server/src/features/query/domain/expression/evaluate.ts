import type { JsonValue } from '../../../../kernel/json.ts'
import { isOnly } from './build.ts'
import { momentOf } from './dates.ts'
import { callOf } from './evaluate-calls.ts'
import { type ColumnName, type EachNode, type EqualsNode, type Expression, type NodeKind, type } from './nodes.ts'
import {
  asComputed,
  asPart,
  asRead,
  finite,
  isList,
  isObject,
  jsonText,
  numberOf,
  type Value,
  valueOfJson,
} from './values.ts'

// What an expression means, one record at a time: the rules of expressions §4 in the order of the page. The engine runs the
// SQL of compile/expression.ts; tests compare both.

/** One event or profile. Properties are JSON texts by name, as they are stored. */
export interface ExpressionRecord {
  readonly event: Readonly<Record<string, string>>
  readonly user: Readonly<Record<string, string>>
  readonly behaviors: Readonly<Record<string, number>>
  readonly columns: Readonly<Record<Exclude<ColumnName, 'time'>, string>>
  readonly timeMs: number
  readonly timezone: string
  readonly nowMs: number
}

type Names = ReadonlyMap<string, Value>

/** The value of an expression: JSON, undefined, or a Date. */
export const evaluate = (node: Expression, record: ExpressionRecord): Value => valueIn(node, record, new Map())

const valueIn = (node: Expression, record: ExpressionRecord, names: Names): Value =>
  (handlers[node.kind] as Handler<NodeKind>)(node as never, record, names)

type NodeOf<K extends NodeKind> = Extract<Expression, { kind: K }> | (K extends 'and' | 'or' ? AndOr : never)
type AndOr = Extract<Expression, { kind: 'and' | 'or' }>
type Handler<K extends NodeKind> = (node: NodeOf<K>, record: ExpressionRecord, names: Names) => Value

const stored = (properties: Readonly<Record<string, string>>, name: string): Value =>
  valueOfJson(Object.hasOwn(properties, name) ? (properties[name] as string) : '')

/** A value where JSON is needed; undefined is null there. Datetimes became texts when the tree was built. */
const asItem = (value: Value): JsonValue => (value === undefined || value instanceof Date ? null : value)

export const equal = (a: Value, b: Value, ignoreCase: boolean): boolean => {
  if (a instanceof Date || b instanceof Date) {
    return a instanceof Date && b instanceof Date && a.getTime() === b.getTime()
  }
  if (typeof a === 'string' && typeof b === 'string') return ignoreCase ? a.toLowerCase() === b.toLowerCase() : a === b
  const [x, y] = [numberOf(a), numberOf(b)]
  return (x !== undefined && x === y) || jsonText(a) === jsonText(b)
}

const compared = (op: string, a: number, b: number): boolean => {
  if (op === '>') return a > b
  if (op === '>=') return a >= b
  return op === '<' ? a < b : a <= b
}

/** Milliseconds of a datetime, of a text that is one, and of a number beside a datetime. */
const msOf = (value: Value, timezone: string, isBesideDatetime: boolean): number | undefined => {
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'string') return momentOf(value, timezone)
  const number = isBesideDatetime ? numberOf(value) : undefined
  return number === undefined ? undefined : number * 1000
}

const calculated = (op: string, a: number, b: number): number | undefined => {
  if (op === '+') return finite(a + b)
  if (op === '-') return finite(a - b)
  if (op === '*') return finite(a * b)
  if (b === 0) return undefined
  return finite(op === '/' ? a / b : a - Math.trunc(a / b) * b)
}

const canBeDatetime = (node: Expression): boolean => (node.types & type.datetime) !== 0

const compareValue: Handler<'compare'> = ({ op, left, right }, record, names) => {
  const [a, b] = [valueIn(left, record, names), valueIn(right, record, names)]
  const [x, y] = [numberOf(a), numberOf(b)]
  if (x !== undefined && y !== undefined) return compared(op, x, y)
  const from = msOf(a, record.timezone, canBeDatetime(right))
  const to = msOf(b, record.timezone, canBeDatetime(left))
  return from === undefined || to === undefined ? undefined : compared(op, from, to)
}

const inValue: Handler<'in'> = ({ needle, haystack, ignoreCase }, record, names) => {
  const item = valueIn(needle, record, names)
  const within = valueIn(haystack, record, names)
  if (typeof item === 'string' && typeof within === 'string') {
    return ignoreCase ? within.toLowerCase().includes(item.toLowerCase()) : within.includes(item)
  }
  const isScalar = item !== undefined && item !== null && !isList(item) && !isObject(item)
  if (!isScalar || !isList(within)) return undefined
  return asRead(within).some((element) => equal(element, item, ignoreCase))
}

const eachValue = ({ of, name, list, body }: EachNode, record: ExpressionRecord, names: Names): Value => {
  const over = valueIn(list, record, names)
  if (!isList(over)) return undefined
  const elements = asRead(over)
  const bodyOf = (element: JsonValue): Value => valueIn(body, record, new Map(names).set(name, asPart(element)))
  if (of === 'any') return elements.some((element) => bodyOf(element) === true)
  if (of === 'all') return elements.every((element) => bodyOf(element) === true)
  const made =
    of === 'filter'
      ? elements.filter((element) => bodyOf(element) === true)
      : elements.map((element) => asItem(bodyOf(element)))
  return asComputed(made)
}

const indexValue: Handler<'index'> = (node, record, names) => {
  const target = valueIn(node.target, record, names)
  const key = valueIn(node.key, record, names)
  if (isList(target)) {
    const at = numberOf(key)
    return at !== undefined && at >= 0 && Number.isInteger(at) ? asPart(asRead(target)[at]) : undefined
  }
  if (!isObject(target) || typeof key !== 'string') return undefined
  const read = asRead([target])[0] as Readonly<Record<string, JsonValue>> | undefined
  return read !== undefined && Object.hasOwn(read, key) ? asPart(read[key]) : undefined
}

const isEqual = ({ left, right, ignoreCase }: EqualsNode, record: ExpressionRecord, names: Names): boolean =>
  equal(valueIn(left, record, names), valueIn(right, record, names), ignoreCase)

const handlers: { readonly [K in NodeKind]: Handler<K> } = {
  literal: ({ value }) => value,
  list: ({ items }, record, names) => asComputed(items.map((item) => asItem(valueIn(item, record, names)))),
  property: ({ of, name }, record) => stored(of === 'event' ? record.event : record.user, name),
  column: ({ column }, record) => (column === 'time' ? new Date(record.timeMs) : record.columns[column]),
  behavior: ({ name }, record) => record.behaviors[name] ?? 0,
  not: ({ operand }, record, names) => {
    const value = valueIn(operand, record, names)
    if (typeof value === 'boolean') return !value
    return value === undefined || isOnly(operand, type.boolean | type.undefined) ? true : undefined
  },
  and: ({ terms }, record, names) => terms.every((term) => valueIn(term, record, names) === true),
  or: ({ terms }, record, names) => terms.some((term) => valueIn(term, record, names) === true),
  arithmetic: ({ op, left, right }, record, names) => {
    const [a, b] = [valueIn(left, record, names), valueIn(right, record, names)]
    if (op === '+' && typeof a === 'string' && typeof b === 'string') return a + b
    const [x, y] = [numberOf(a), numberOf(b)]
    return x === undefined || y === undefined ? undefined : calculated(op, x, y)
  },
  equals: isEqual,
  compare: compareValue,
  in: inValue,
  if: ({ branches }, record, names) => {
    const branch = branches.find(({ condition }) => valueIn(condition, record, names) === true)
    return branch === undefined ? undefined : valueIn(branch.value, record, names)
  },
  call: ({ name, args }, record, names) =>
    callOf(name)(
      args.map((arg) => valueIn(arg, record, names)),
      record,
    ),
  let: ({ name, value, body }, record, names) =>
    valueIn(body, record, new Map(names).set(name, valueIn(value, record, names))),
  each: eachValue,
  variable: ({ name }, _record, names) => names.get(name),
  index: indexValue,
}

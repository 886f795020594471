import {
  arithmetic,
  behavior,
  call,
  column,
  compare,
  conditional,
  each,
  elementType,
  equals,
  index,
  isIn,
  letIn,
  list,
  literal,
  logic,
  not,
  property,
  variable,
} from './build.ts'
import { isFunctionName } from './functions.ts'
import type { ColumnName, CompareOp, EachNode, Expression } from './nodes.ts'
import { createReader, isWord, type ParseOptions, type Reader, say } from './reader.ts'
import { ExpressionError, tokensOf } from './tokens.ts'

// One grammar: recursive descent, a function per level of precedence (expressions §2). Bounds: characters (tokens.ts), depth
// of the tree (build.ts), and depth of the descent, so that no text can reach the end of the stack.

const columns: Readonly<Record<string, ColumnName>> = {
  $time: 'time',
  $distinct_id: 'distinctId',
  distinct_id: 'distinctId',
  $insert_id: 'insertId',
  $event_name: 'eventName',
}
const compareSigns: readonly CompareOp[] = ['>', '>=', '<', '<=']

/** Nested `any(…)` and the like cost the product of the lengths of their lists. */
const eachNestedMax = 3

/** `where`, `selector`, a formula. Throws ExpressionError (400) that names the column. */
export const parseExpression = (text: string, options: ParseOptions = {}): Expression => {
  const reader = createReader(tokensOf(text), options)
  if (reader.peek().kind === 'end') throw new ExpressionError(1, 'the expression is empty')
  const expression = orLevel(reader)
  const rest = reader.peek()
  if (rest.kind !== 'end') throw new ExpressionError(rest.at, `expected an operator or the end, found ${say(rest)}`)
  return expression
}

/** `on`: an expression, or the bare name of a property, which may hold spaces (`on=ad version`). */
export const parseBreakdown = (text: string, options: ParseOptions = {}): Expression => {
  const name = text.trim()
  const isExpression = name === '' || /["'()[\]]/.test(name) || /^(?:[-+.\d].*|true|false|undefined)$/i.test(name)
  if (isExpression || options.variables !== undefined) return parseExpression(text, { ...options, bareNames: true })
  return propertyOf(1, name, options)
}

const propertyOf = (at: number, name: string, { properties = 'event' }: ParseOptions): Expression => {
  const known = Object.hasOwn(columns, name) ? columns[name] : undefined
  if (properties === 'event') {
    if (name === 'time') return call(at, 'number', [column(at, 'time')])
    return known === undefined ? property(at, 'event', name) : column(at, known)
  }
  return known === 'distinctId' ? column(at, known) : property(at, 'profile', name)
}

const orLevel = (reader: Reader): Expression => logicLevel(reader, 'or', andLevel)
const andLevel = (reader: Reader): Expression => logicLevel(reader, 'and', notLevel)

const logicLevel = (reader: Reader, kind: 'and' | 'or', next: (reader: Reader) => Expression): Expression => {
  const first = next(reader)
  const terms = [first]
  while (reader.acceptWord(kind)) terms.push(next(reader))
  return terms.length === 1 ? first : logic(first.at, kind, terms)
}

const notLevel = (reader: Reader): Expression => {
  const { at } = reader.peek()
  return reader.acceptWord('not')
    ? not(
        at,
        reader.deeper(() => notLevel(reader)),
      )
    : compareLevel(reader)
}

const compareLevel = (reader: Reader): Expression => {
  let left = sumLevel(reader)
  const ignoreCase = reader.options.dialect === 'formula'
  for (;;) {
    const { at } = reader.peek()
    const op = reader.acceptSign(...compareSigns)
    if (op !== undefined) left = compare(at, op, left, sumLevel(reader))
    else if (reader.acceptSign('==') !== undefined) left = equals(at, left, sumLevel(reader), ignoreCase)
    else if (reader.acceptSign('!=') !== undefined) left = not(at, equals(at, left, sumLevel(reader), ignoreCase))
    else if (reader.acceptWord('in')) left = isIn(at, left, sumLevel(reader), ignoreCase)
    else if (isWord(reader.peek(), 'not') && isWord(reader.peek(1), 'in')) {
      reader.skip(2)
      left = not(at, isIn(at, left, sumLevel(reader), ignoreCase))
    } else return left
  }
}

const sumLevel = (reader: Reader): Expression => {
  let left = productLevel(reader)
  for (;;) {
    const { at } = reader.peek()
    const op = reader.acceptSign('+', '-')
    if (op === undefined) return left
    left = arithmetic(at, op, left, productLevel(reader))
  }
}

const productLevel = (reader: Reader): Expression => {
  let left = unaryLevel(reader)
  for (;;) {
    const { at } = reader.peek()
    const op = reader.acceptSign('*', '/', '%')
    if (op === undefined) return left
    left = arithmetic(at, op, left, unaryLevel(reader))
  }
}

const unaryLevel = (reader: Reader): Expression => {
  const { at } = reader.peek()
  if (reader.acceptSign('-') === undefined) return indexLevel(reader)
  const operand = reader.deeper(() => unaryLevel(reader))
  return operand.kind === 'literal' && typeof operand.value === 'number'
    ? literal(at, -operand.value)
    : call(at, 'negate', [operand])
}

const indexLevel = (reader: Reader): Expression => {
  let target = primary(reader)
  for (;;) {
    const { at } = reader.peek()
    if (reader.acceptSign('[') === undefined) return target
    const key = reader.deeper(() => orLevel(reader))
    reader.expectSign(']')
    target = index(at, target, key)
  }
}

const primary = (reader: Reader): Expression => {
  const token = reader.next()
  if (token.kind === 'string' || token.kind === 'number') return literal(token.at, token.value)
  if (token.kind === 'name') return named(reader, token.at, token.value)
  if (token.kind === 'sign' && token.value === '(') {
    const inner = reader.deeper(() => orLevel(reader))
    reader.expectSign(')')
    return inner
  }
  if (token.kind === 'sign' && token.value === '[') return list(token.at, itemsUntil(reader, ']'))
  throw new ExpressionError(token.at, `expected a value, found ${say(token)}`)
}

const itemsUntil = (reader: Reader, end: ')' | ']'): readonly Expression[] => {
  const items: Expression[] = []
  if (reader.acceptSign(end) !== undefined) return items
  for (;;) {
    items.push(reader.deeper(() => orLevel(reader)))
    if (reader.acceptSign(',') === undefined) break
  }
  reader.expectSign(end, ',')
  return items
}

const constants: Readonly<Record<string, boolean | undefined>> = { true: true, false: false, undefined: undefined }

const named = (reader: Reader, at: number, name: string): Expression => {
  const lower = name.toLowerCase()
  const bound = reader.bound(name)
  if (bound !== undefined) return variable(at, name, bound)
  const { variables = {}, bareNames = false } = reader.options
  if (Object.hasOwn(variables, name)) return variables[name] as Expression
  if (Object.hasOwn(constants, lower)) return literal(at, constants[lower])
  if (reader.acceptSign('(') !== undefined) return called(reader, at, lower)
  const next = reader.peek()
  if (next.kind === 'sign' && next.value === '[' && Object.hasOwn(sources, lower)) return fromSource(reader, at, lower)
  if (bareNames && !['and', 'or', 'not', 'in'].includes(lower)) return propertyOf(at, name, reader.options)
  throw new ExpressionError(at, `unknown name ${JSON.stringify(name)}; a property is written properties["${name}"]`)
}

const sources: Readonly<Record<string, (at: number, name: string, options: ParseOptions) => Expression>> = {
  properties: propertyOf,
  event: (at, name, options) => {
    if (options.properties === 'profile') throw new ExpressionError(at, 'there are no events here, only profiles')
    return propertyOf(at, name, options)
  },
  user: (at, name) => propertyOf(at, name, { properties: 'profile' }),
  behaviors: behavior,
}

const fromSource = (reader: Reader, at: number, source: string): Expression => {
  reader.expectSign('[')
  const token = reader.next()
  if (token.kind !== 'string') {
    throw new ExpressionError(token.at, `expected a name in quotes, as in ${source}["name"], found ${say(token)}`)
  }
  reader.expectSign(']')
  const make = sources[source] as (typeof sources)[string]
  return make(at, token.value, reader.options)
}

const called = (reader: Reader, at: number, name: string): Expression => {
  if (name === 'let') return reader.deeper(() => letCall(reader, at))
  if (name === 'any' || name === 'all' || name === 'filter' || name === 'map') return eachCall(reader, at, name)
  const args = itemsUntil(reader, ')')
  if (Object.hasOwn(special, name)) return (special[name] as (typeof special)[string])(at, args, reader.options)
  if (isFunctionName(name)) return call(at, name, args)
  throw new ExpressionError(at, `unknown function ${JSON.stringify(name)}`)
}

const expectCount = (at: number, name: string, args: readonly Expression[], count: number): void => {
  if (args.length !== count) throw new ExpressionError(at, `${name} takes ${count} arguments, not ${args.length}`)
}

type MakeCall = (at: number, args: readonly Expression[], options: ParseOptions) => Expression

const special: Readonly<Record<string, MakeCall>> = {
  if: (at, args) => {
    expectCount(at, 'if', args, 3)
    const [condition, value, otherwise] = args as [Expression, Expression, Expression]
    return conditional(at, [
      { condition, value },
      { condition: literal(at, true), value: otherwise },
    ])
  },
  ifs: (at, args) => {
    if (args.length === 0 || args.length % 2 !== 0) {
      throw new ExpressionError(at, 'ifs takes pairs of a condition and a value')
    }
    const pairs = Array.from({ length: args.length / 2 }, (_, pair) => ({
      condition: args[pair * 2] as Expression,
      value: args[pair * 2 + 1] as Expression,
    }))
    return conditional(at, pairs)
  },
  not: (at, args) => {
    expectCount(at, 'not', args, 1)
    return not(at, args[0] as Expression)
  },
  and: (at, args) => logicCall(at, 'and', args),
  or: (at, args) => logicCall(at, 'or', args),
  in: (at, args, { dialect }) => {
    expectCount(at, 'in', args, 2)
    return isIn(at, args[0] as Expression, args[1] as Expression, dialect === 'formula')
  },
}

const logicCall = (at: number, kind: 'and' | 'or', args: readonly Expression[]): Expression => {
  if (args.length < 2) throw new ExpressionError(at, `${kind} takes 2 or more arguments, not ${args.length}`)
  return logic(at, kind, args)
}

const newName = (reader: Reader): string => {
  const token = reader.next()
  if (token.kind !== 'name') throw new ExpressionError(token.at, `expected a new name, found ${say(token)}`)
  return token.value
}

// let(name, value, …, body): a name, when a comma follows it, starts another pair.
const letCall = (reader: Reader, at: number): Expression => {
  const name = newName(reader)
  reader.expectSign(',')
  const value = reader.deeper(() => orLevel(reader))
  reader.expectSign(',')
  const [word, comma] = [reader.peek(), reader.peek(1)]
  const isPair = word.kind === 'name' && comma.kind === 'sign' && comma.value === ','
  const body = reader.binding(name, value, () =>
    isPair ? reader.deeper(() => letCall(reader, at)) : reader.deeper(() => orLevel(reader)),
  )
  if (!isPair) reader.expectSign(')')
  return letIn(at, name, value, body)
}

const eachCall = (reader: Reader, at: number, of: EachNode['of']): Expression => {
  const name = newName(reader)
  reader.expectSign(',')
  const over = reader.deeper(() => orLevel(reader))
  reader.expectSign(',')
  if (reader.eachDepth() >= eachNestedMax) throw new ExpressionError(at, `${of} nested more than ${eachNestedMax} deep`)
  const body = reader.insideEach(() => reader.binding(name, elementType, () => reader.deeper(() => orLevel(reader))))
  reader.expectSign(')')
  return each(at, of, name, over, body)
}

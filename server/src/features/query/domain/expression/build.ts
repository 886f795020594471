import { functionOf } from './functions.ts'
import {
  type ArithmeticOp,
  anyType,
  type ColumnName,
  type CompareOp,
  type EachNode,
  type Expression,
  type FunctionName,
  type IfNode,
  type TypeName,
  type,
} from './nodes.ts'
import { ExpressionError } from './tokens.ts'

// The only place that makes nodes: what a value can be is worked out here, what cannot be is refused here (expressions §4),
// and a datetime that would have to stand among other values becomes its text.

/** How deep an expression may be: its SQL and every walk over it stay far from the end of a stack. */
export const depthMax = 100

type WithoutDepth<N> = N extends Expression ? Omit<N, 'depth'> : never

const node = (value: WithoutDepth<Expression>, children: readonly Expression[]): Expression => {
  const depth = 1 + children.reduce((most, child) => Math.max(most, child.depth), 0)
  if (depth > depthMax) throw new ExpressionError(value.at, `nested more than ${depthMax} deep`)
  return Object.freeze({ ...value, depth })
}

/** Whether the value can be nothing but one of `types` (a sum of bits), or undefined. */
export const isOnly = ({ types }: Pick<Expression, 'types'>, mask: number): boolean => (types & ~mask) === 0
export const canBe = ({ types }: Pick<Expression, 'types'>, mask: number): boolean => (types & mask) !== 0

const typeWords: Readonly<Record<TypeName, string>> = {
  undefined: 'undefined',
  null: 'null',
  boolean: 'true or false',
  number: 'a number',
  string: 'a string',
  list: 'a list',
  object: 'an object',
  datetime: 'a datetime',
}
const wordsOf = (types: number): string =>
  (Object.keys(type) as TypeName[])
    .filter((name) => name !== 'undefined' && (types & type[name]) !== 0)
    .map((name) => typeWords[name])
    .join(' or ')

export const literal = (at: number, value: string | number | boolean | undefined): Expression =>
  node({ kind: 'literal', at, value, types: type[typeof value as 'string' | 'number' | 'boolean' | 'undefined'] }, [])

export const property = (at: number, of: 'event' | 'profile', name: string): Expression =>
  node({ kind: 'property', at, of, name, types: anyType }, [])

export const column = (at: number, name: ColumnName): Expression =>
  node({ kind: 'column', at, column: name, types: name === 'time' ? type.datetime : type.string }, [])

export const behavior = (at: number, name: string): Expression =>
  node({ kind: 'behavior', at, name, types: type.number }, [])

export const not = (at: number, operand: Expression): Expression => {
  const types = isOnly(operand, type.boolean | type.undefined) ? type.boolean : type.boolean | type.undefined
  return node({ kind: 'not', at, operand, types }, [operand])
}

export const logic = (at: number, kind: 'and' | 'or', terms: readonly Expression[]): Expression => {
  for (const term of terms) {
    if (canBe(term, type.boolean | type.undefined)) continue
    throw new ExpressionError(term.at, `${kind} needs true or false on both sides, this is ${wordsOf(term.types)}`)
  }
  return node({ kind, at, terms, types: type.boolean }, terms)
}

/** Filters that all have to hold; one whose value is never true or false never does (query §4.2). */
export const allOf = (filters: readonly Expression[]): Expression | null => {
  const terms = filters.map((one) => (canBe(one, type.boolean | type.undefined) ? one : literal(one.at, false)))
  const [only] = terms
  return only === undefined || terms.length === 1 ? (only ?? null) : logic(only.at, 'and', terms)
}

export const arithmetic = (at: number, op: ArithmeticOp, left: Expression, right: Expression): Expression => {
  const both = left.types & right.types & (op === '+' ? type.number | type.string : type.number)
  const never = op === '+' && isOnly(left, type.string) && isOnly(right, type.string) ? 0 : type.undefined
  return node({ kind: 'arithmetic', at, op, left, right, types: both | never || type.undefined }, [left, right])
}

export const equals = (at: number, left: Expression, right: Expression, ignoreCase: boolean): Expression =>
  node({ kind: 'equals', at, left, right, ignoreCase, types: type.boolean }, [left, right])

export const compare = (at: number, op: CompareOp, left: Expression, right: Expression): Expression =>
  node({ kind: 'compare', at, op, left, right, types: comparedTypes(left, right) }, [left, right])

const comparedTypes = (left: Expression, right: Expression): number => {
  const isSame = left.types === right.types && (left.types === type.number || left.types === type.datetime)
  return isSame ? type.boolean : type.boolean | type.undefined
}

export const isIn = (at: number, needle: Expression, haystack: Expression, ignoreCase: boolean): Expression => {
  const item = asJson(needle)
  const types = type.boolean | type.undefined
  return node({ kind: 'in', at, needle: item, haystack, ignoreCase, types }, [item, haystack])
}

/** A datetime becomes its text; anything else stays. JSON has no datetimes, so lists and mixed branches hold texts. */
export const asJson = (value: Expression): Expression =>
  canBe(value, type.datetime) ? call(value.at, 'string', [value]) : value

export const list = (at: number, items: readonly Expression[]): Expression => {
  const texts = items.map(asJson)
  return node({ kind: 'list', at, items: texts, types: type.list }, texts)
}

export const conditional = (at: number, branches: IfNode['branches']): Expression => {
  for (const { condition } of branches) {
    if (canBe(condition, type.boolean | type.undefined)) continue
    throw new ExpressionError(condition.at, `a condition is true or false, this is ${wordsOf(condition.types)}`)
  }
  const last = branches.at(-1)?.condition
  const isTotal = last?.kind === 'literal' && last.value === true
  const all = branches.reduce((sum, { value }) => sum | value.types, isTotal ? 0 : type.undefined)
  const isMixed = (all & type.datetime) !== 0 && (all & ~(type.datetime | type.undefined)) !== 0
  const kept = isMixed ? branches.map(({ condition, value }) => ({ condition, value: asJson(value) })) : branches
  const types = isMixed ? (all & ~type.datetime) | type.string : all
  return node(
    { kind: 'if', at, branches: kept, types },
    kept.flatMap(({ condition, value }) => [condition, value]),
  )
}

export const call = (at: number, name: FunctionName, args: readonly Expression[]): Expression => {
  const { argsMin, argsMax, types, check } = functionOf(name)
  if (args.length < argsMin || args.length > argsMax) {
    const wanted = argsMin === argsMax ? `${argsMin}` : `${argsMin} to ${argsMax}`
    throw new ExpressionError(at, `${name} takes ${wanted} argument${argsMax === 1 ? '' : 's'}, not ${args.length}`)
  }
  check?.(args)
  return node({ kind: 'call', at, name, args, types: types(args) }, args)
}

export const variable = (at: number, name: string, bound: Pick<Expression, 'types' | 'depth'>): Expression =>
  node({ kind: 'variable', at, name, types: bound.types }, [bound as Expression])

/** What a name stands for inside `any`, `all`, `filter` and `map`. */
export const elementType: Pick<Expression, 'types' | 'depth'> = { types: anyType, depth: 0 }

export const letIn = (at: number, name: string, value: Expression, body: Expression): Expression =>
  node({ kind: 'let', at, name, value, body, types: body.types }, [value, body])

export const each = (at: number, of: EachNode['of'], name: string, over: Expression, body: Expression): Expression => {
  const isTest = of !== 'map'
  if (isTest && !canBe(body, type.boolean | type.undefined)) {
    throw new ExpressionError(body.at, `${of} asks for true or false, this is ${wordsOf(body.types)}`)
  }
  const result = isTest ? body : asJson(body)
  const types = (of === 'any' || of === 'all' ? type.boolean : type.list) | type.undefined
  return node({ kind: 'each', at, of, name, list: over, body: result, types }, [over, result])
}

export const index = (at: number, target: Expression, key: Expression): Expression =>
  node({ kind: 'index', at, target, key, types: anyType }, [target, key])

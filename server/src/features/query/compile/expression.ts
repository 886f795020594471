import { canBe, isOnly } from '../domain/expression/build.ts'
import { type Expression, type LogicNode, type NodeKind, type } from '../domain/expression/nodes.ts'
import { callSql } from './expression-calls.ts'
import { compareSql, equalsSql, inSql, isInTruth } from './expression-compare.ts'
import {
  bounded,
  type Compiler,
  type ExpressionContext,
  type Meaning,
  shared,
  type Want,
} from './expression-context.ts'
import { joined, listSql, nestedSql } from './expression-lists.ts'
import { jsonOf, nullOf, numberText, typed, viewOfJson } from './expression-values.ts'

// Expressions → SQL. Every piece of SQL is a call, a placeholder, a column or in brackets, so that pieces can be put together
// without more of them. It says the same as domain/expression/evaluate.ts, which tests compare it with. Values and names of
// properties are bound, never written into SQL.

/** SQL of an expression. Throws InvalidRequest for one that is too complex. */
export const compileExpression = (node: Expression, want: Want, context: ExpressionContext): string => {
  const sql = compilerOf(context).sql(node, want)
  // A stored number beyond a double is compared as infinite; nobody should add it up.
  return want === 'number' && !isOnly(node, type.number | type.undefined) ? `ifNotFinite(${sql}, NULL)` : sql
}

/** SQL of a filter: 1 where the expression is true, else 0; never NULL (expressions §4). */
export const compileFilter = (node: Expression, context: ExpressionContext): string => compilerOf(context).truth(node)

const compilerOf = (context: ExpressionContext): Compiler => {
  let lambdaCount = 0
  const make = (names: ReadonlyMap<string, Meaning>): Compiler => {
    const compiler: Compiler = {
      context,
      names,
      sql: (node, want) => bounded(sqlOf(compiler, node, want)),
      truth: (node) => bounded(truthOf(compiler, node)),
      list: (node) => listSql(compiler, node),
      naming: (name, meaning) => make(new Map(names).set(name, meaning)),
      with: make,
      text: (value) => context.bind(value, 'String'),
      lambdaName: () => {
        lambdaCount += 1
        return `x${lambdaCount}`
      },
    }
    return compiler
  }
  return make(new Map())
}

/** A node in its own type; others are views of it. */
type Handler<K extends NodeKind> = (compiler: Compiler, node: NodeOf<K>, want: Want) => string
type NodeOf<K extends NodeKind> = K extends LogicNode['kind'] ? LogicNode : Extract<Expression, { kind: K }>

const sqlOf = (compiler: Compiler, node: Expression, want: Want): string => {
  if (want !== 'json' && !canBe(node, type[want])) return nullOf[want]
  if (want === 'json' && isOnly(node, type.undefined)) return `''`
  const handler = handlers[node.kind] as Handler<NodeKind>
  return handler(compiler, node as never, want)
}

const truthOf = (compiler: Compiler, node: Expression): string => {
  if (!canBe(node, type.boolean)) return '0'
  if (node.kind === 'in') return isInTruth(compiler, node)
  if (node.kind === 'property') return `(${compiler.sql(node, 'json')} = 'true')`
  const sql = compiler.sql(node, 'boolean')
  return isOnly(node, type.boolean) ? sql : `ifNull(${sql}, 0)`
}

const literalSql: Handler<'literal'> = (compiler, node, want) => {
  const { value } = node
  if (value === undefined) return want === 'json' ? `''` : nullOf[want]
  if (want === 'json') return compiler.text(JSON.stringify(Object.is(value, -0) ? 0 : value))
  if (typeof value === 'boolean') return value ? '1' : '0'
  return compiler.context.bind(value, typeof value === 'number' ? 'Float64' : 'String')
}

const columnSql: Handler<'column'> = (compiler, node, want) => {
  const sql = compiler.context.column(node.column)
  const own = node.column === 'time' ? 'datetime' : 'string'
  return typed(compiler, node, own, own === 'datetime' ? `toUnixTimestamp64Milli(${sql})` : sql, want)
}

const arithmeticSql: Handler<'arithmetic'> = (compiler, node, want) => {
  const { op, left, right } = node
  const number = () => {
    const [a, b] = [compiler.sql(left, 'number'), compiler.sql(right, 'number')]
    if (op === '/') return `ifNotFinite(${a} / nullIf(${b}, 0), NULL)`
    if (op === '%') return remainder(compiler, a, b)
    return `ifNotFinite(${a} ${op} ${b}, NULL)`
  }
  const string = () => `concat(${compiler.sql(left, 'string')}, ${compiler.sql(right, 'string')})`
  if (want === 'number') return number()
  if (want === 'string') return string()
  if (want !== 'json') return nullOf[want]
  const texts = [
    ...(canBe(node, type.number) ? [numberText(number())] : []),
    ...(canBe(node, type.string) ? [jsonOf(compiler, string(), 'string', false)] : []),
  ]
  return `coalesce(${[...texts, `''`].join(', ')})`
}

// The sign is that of the dividend; the engine's own % loses large numbers.
const remainder = (compiler: Compiler, left: string, right: string): string =>
  shared(compiler, left, (a) =>
    shared(compiler, `nullIf(${right}, 0)`, (b) => `ifNotFinite(${a} - trunc(${a} / ${b}) * ${b}, NULL)`),
  )

const ifSql: Handler<'if'> = (compiler, { branches }, want) => {
  const otherwise = want === 'json' ? `''` : 'NULL'
  const cases: string[] = []
  for (const { condition, value } of branches) {
    const sql = compiler.sql(value, want)
    if (condition.kind === 'literal' && condition.value === true) return conditionSql(cases, sql)
    cases.push(compiler.truth(condition), sql)
  }
  return conditionSql(cases, otherwise)
}

const conditionSql = (cases: readonly string[], otherwise: string): string =>
  cases.length === 0 ? otherwise : `multiIf(${[...cases, otherwise].join(', ')})`

const notSql: Handler<'not'> = (compiler, node, want) => {
  const { operand } = node
  if (isOnly(node, type.boolean)) return typed(compiler, node, 'boolean', `(NOT ${compiler.truth(operand)})`, want)
  const sql = shared(
    compiler,
    compiler.sql(operand, 'json'),
    (json) => `multiIf(${json} IN ('', 'false'), 1, ${json} = 'true', 0, NULL)`,
  )
  return typed(compiler, node, 'boolean', sql, want)
}

const logicSql = (compiler: Compiler, node: LogicNode, want: Want): string => {
  const sql = node.terms.map((term) => compiler.truth(term)).join(node.kind === 'and' ? ' AND ' : ' OR ')
  return typed(compiler, node, 'boolean', `(${sql})`, want)
}

const variableSql: Handler<'variable'> = (compiler, node, want) => {
  const meaning = compiler.names.get(node.name) as Meaning
  if (meaning.kind === 'element') return viewOfJson(compiler, meaning.sql, want)
  return compiler.with(meaning.names).sql(meaning.value, want)
}

const propertySql: Handler<'property'> = (compiler, node, want) => {
  const { context } = compiler
  const json = node.of === 'event' ? context.eventProperty(node.name) : context.userProperty(node.name)
  return viewOfJson(compiler, json, want)
}

const handlers: { readonly [K in NodeKind]: Handler<K> } = {
  literal: literalSql,
  list: (compiler, node) => joined(compiler.list(node)),
  property: propertySql,
  column: columnSql,
  behavior: (compiler, node, want) =>
    typed(compiler, node, 'number', `toFloat64(${compiler.context.behavior(node.name)})`, want),
  not: notSql,
  and: logicSql,
  or: logicSql,
  arithmetic: arithmeticSql,
  equals: (compiler, node, want) => typed(compiler, node, 'boolean', equalsSql(compiler, node), want),
  compare: (compiler, node, want) => typed(compiler, node, 'boolean', compareSql(compiler, node), want),
  in: (compiler, node, want) => typed(compiler, node, 'boolean', inSql(compiler, node), want),
  if: ifSql,
  call: (compiler, node, want) => callSql(compiler, node, want),
  let: (compiler, { name, value, body }, want) =>
    compiler.naming(name, { kind: 'value', value, names: compiler.names }).sql(body, want),
  each: (compiler, node, want) => nestedSql(compiler, node, want),
  variable: variableSql,
  index: (compiler, node, want) => nestedSql(compiler, node, want),
}

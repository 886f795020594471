import { canBe, isOnly } from '../domain/expression/build.ts'
import {
  type CallNode,
  type EachNode,
  type Expression,
  type IfNode,
  type IndexNode,
  type LetNode,
  type ListNode,
  type,
  type VariableNode,
} from '../domain/expression/nodes.ts'
import { type Compiler, type ListSql, shared, type Want } from './expression-context.ts'
import {
  asStored,
  elementsOfJson,
  nullOf,
  positiveExponent,
  quotedSql,
  typed,
  viewOfJson,
} from './expression-values.ts'

const noList: ListSql = { array: "CAST([], 'Array(String)')", isList: '0' }

/** A value as a list; `isList` is false for values that are none. */
export const listSql = (compiler: Compiler, node: Expression): ListSql => {
  if (!canBe(node, type.list)) return noList
  const handler = (handlers as Partial<Record<Expression['kind'], ListHandler>>)[node.kind]
  return handler === undefined ? listOfJson(compiler, compiler.sql(node, 'json')) : handler(compiler, node as never)
}

const listOfJson = (compiler: Compiler, json: string): ListSql => ({
  array: elementsOfJson(compiler, json),
  isList: `startsWith(${json}, '[')`,
})

/** The JSON text of a list, '' when it is none. */
export const joined = ({ array, isList }: ListSql): string => {
  const text = `concat('[', arrayStringConcat(${array}, ','), ']')`
  return isList === null ? text : `if(${isList}, ${text}, '')`
}

type ListHandler = (compiler: Compiler, node: never) => ListSql

const handlers = {
  list: (compiler: Compiler, { items }: ListNode): ListSql => {
    if (items.length === 0) return { ...noList, isList: null }
    return { array: `[${items.map((item) => elementJson(compiler, item)).join(', ')}]`, isList: null }
  },
  each: (compiler: Compiler, node: EachNode): ListSql => {
    const over = compiler.list(node.list)
    const element = compiler.lambdaName()
    const inner = compiler.naming(node.name, { kind: 'element', sql: element })
    if (node.of === 'filter') {
      return { ...over, array: `arrayFilter(${element} -> ${inner.truth(node.body)}, ${over.array})` }
    }
    return { ...over, array: `arrayMap(${element} -> ${elementJson(inner, node.body)}, ${over.array})` }
  },
  // Of the calls, `split` without a number alone makes lists.
  call: (compiler: Compiler, { args }: CallNode): ListSql => {
    const [text, delimiter] = args as readonly [Expression, Expression]
    const piece = compiler.lambdaName()
    const string = compiler.sql(text, 'string')
    const pieces = `splitByChar(${compiler.sql(delimiter, 'string')}, ifNull(${string}, ''))`
    return {
      array: `arrayMap(${piece} -> ${quotedSql(compiler, piece)}, ${pieces})`,
      isList: isOnly(text, type.string) ? null : `isNotNull(${string})`,
    }
  },
  if: (compiler: Compiler, { branches }: IfNode): ListSql => {
    const arrays: string[] = []
    const areLists: string[] = []
    for (const { condition, value } of branches) {
      const truth = compiler.truth(condition)
      const { array, isList } = compiler.list(value)
      arrays.push(truth, array)
      areLists.push(truth, isList ?? '1')
    }
    return {
      array: `multiIf(${[...arrays, noList.array].join(', ')})`,
      isList: `multiIf(${[...areLists, '0'].join(', ')})`,
    }
  },
  let: (compiler: Compiler, { name, value, body }: LetNode): ListSql =>
    compiler.naming(name, { kind: 'value', value, names: compiler.names }).list(body),
  variable: (compiler: Compiler, { name }: VariableNode): ListSql => {
    const meaning = compiler.names.get(name)
    if (meaning?.kind === 'value') return compiler.with(meaning.names).list(meaning.value)
    return listOfJson(compiler, meaning?.sql ?? '')
  },
}

/** Undefined has no place in JSON; in a list it is null. */
const elementJson = (compiler: Compiler, node: Expression): string => {
  const json = compiler.sql(node, 'json')
  if (!canBe(node, type.undefined)) return json
  return shared(compiler, json, (text) => `if(${text} = '', 'null', ${text})`)
}

/** `any`, `all`, `filter`, `map`, and `list[0]`, `object["key"]`. */
export const nestedSql = (compiler: Compiler, node: EachNode | IndexNode, want: Want): string => {
  if (node.kind === 'index') return viewOfJson(compiler, indexSql(compiler, node), want)
  if (node.of === 'filter' || node.of === 'map') return want === 'json' ? joined(compiler.list(node)) : nullOf[want]
  const { array, isList } = compiler.list(node.list)
  const element = compiler.lambdaName()
  const truth = compiler.naming(node.name, { kind: 'element', sql: element }).truth(node.body)
  const sql = `${node.of === 'any' ? 'arrayExists' : 'arrayAll'}(${element} -> ${truth}, ${array})`
  return typed(compiler, node, 'boolean', isList === null ? sql : `if(${isList}, ${sql}, NULL)`, want)
}

const indexSql = (compiler: Compiler, { target, key }: IndexNode): string => {
  const views: string[] = []
  if (canBe(target, type.list) && canBe(key, type.number)) {
    const { array } = compiler.list(target)
    const at = compiler.sql(key, 'number')
    views.push(
      shared(compiler, at, (n) => {
        const isPlace = `ifNull(${n} >= 0 AND ${n} < 1000000 AND ${n} = floor(${n}), 0)`
        return `if(${isPlace}, arrayElement(${array}, toInt64(ifNull(${n}, 0)) + 1), '')`
      }),
    )
  }
  if (canBe(target, type.object) && canBe(key, type.string)) views.push(memberSql(compiler, target, key))
  if (views.length < 2) return views[0] ?? `''`
  return `if(isNotNull(${compiler.sql(key, 'number')}), ${views[0]}, ${views[1]})`
}

const memberSql = (compiler: Compiler, target: Expression, key: Expression): string =>
  shared(compiler, compiler.sql(target, 'json'), (json) => {
    const raw = `JSONExtractRaw(${json}, ifNull(${compiler.sql(key, 'string')}, ''))`
    const found = shared(compiler, raw, (part) => asStored(compiler, part))
    const hasKey = isOnly(key, type.string) ? '' : ` AND isNotNull(${compiler.sql(key, 'string')})`
    return `if(startsWith(${json}, '{')${hasKey}, ${found}, '')`
  })

/**
 * The keys under which a value is counted in a breakdown, from its JSON text: one per different element of a list,
 * `undefined` for what is missing, null or an empty list (expressions §6). Array(String); `bucketKeys` says the same.
 */
export const bucketKeysSql = (json: string): string => {
  const key = (part: string, number: string): string =>
    `multiIf(${part} IN ('', 'null'), 'undefined', startsWith(${part}, '"'), JSONExtractString(${part}), ${number})`
  const element = key('part', positiveExponent('part'))
  const elements = `arrayDistinct(arrayMap(part -> ${element}, JSONExtractArrayRaw(${json})))`
  return `if(startsWith(${json}, '['), if(empty(${elements}), ['undefined'], ${elements}), [${key(json, json)}])`
}

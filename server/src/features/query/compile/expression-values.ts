import { type Expression, type } from '../domain/expression/nodes.ts'
import { type Compiler, shared, type Want } from './expression-context.ts'
import { dateTextSql, instantOfJson } from './expression-time.ts'

// Between JSON texts as they are stored and the types of the engine. Stored texts are what JSON.stringify writes, so one
// value has one text, except numbers that no double holds, which keep their own (kernel/json.ts).

export const nullOf: Readonly<Record<Exclude<Want, 'json'>, string>> = {
  number: "CAST(NULL, 'Nullable(Float64)')",
  string: "CAST(NULL, 'Nullable(String)')",
  boolean: "CAST(NULL, 'Nullable(UInt8)')",
  datetime: "CAST(NULL, 'Nullable(Int64)')",
}

/** The string that a JSON text holds; the text has to start with a quote. */
export const decodedSql = (json: string): string =>
  `if(position(${json}, '\\\\') = 0, substring(${json}, 2, length(${json}) - 2), JSONExtractString(${json}))`

/** One type's view of a JSON text: NULL when it holds another one. */
export const viewOfJson = (compiler: Compiler, json: string, want: Want): string => {
  switch (want) {
    case 'json':
      return json
    case 'number':
      return `toFloat64OrNull(${json})`
    case 'string':
      return shared(compiler, json, (text) => `if(startsWith(${text}, '"'), ${decodedSql(text)}, NULL)`)
    case 'boolean':
      return shared(compiler, json, (text) => `multiIf(${text} = 'true', 1, ${text} = 'false', 0, NULL)`)
    case 'datetime':
      return instantOfJson(compiler, json)
  }
}

// As JavaScript writes numbers: never -0, and a plus before a positive exponent.
export const numberText = (number: string): string => `replaceRegexpOne(toString(${number} + 0), 'e([0-9])', 'e+\\\\1')`

const escaped: readonly (readonly [string, string])[] = [
  ...Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)),
  '"',
  '\\',
].map((letter) => [letter, JSON.stringify(letter).slice(1, -1)] as const)

/** A string as JSON.stringify writes it. NULL stays NULL. */
export const quotedSql = (compiler: Compiler, string: string): string => {
  const from = compiler.context.bind(
    escaped.map(([letter]) => letter),
    'Array(String)',
  )
  const to = compiler.context.bind(
    escaped.map(([, text]) => text),
    'Array(String)',
  )
  const letter = compiler.lambdaName()
  return shared(
    compiler,
    string,
    (text) =>
      `concat('"', if(match(${text}, '[\\\\x00-\\\\x1f"\\\\\\\\]'), arrayStringConcat(arrayMap(${letter} -> transform(${letter}, ${from}, ${to}, ${letter}), splitByString('', ${text}))), ${text}), '"')`,
  )
}

/** The elements of a JSON list as JSON texts; `[]` for anything else. */
export const elementsOfJson = (compiler: Compiler, json: string): string =>
  shared(compiler, json, (text) => {
    const element = compiler.lambdaName()
    const plain = `JSONExtractArrayRaw(${text})`
    const exact = `arrayMap(${element} -> ${asStored(compiler, element)}, ${plain})`
    const isRewritten = `(position(${text}, '\\\\u') > 0 OR position(${text}, 'e+') > 0 OR position(${text}, '\\xE2\\x80\\xA8') > 0 OR position(${text}, '\\xE2\\x80\\xA9') > 0)`
    return `multiIf(NOT startsWith(${text}, '['), [], ${isRewritten}, ${exact}, ${plain})`
  })

/** A number as the engine writes it, as JavaScript does; other texts stay. */
export const positiveExponent = (part: string): string =>
  `replaceRegexpOne(${part}, '^(-?[0-9.]+e)([0-9])', '\\\\1+\\\\2')`

// The engine writes parts of JSON nearly as JSON.stringify does: other are control characters and positive exponents.
export const asStored = (compiler: Compiler, part: string): string => {
  const quoted = quotedSql(compiler, `JSONExtractString(${part})`)
  const number = positiveExponent(part)
  return `multiIf(startsWith(${part}, '"'), if(position(${part}, '\\\\u') > 0, ${quoted}, ${part}), startsWith(${part}, '[') OR startsWith(${part}, '{'), ${part}, ${number})`
}

/** A typed value as JSON text; '' where it is NULL. `isNullable` false: it never is. */
export const jsonOf = (
  compiler: Compiler,
  sql: string,
  from: Exclude<Want, 'json' | 'datetime'>,
  isNullable: boolean,
): string => {
  const text = {
    number: () => numberText(sql),
    string: () => quotedSql(compiler, sql),
    boolean: () => `toString(CAST(${sql}, '${isNullable ? 'Nullable(Bool)' : 'Bool'}'))`,
  }[from]()
  return isNullable ? `ifNull(${text}, '')` : text
}

/** Turns SQL of one type into the one that is wanted; `node` says whether it can be NULL. */
export const typed = (
  compiler: Compiler,
  node: Expression,
  from: Exclude<Want, 'json'>,
  sql: string,
  want: Want,
): string => {
  if (want === from) return sql
  if (want !== 'json') return nullOf[want]
  const isNullable = node.types !== type[from]
  if (from !== 'datetime') return jsonOf(compiler, sql, from, isNullable)
  const text = `concat('"', ${dateTextSql(compiler, sql)}, '"')`
  return isNullable ? `ifNull(${text}, '')` : text
}

/** The words of JSON Schema that the files in `contract/` use. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  /** A schema: of every property that `properties` does not name. */
  readonly additionalProperties?: false | Schema
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
}

/** What is wrong with `value`, each fault with its path; empty: nothing. Throws for a word that it does not know. */
export const schemaFaults = (schema: Schema, value: unknown, path = '$'): readonly string[] =>
  Object.keys(schema).flatMap((word) => {
    const rule = rules[word as keyof Schema]
    if (rule === undefined) throw new Error(`${path}: the schema word ${word} is not known here`)
    return rule(schema, value, path)
  })

type Rule = (schema: Schema, value: unknown, path: string) => readonly string[]
type JsonObject = Readonly<Record<string, unknown>>

const typeOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
const isObject = (value: unknown): value is JsonObject => typeOf(value) === 'object'
const unless = (isRight: boolean, path: string, text: string): readonly string[] =>
  isRight ? [] : [`${path}: ${text}`]
const shown = (value: unknown): string => JSON.stringify(value)

const rules: Record<keyof Schema, Rule> = {
  type: ({ type }, value, path) => {
    const found = typeOf(value)
    const isRight = [type].flat().some((name) => name === found || (name === 'number' && found === 'integer'))
    return unless(isRight, path, `is ${found}, not ${String(type)}`)
  },
  const: ({ const: wanted }, value, path) => unless(value === wanted, path, `is ${shown(value)}, not ${shown(wanted)}`),
  enum: ({ enum: wanted }, value, path) =>
    unless(wanted?.includes(value) === true, path, `is ${shown(value)}, none of ${shown(wanted)}`),
  pattern: ({ pattern }, value, path) =>
    unless(new RegExp(pattern ?? '').test(String(value)), path, `${shown(value)} does not match ${pattern}`),
  minLength: ({ minLength = 0 }, value, path) =>
    unless(String(value).length >= minLength, path, `is shorter than ${minLength}`),
  maxLength: ({ maxLength = 0 }, value, path) =>
    unless(String(value).length <= maxLength, path, `is longer than ${maxLength}`),
  properties: ({ properties = {} }, value, path) =>
    Object.entries(properties).flatMap(([name, inner]) =>
      isObject(value) && Object.hasOwn(value, name) ? schemaFaults(inner, value[name], `${path}.${name}`) : [],
    ),
  required: ({ required = [] }, value, path) =>
    required.flatMap((name) => unless(isObject(value) && Object.hasOwn(value, name), path, `lacks ${name}`)),
  additionalProperties: ({ properties = {}, additionalProperties: others = false }, value, path) =>
    Object.entries(isObject(value) ? value : {})
      .filter(([name]) => !Object.hasOwn(properties, name))
      .flatMap(([name, inner]) =>
        others === false
          ? [`${path}: has ${name}, which is not documented`]
          : schemaFaults(others, inner, `${path}.${name}`),
      ),
  items: ({ items = {} }, value, path) =>
    (Array.isArray(value) ? value : []).flatMap((item, index) => schemaFaults(items, item, `${path}[${index}]`)),
  minItems: ({ minItems = 0 }, value, path) =>
    unless(!Array.isArray(value) || value.length >= minItems, path, `has fewer than ${minItems} items`),
  maxItems: ({ maxItems = 0 }, value, path) =>
    unless(!Array.isArray(value) || value.length <= maxItems, path, `has more than ${maxItems} items`),
}

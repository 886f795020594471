/** One condition on a property, as the reader chose it. */
export interface PropertyFilter {
  readonly property: string
  readonly operator: Operator
  readonly value: string
}

export const operators = {
  is: 'is',
  'is-not': 'is not',
  contains: 'contains',
  'contains-not': 'does not contain',
  more: 'is more than',
  less: 'is less than',
  set: 'is set',
  'not-set': 'is not set',
} as const
export type Operator = keyof typeof operators

export const takesValue = (operator: Operator): boolean => operator !== 'set' && operator !== 'not-set'

const isNumber = (text: string): boolean => /^-?\d+(\.\d+)?$/.test(text)

/** Everything that the typed value may be in the data: a text, and a number or a boolean that looks the same. */
const equals = (property: string, value: string): string => {
  const asText = `${property} == ${JSON.stringify(value)}`
  return isNumber(value) || value === 'true' || value === 'false'
    ? `(${asText} or ${property} == ${value})`
    : `(${asText})`
}

const expressionOf = ({ property: name, operator, value }: PropertyFilter): string => {
  const property = `properties[${JSON.stringify(name)}]`
  const literal = isNumber(value) ? value : JSON.stringify(value)
  switch (operator) {
    case 'is':
      return equals(property, value)
    case 'is-not':
      return `(not ${equals(property, value)})`
    case 'contains':
      return `(${JSON.stringify(value)} in ${property})`
    case 'contains-not':
      return `(not (${JSON.stringify(value)} in ${property}))`
    case 'more':
      return `(${property} > ${literal})`
    case 'less':
      return `(${property} < ${literal})`
    case 'set':
      return `defined(${property})`
    case 'not-set':
      return `(not defined(${property}))`
  }
}

const isWhole = ({ property, operator, value }: PropertyFilter): boolean =>
  property !== '' && (!takesValue(operator) || value !== '')

/** All of them as one expression (docs/spec/expressions.md); undefined: no condition. Those that are not finished do not count. */
export const whereOf = (filters: readonly PropertyFilter[]): string | undefined => {
  const conditions = filters.filter(isWhole).map(expressionOf)
  return conditions.length === 0 ? undefined : conditions.join(' and ')
}

/** Filters of a link; what is none is dropped. */
export const filtersIn = (sent: unknown): readonly PropertyFilter[] =>
  Array.isArray(sent) ? sent.flatMap(filterIn) : []

const filterIn = (sent: unknown): readonly PropertyFilter[] => {
  if (typeof sent !== 'object' || sent === null) return []
  const { property, operator, value } = sent as Record<string, unknown>
  if (typeof property !== 'string' || typeof operator !== 'string' || !(operator in operators)) return []
  return [{ property, operator: operator as Operator, value: typeof value === 'string' ? value : String(value ?? '') }]
}

/** Texts of a link; what is none is dropped. */
export const listIn = (sent: unknown): readonly string[] =>
  Array.isArray(sent) ? sent.filter((item) => typeof item === 'string') : typeof sent === 'string' ? [sent] : []

import { describe, expect, it } from 'vitest'
import { InvalidRequest } from '../../../kernel/errors.ts'
import { parseBreakdown, parseExpression } from '../domain/expression/parse.ts'
import type { ParseOptions } from '../domain/expression/reader.ts'
import { compileExpression, compileFilter } from './expression.ts'
import type { ExpressionContext } from './expression-context.ts'

const contextOf = (timezone: string) => {
  const params: string[] = []
  const context: ExpressionContext = {
    bind: (value, type) => {
      const text = JSON.stringify(value)
      const at = params.includes(text) ? params.indexOf(text) : params.push(text) - 1
      return `{p${at}:${type}}`
    },
    eventProperty: (name) => `e.properties[${context.bind(name, 'String')}]`,
    userProperty: (name) => `u.properties[${context.bind(name, 'String')}]`,
    behavior: (name) => `b.counts[${context.bind(name, 'String')}]`,
    column: (name) => ({ time: 'e.time', distinctId: 'person', insertId: 'e.insert_id', eventName: 'e.event' })[name],
    timezone,
    nowMs: Date.UTC(2026, 5, 15, 22, 30),
  }
  return { params, context }
}

interface Golden {
  readonly text: string
  readonly as?: 'json' | 'number' | 'string' | 'datetime'
  readonly options?: ParseOptions
  readonly timezone?: string
}

// Without `as`: a filter.
const goldens: readonly Golden[] = [
  { text: 'properties["plan"] == "pro"' },
  { text: 'properties["plan"] != "pro"' },
  { text: '"pro" == properties["plan"]' },
  { text: 'properties["plan"] == "Pro"', options: { dialect: 'formula' } },
  { text: 'properties["plan"] in ["pro", "free"]' },
  { text: 'properties["plan"] not in ["pro", "free"]' },
  { text: 'properties["n"] in [1, 2, 3]' },
  { text: 'properties["x"] in [1, "a", true]' },
  { text: 'properties["n"] == 1' },
  { text: 'properties["n"] > 5' },
  { text: 'properties["n"] >= 5 and properties["n"] < 10' },
  { text: 'properties["a"] < properties["b"]' },
  { text: 'properties["a"] == properties["b"]' },
  { text: 'properties["a"] == undefined' },
  { text: 'properties["paid"] == true' },
  { text: 'properties["paid"]' },
  { text: 'not properties["paid"]' },
  { text: 'defined(properties["plan"])' },
  { text: 'not defined(user["plan"])' },
  { text: 'user["$name"] == "U"' },
  { text: 'behaviors["b1"] > 0' },
  { text: 'properties["$distinct_id"] == "u1"' },
  { text: 'properties["$time"] >= datetime(1700000000) and properties["$time"] < datetime(1700086400)' },
  { text: 'event["$time"] > datetime("2026-03-29T12:00:00")', timezone: 'Europe/Berlin' },
  { text: 'properties["$last_seen"] >= "2026-01-01"' },
  { text: 'user["$created"] < "2026-01-01"', timezone: 'Europe/Berlin' },
  { text: 'boolean(properties["x"]) or boolean(properties["y"])' },
  { text: 'number(properties["price"]) * 1.2 > 10' },
  { text: 'properties["a"] + properties["b"] == 3' },
  { text: 'properties["n"] % 2 == 0' },
  { text: '"sub" in properties["p"]' },
  { text: 'has_prefix(string(user["x"]), "2016")' },
  { text: 'any(X, properties["tags"], X == "vip")' },
  { text: 'regex_match(properties["url"], "^https?://")' },
  { text: 'properties["plan"]', as: 'json' },
  { text: 'properties["price"]', as: 'number' },
  { text: 'properties["plan"]', as: 'string' },
  { text: 'number(properties["price"])', as: 'number' },
  { text: 'string(properties["plan"], "none")', as: 'json' },
  { text: 'if(properties["n"] > 100, "big", "small")', as: 'json', options: { dialect: 'formula' } },
  { text: 'let(a, number(properties["a"]), a * a)', as: 'number' },
  { text: 'parse_url(properties["url"], "domain")', as: 'string' },
  { text: 'datedif(user["$created"], today(), "D")', as: 'number' },
  { text: 'properties["items"][0]["sku"]', as: 'json' },
  { text: 'properties["x"] == "a"', options: { properties: 'profile' } },
]

const written = ({ text, as, options = {}, timezone = 'UTC' }: Golden): string => {
  const { params, context } = contextOf(timezone)
  const node = parseExpression(text, options)
  const sql = as === undefined ? compileFilter(node, context) : compileExpression(node, as, context)
  const notes = [as ?? 'filter', timezone, ...Object.values(options)].join(', ')
  return `-- ${text}  (${notes})\n${sql}\n${params.map((value, at) => `-- p${at} = ${value}`).join('\n')}\n`
}

describe('the SQL of expressions', () => {
  it('is what was reviewed', async () => {
    await expect(goldens.map(written).join('\n')).toMatchFileSnapshot('./expression.golden.sql')
  })

  it('compares a property with a string as it is stored', () => {
    const { params, context } = contextOf('UTC')
    expect(compileFilter(parseExpression('properties["plan"] == "pro"'), context)).toBe(
      '(e.properties[{p0:String}] = {p1:String})',
    )
    expect(params).toEqual(['"plan"', '"\\"pro\\""'])
  })

  it('reads a bare name of a property', () => {
    const { context, params } = contextOf('UTC')
    expect(compileExpression(parseBreakdown('ad version'), 'json', context)).toBe('e.properties[{p0:String}]')
    expect(params).toEqual(['"ad version"'])
  })

  it('refuses what would be too long for the engine', () => {
    const text = Array.from({ length: 40 }).reduce((inner: string) => `let(v, ${inner}, v + v)`, 'properties["a"]')
    expect(() => compileFilter(parseExpression(text), contextOf('UTC').context)).toThrow(InvalidRequest)
  })
})

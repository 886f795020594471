import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../../test/support/engines.ts'
import { aRecord, expressions, names, seeded } from '../../../../test/support/random-expressions.ts'
import { InvalidRequest } from '../../../kernel/errors.ts'
import { bucketKeys } from '../domain/expression/bucket-keys.ts'
import { dateText } from '../domain/expression/dates.ts'
import { type ExpressionRecord, evaluate } from '../domain/expression/evaluate.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import { finite, jsonText, numberOf } from '../domain/expression/values.ts'
import { compileExpression, compileFilter } from './expression.ts'
import type { ExpressionContext } from './expression-context.ts'
import { bucketKeysSql } from './expression-lists.ts'

const nowMs = Date.UTC(2026, 5, 15, 22, 30)

let engines: TestEngines
beforeAll(async () => {
  engines = await openTestEngines()
})
afterAll(() => engines.close())

/** Rows as literals: one bound list of properties per row. */
const rowsSql = (records: readonly ExpressionRecord[], context: ExpressionContext): string =>
  records
    .map(({ event, user, behaviors, columns, timeMs }, at) => {
      const texts = [...names.map((name) => event[name] ?? ''), ...names.map((name) => user[name] ?? '')]
      return `SELECT ${at} AS row, ${context.bind(texts, 'Array(String)')} AS texts, ${behaviors['x'] ?? 0} AS x,
        ${context.bind(columns.distinctId, 'String')} AS person, fromUnixTimestamp64Milli(toInt64(${timeMs}), 'UTC') AS time`
    })
    .join(' UNION ALL ')

const contextOf = (timezone: string) => {
  const params: Record<string, unknown> = {}
  const context: ExpressionContext = {
    bind: (value, type) => {
      const name = `p${Object.keys(params).length}`
      params[name] = value
      return `{${name}:${type}}`
    },
    eventProperty: (name) => `t.texts[${names.indexOf(name as 'a') + 1}]`,
    userProperty: (name) => `t.texts[${names.indexOf(name as 'a') + 1 + names.length}]`,
    behavior: () => 't.x',
    column: (name) => ({ time: 't.time', distinctId: 't.person', insertId: `'i'`, eventName: `'E'` })[name],
    timezone,
    nowMs,
  }
  return { context, params }
}

interface Answer {
  readonly json: readonly string[]
  readonly truth: readonly number[]
  readonly number: readonly (number | null)[]
  readonly keys: readonly (readonly string[])[]
}

const inTheEngine = async (
  nodes: readonly Expression[],
  records: readonly ExpressionRecord[],
  timezone: string,
): Promise<readonly Answer[]> => {
  const { context, params } = contextOf(timezone)
  const list = (use: (node: Expression) => string): string => `[${nodes.map(use).join(',\n')}]`
  const json = list((node) => compileExpression(node, 'json', context))
  const sql = `SELECT ${json} AS json, ${list((node) => compileFilter(node, context))} AS truth,
    ${list((node) => `CAST(${compileExpression(node, 'number', context)}, 'Nullable(Float64)')`)} AS number,
    arrayMap(value -> ${bucketKeysSql('value')}, json) AS keys
    FROM (${rowsSql(records, context)}) AS t ORDER BY row`
  return engines.region.rows<Answer>(sql, {
    params,
    settings: { max_query_size: 4_000_000, max_ast_elements: 4_000_000 },
  })
}

const expected = (node: Expression, record: ExpressionRecord) => {
  const value = evaluate(node, record)
  const json = value instanceof Date ? JSON.stringify(dateText(value.getTime(), record.timezone)) : jsonText(value)
  const number = value instanceof Date ? null : (finite(numberOf(value) ?? Number.NaN) ?? null)
  return { json, truth: value === true ? 1 : 0, number: number === 0 ? 0 : number, keys: bucketKeys(json) }
}

describe('expressions in the engine', () => {
  const seeds = [
    ['UTC', 'api', 1],
    ['UTC', 'formula', 2],
    ['Europe/Berlin', 'api', 3],
    ['America/St_Johns', 'formula', 4],
  ] as const
  it.each(seeds)(
    'say what the plain rules say (%s, %s, seed %i)',
    async (timezone, dialect, seed) => {
      const random = seeded(seed)
      const all = expressions(random, 80, dialect)
      const differences: string[] = []
      for (let from = 0; from < all.length; from += 40) {
        const some = all.slice(from, from + 40)
        const records = Array.from({ length: 25 }, () => aRecord(random, timezone, nowMs))
        const answers = await inTheEngine(
          some.map(({ node }) => node),
          records,
          timezone,
        )
        for (const [row, record] of records.entries()) {
          for (const [at, { text, node }] of some.entries()) {
            const answer = answers[row] as Answer
            const got = {
              json: answer.json[at],
              truth: answer.truth[at],
              number: answer.number[at],
              keys: answer.keys[at],
            }
            const wanted = expected(node, record)
            // A list in a list is a key as the engine writes it, which spells some numbers and signs in another way.
            if (/^\[.*[[{]/.test(wanted.json)) got.keys = wanted.keys
            if (JSON.stringify(got) === JSON.stringify(wanted)) continue
            differences.push(
              `${text}\n  ${JSON.stringify(record)}\n  got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`,
            )
          }
        }
      }
      expect(differences.slice(0, 5), `${differences.length} of ${all.length * 25}`).toEqual([])
    },
    120_000,
  )

  const one = async (text: string, event: Readonly<Record<string, string>>) => {
    const record: ExpressionRecord = { ...aRecord(seeded(5), 'UTC', nowMs), event, user: {} }
    const node = parseExpression(text)
    const [answer] = await inTheEngine([node], [record], 'UTC')
    expect(answer?.json[0], text).toBe(expected(node, record).json)
    return { json: answer?.json[0], keys: answer?.keys[0], wantedKeys: bucketKeys(answer?.json[0] ?? '') }
  }

  it('give one key per different element of a list, as JavaScript writes it', async () => {
    const texts = ['["a","b","a",1,true]', '[]', '["\\u0001\\n","\u2028"]', '[1e+21,1e-9]', '[[1],{"k":"v"},null]']
    for (const text of [...texts, '"x/y"', '12', '1e400', 'true', '', 'null', '{"k":1}']) {
      const { keys, wantedKeys } = await one('properties["a"]', { a: text })
      expect(keys, text).toEqual(wantedKeys)
    }
    expect((await one('properties["a"]', { a: texts[0] as string })).keys).toEqual(['a', 'b', '1', 'true'])
    expect((await one('properties["a"]', { a: 'null' })).keys).toEqual(['undefined'])
  })

  it('read the elements of a list as they are stored', async () => {
    const a = '["\\u0001\\n","\u2028",1e+21,"a/b"]'
    expect((await one('filter(X, properties["a"], X == properties["b"])', { a, b: '"\u2028"' })).json).toBe(
      '["\u2028"]',
    )
    expect((await one('properties["a"][0] == "\u0001\\n"', { a })).json).toBe('true')
    expect((await one('string(properties["a"][2])', { a })).json).toBe('"1e+21"')
  })

  it('fit patterns as JavaScript does', async () => {
    const patterns = [
      '^a',
      'A.C',
      '(?-i)A',
      '[^b-d]+x',
      '\\d{2,}',
      '\\bx?\\w+\\s',
      'ß|σ',
      '(?-i)İİ?',
      '(é)*x',
      '[\\]\\-😀]+',
      '(a|ab)(c|bcd)?',
      'x$',
      '\\Ax',
      '[\\d-z]{1,3}?',
      'a.*b',
    ]
    const texts = ['', 'abc', 'A-C abcd', 'a\nc', '12-345', 'ẞ Σ ς', 'İ', 'éx x', '😀]-', 'tab\tx', 'aXb\nb']
    const nodes = patterns.flatMap((pattern) => {
      const call = (name: string, more = '') =>
        parseExpression(`${name}(properties["a"], ${JSON.stringify(pattern)}${more})`)
      return [call('regex_match'), call('regex_extract'), call('regex_replace', ', "<$0$$>"')]
    })
    const records = texts.map((text) => ({ ...aRecord(seeded(6), 'UTC', nowMs), event: { a: JSON.stringify(text) } }))
    const answers = await inTheEngine(nodes, records, 'UTC')
    const got = answers.map(({ json }) => json)
    expect(got).toEqual(records.map((record) => nodes.map((node) => expected(node, record).json)))
  })

  it('never take text of a request for SQL', async () => {
    const hostile = [`'; DROP TABLE event; --`, `\\`, `') OR 1=1 --`, '{p0:String}', '`', '\u0000', "''", '\n'] as const
    for (const text of hostile) {
      const quoted = JSON.stringify(text)
      expect((await one(`properties["a"] == ${quoted}`, { a: JSON.stringify(text) })).json, text).toBe('true')
      expect((await one(`string(properties["a"]) + ${quoted}`, { a: '"x"' })).json, text).toBe(
        JSON.stringify(`x${text}`),
      )
      expect((await one(`${quoted} in [${quoted}, 'b']`, {})).json, text).toBe('true')
    }
  })

  it('stay within what the engine reads, however deep they are', async () => {
    const forms: readonly ((inner: string) => string)[] = [
      (x) => `-(${x})`,
      (x) => `(properties["a"] + ${x})`,
      (x) => `(${x} == properties["a"])`,
      (x) => `if(properties["a"] == 1, properties["b"], ${x})`,
      (x) => `(${x})[0]`,
      (x) => `filter(X, ${x}, X == 1)`,
      (x) => `let(v, ${x}, v + v)`,
      (x) => `mid(${x}, 1, 2)`,
      (x) => `(${x} in properties["a"])`,
    ]
    for (const form of forms) {
      for (const depth of [10, 30, 48]) {
        const text = Array.from({ length: depth }).reduce((inner: string) => form(inner), 'properties["a"]')
        try {
          await one(text, { a: '[1,2]' })
        } catch (error) {
          if (!(error instanceof InvalidRequest)) throw error
        }
      }
    }
  })
})

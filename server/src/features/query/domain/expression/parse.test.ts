import { describe, expect, it } from 'vitest'
import { expressions, seeded } from '../../../../../test/support/random-expressions.ts'
import type { Expression } from './nodes.ts'
import { parseBreakdown, parseExpression } from './parse.ts'
import { ExpressionError, expressionCharactersMax } from './tokens.ts'

/** A tree as nested calls, without positions. */
const shape = (node: Expression): string => {
  switch (node.kind) {
    case 'literal':
      return JSON.stringify(node.value) ?? 'undefined'
    case 'property':
      return `${node.of}.${node.name}`
    case 'column':
      return `$${node.column}`
    case 'behavior':
      return `behavior.${node.name}`
    case 'variable':
      return node.name
    case 'list':
      return `[${node.items.map(shape).join(' ')}]`
    case 'not':
      return `(not ${shape(node.operand)})`
    case 'and':
    case 'or':
      return `(${node.kind} ${node.terms.map(shape).join(' ')})`
    case 'arithmetic':
    case 'compare':
      return `(${node.op} ${shape(node.left)} ${shape(node.right)})`
    case 'equals':
      return `(${node.ignoreCase ? '=~' : '=='} ${shape(node.left)} ${shape(node.right)})`
    case 'in':
      return `(in ${shape(node.needle)} ${shape(node.haystack)})`
    case 'if':
      return `(if ${node.branches.map(({ condition, value }) => `${shape(condition)} ${shape(value)}`).join(' ')})`
    case 'call':
      return `(${[node.name, ...node.args.map(shape)].join(' ')})`
    case 'let':
      return `(let ${node.name} ${shape(node.value)} ${shape(node.body)})`
    case 'each':
      return `(${node.of} ${node.name} ${shape(node.list)} ${shape(node.body)})`
    case 'index':
      return `(at ${shape(node.target)} ${shape(node.key)})`
  }
}

describe('an expression', () => {
  it.each([
    // The forms of the reference and of clients (expressions §2).
    ['properties["$os"]=="Linux"', '(== event.$os "Linux")'],
    ['user["$name"]=="U"', '(== profile.$name "U")'],
    [
      'properties["$time"]>=datetime(1700000000) and properties["$time"]<datetime("2026-01-01T00:00:00")',
      '(and (>= $time (datetime 1700000000)) (< $time (datetime "2026-01-01T00:00:00")))',
    ],
    ['behaviors["b1"] > 0', '(> behavior.b1 0)'],
    ['has_prefix(string(user["x"]),"2016")', '(has_prefix (string profile.x) "2016")'],
    ['not defined(user["x"])', '(not (defined profile.x))'],
    ['any(X, properties["tags"], X == "vip")', '(any X event.tags (== X "vip"))'],
    ['properties["n"] in [1,2,3]', '(in event.n [1 2 3])'],
    ['"sub" in properties["p"]', '(in "sub" event.p)'],
    ['string(properties["x"],"default")', '(string event.x "default")'],
    // Precedence and direction.
    ['1 + 2 * 3 - 4', '(- (+ 1 (* 2 3)) 4)'],
    ['(1 + 2) * 3', '(* (+ 1 2) 3)'],
    ['-2 * -(3)', '(* -2 -3)'],
    ['-properties["a"]', '(negate event.a)'],
    ['not 1 == 2 and true or false', '(or (and (not (== 1 2)) true) false)'],
    ['true or false and not true', '(or true (and false (not true)))'],
    ['1 < 2 == true', '(== (< 1 2) true)'],
    ['true and true and true', '(and true true true)'],
    ['1 != 2', '(not (== 1 2))'],
    ['1 not in [1]', '(not (in 1 [1]))'],
    // Letters, quotes, escapes.
    ['TRUE And NOT False', '(and true (not false))'],
    ['ROUND(2.5)', '(round 2.5)'],
    [`properties['a"b'] == 'it\\'s'`, `(== event.a"b "it's")`],
    ['"a\\"b\\\\c\\u00e9\\n\\d"', '"a\\"bXcé\\n\\\\d"'.replace('X', '\\\\')],
    ['[]', '[]'],
    ['.5 + 1e3', '(+ 0.5 1000)'],
    // Names that are columns.
    ['event["$distinct_id"]', '$distinctId'],
    ['properties["time"] > 5', '(> (number $time) 5)'],
    ['properties["$insert_id"]', '$insertId'],
    ['user["$time"]', 'profile.$time'],
    // Formulas.
    ['if(true, 1, 2)', '(if true 1 true 2)'],
    ['ifs(true, 1, false, 2)', '(if true 1 false 2)'],
    ['and(true, or(false, true))', '(and true (or false true))'],
    ['not(true)', '(not true)'],
    ['in("a", "abc")', '(in "a" "abc")'],
    ['let(a, 1, b, a + 1, a * b)', '(let a 1 (let b (+ a 1) (* a b)))'],
    ['filter(x, [1, 2], x > 1)[0]', '(at (filter x [1 2] (> x 1)) 0)'],
    ['properties["o"]["k"]', '(at event.o "k")'],
    ['properties["o"].length', 'column 16: unexpected "."'],
    ['undefined', 'undefined'],
    // A datetime among other values is its text.
    ['if(true, today(), "x")', '(if true (string (today)) true "x")'],
    ['[event["$time"]]', '[(string $time)]'],
    ['if(true, today(), undefined)', '(if true (today) true undefined)'],
  ])('%s', (text, expected) => {
    const read = (): string => {
      try {
        return shape(parseExpression(text))
      } catch (error) {
        return (error as Error).message.replace('invalid expression: ', '')
      }
    }
    expect(read()).toBe(expected)
  })

  it.each([
    ['', 1, 'the expression is empty'],
    ['properties["a"] ==', 19, 'expected a value, found the end'],
    ['properties["a"] = 1', 17, 'write == to compare'],
    ['1 && 2', 3, 'write and'],
    ['(1', 3, 'expected ")"'],
    ['[1, 2', 6, 'expected "," or "]"'],
    ['"abc', 1, 'no closing "'],
    ['1 2', 3, 'expected an operator or the end, found 2'],
    ['plan == "pro"', 1, 'unknown name "plan"'],
    ['nothing(1)', 1, 'unknown function "nothing"'],
    ['properties[a]', 12, 'expected a name in quotes'],
    ['number(1, 2)', 1, 'number takes 1 argument, not 2'],
    ['if(true, 1)', 1, 'if takes 3 arguments, not 2'],
    ['1 and true', 1, 'and needs true or false on both sides, this is a number'],
    ['true or "x"', 9, 'or needs true or false on both sides, this is a string'],
    ['if("x", 1, 2)', 4, 'a condition is true or false, this is a string'],
    ['1e999', 1, 'too large'],
    ['"\\ud800"', 1, 'half a character'],
    ['regex_match("a", "(?=b)")', 18, 'only ( ) and (?: ) are supported'],
    ['regex_match("a", "(a)\\1")', 18, 'references to groups'],
    ['regex_match("a", "(")', 18, 'it cannot be read'],
    ['regex_match("a", "a{1001}")', 18, 'at most 1000 repetitions'],
    ['regex_match("a", properties["p"])', 18, 'expected a pattern in quotes'],
    ['regex_extract("a", "(a)", 2)', 27, 'expected the number of a group, 0 to 1'],
    ['regex_replace("a", "x*", "")', 20, 'cannot fit the empty text'],
    ['datedif(1, 2, "W")', 15, 'expected a unit'],
    ['split("a", "ab")', 12, 'one ASCII character'],
    ['any(x, [1], x > 1', 18, 'expected ")"'],
    ['any(a,[],any(b,[],any(c,[],any(d,[],true))))', 28, 'nested more than 3 deep'],
  ])('that is wrong says where: %s', (text, column, sentence) => {
    try {
      parseExpression(text)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(ExpressionError)
      expect((error as ExpressionError).message).toContain(sentence)
      expect((error as ExpressionError).column).toBe(column)
      expect((error as ExpressionError).status).toBe(400)
    }
  })

  it.each([
    ['brackets', `${'('.repeat(5000)}1`, 102, 'nested more than 100 deep'],
    ['a sum', `1${'+1'.repeat(5000)}`, 200, 'nested more than 100 deep'],
    ['signs', `${'- '.repeat(5000)}1`, 203, 'nested more than 100 deep'],
    ['not', `${'not '.repeat(3000)}true`, 405, 'nested more than 100 deep'],
    ['a string', `"${'x'.repeat(expressionCharactersMax)}"`, expressionCharactersMax + 1, 'at most 16384 characters'],
  ])('has bounds: %s', (_what, text, column, sentence) => {
    expect(() => parseExpression(text)).toThrow(`column ${column}: ${sentence}`)
  })

  it('has many terms of and, or without being deep', () => {
    const text = Array.from({ length: 300 }, (_, at) => `properties["n"] == ${at}`).join(' or ')
    expect(parseExpression(text).depth).toBe(3)
  })

  it('asks profiles where rows are profiles', () => {
    expect(shape(parseExpression('properties["plan"] == "x"', { properties: 'profile' }))).toBe('(== profile.plan "x")')
    expect(shape(parseExpression('properties["$time"]', { properties: 'profile' }))).toBe('profile.$time')
    expect(() => parseExpression('event["a"]', { properties: 'profile' })).toThrow('there are no events here')
  })

  it('of a formula ignores case and knows its variables', () => {
    const variables = { A: parseExpression('properties["price"]') }
    expect(shape(parseExpression('A * 2', { dialect: 'formula', variables }))).toBe('(* event.price 2)')
    expect(shape(parseExpression('A == "x"', { dialect: 'formula', variables }))).toBe('(=~ event.price "x")')
    expect(() => parseExpression('B', { variables })).toThrow('unknown name "B"')
  })

  it.each([
    ['$browser', 'event.$browser'],
    ['ad version', 'event.ad version'],
    ['time', '(number $time)'],
    ['$distinct_id', '$distinctId'],
    ['properties["a"]', 'event.a'],
    ['string(plan)', '(string event.plan)'],
    ['number(properties["x"])', '(number event.x)'],
    ['true', 'true'],
    ['12', '12'],
  ])('of a breakdown may be a bare name: %s', (text, expected) => {
    expect(shape(parseBreakdown(text))).toBe(expected)
  })
})

describe('hostile text', () => {
  const pieces = [
    '(',
    ')',
    '[',
    ']',
    '"',
    "'",
    '\\',
    ',',
    '-',
    'not ',
    'in ',
    ' and ',
    '==',
    '\u0000',
    '😀',
    '\ud800',
    'let(',
    '1e',
    '{',
  ]

  it('is an expression or an error with a column, ten thousand times', () => {
    const random = seeded(20_261_123)
    const texts = expressions(random, 200, 'formula').map(({ text }) => text)
    const place = (text: string): number => Math.floor(random.next() * (text.length + 1))
    const changes: readonly ((text: string) => string)[] = [
      (text) => text.slice(0, place(text)),
      (text) => {
        const at = place(text)
        return text.slice(0, at) + random.pick(pieces) + text.slice(at)
      },
      (text) => {
        const at = place(text)
        return text.slice(0, at) + text.slice(at + 1)
      },
      (text) => text + text.slice(place(text)),
      (text) => text.slice(0, place(text)) + random.pick(pieces).repeat(150) + text.slice(place(text)),
      (text) => Array.from({ length: 20 }, () => String.fromCharCode(random.next() * 200)).join('') + text,
    ]
    let refused = 0
    for (let count = 0; count < 10_000; count += 1) {
      let text = random.pick(texts)
      for (let step = 0; step < 1 + random.next() * 3; step += 1) text = random.pick(changes)(text)
      try {
        const { depth } = parseExpression(text)
        expect(depth).toBeLessThanOrEqual(100)
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw new Error(`not an ExpressionError: ${text}`, { cause: error })
        refused += 1
        expect(error.column).toBeGreaterThanOrEqual(1)
        expect(error.column).toBeLessThanOrEqual(text.length + 1)
      }
    }
    // Both happen.
    expect(refused).toBeGreaterThan(2_000)
    expect(refused).toBeLessThan(9_990)
  })
})

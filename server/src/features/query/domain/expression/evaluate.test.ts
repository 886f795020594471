import { describe, expect, it } from 'vitest'
import { type ExpressionRecord, evaluate } from './evaluate.ts'
import { parseExpression } from './parse.ts'

const record: ExpressionRecord = {
  event: {
    s: '"abc"',
    empty: '""',
    falseText: '"false"',
    n: '12.5',
    zero: '0',
    big: '12345678901234567890',
    huge: '1e400',
    t: 'true',
    f: 'false',
    nil: 'null',
    list: '["a",1,"A",{"k":2}]',
    numbers: '[1,"2",3.5,null]',
    object: '{"k":"v","n":[1]}',
    day: '"2026-03-29T12:00:00"',
    url: '"https://www.Shop.co.uk/a"',
  },
  user: { plan: '"pro"' },
  behaviors: { b1: 3 },
  columns: { distinctId: 'u1', insertId: 'i1', eventName: 'Sign up' },
  timeMs: 1_700_000_000_500,
  timezone: 'Europe/Berlin',
  nowMs: Date.UTC(2026, 5, 15, 22, 30),
}
const valueOfText = (text: string, dialect: 'api' | 'formula' = 'api') => {
  // $x stands for properties["x"].
  const full = text.replace(/(?<!")\$(\w+)/g, 'properties["$1"]')
  const value = evaluate(parseExpression(full, { dialect }), record)
  return value instanceof Date ? value.toISOString() : value
}

describe('an expression means', () => {
  it.each<readonly [string, unknown]>([
    // Casts (§4.1).
    ['string($s)', 'abc'],
    ['string($n)', '12.5'],
    ['string($big)', '12345678901234567890'],
    ['string($t)', 'true'],
    ['string($nil)', null],
    ['string($none)', undefined],
    ['string($list)', '["a",1,"A",{"k":2}]'],
    ['string($none, "x")', 'x'],
    ['string($nil, "x")', 'x'],
    ['number("12.5")', 12.5],
    ['number("12 apples")', undefined],
    ['number($t)', 1],
    ['number($nil)', undefined],
    ['number($list)', undefined],
    ['number($huge)', undefined],
    ['number(event["$time"])', 1_700_000_000.5],
    ['boolean($empty)', false],
    ['boolean($falseText)', false],
    ['boolean($s)', true],
    ['boolean($zero)', false],
    ['boolean($n)', true],
    ['boolean($nil)', false],
    ['boolean($none)', false],
    ['boolean($list)', true],
    ['boolean([])', false],
    // Calculation (§4.2).
    ['$n + 1', 13.5],
    ['$s + "d"', 'abcd'],
    ['$s + 1', undefined],
    ['1 / 0', undefined],
    ['1 % 0', undefined],
    ['-7 % 3', -1],
    ['7 % -3', 1],
    ['-$s', undefined],
    ['floor(-2.5)', -3],
    ['round(2.5)', 3],
    ['round(-2.5)', -3],
    ['ceil($s)', undefined],
    ['1e300 * 1e300', undefined],
    // Comparison.
    ['$s == "abc"', true],
    ['$s == "ABC"', false],
    ['$n == "12.5"', false],
    ['$none == undefined', true],
    ['$nil == undefined', false],
    ['$none != "x"', true],
    ['$n > 12', true],
    ['$s > "abb"', undefined],
    ['$s > 1', undefined],
    ['$day > "2026-03-29"', true],
    ['event["$time"] > 1700000000', true],
    ['event["$time"] < "2023-11-14T23:13:21"', true],
    ['event["$time"] < "2023-11-14T23:13:20"', false],
    ['"b" in $s', true],
    ['"B" in $s', false],
    ['1 in $list', true],
    ['"z" in $list', false],
    ['$object in $list', undefined],
    ['1 in $n', undefined],
    ['"a" in ["a", "b"]', true],
    // Logic.
    ['$none and true', false],
    ['$none or true', true],
    ['$n and true', false],
    ['not $none', true],
    ['not $n', undefined],
    ['not $f', true],
    // Formulas (§5).
    ['if($n > 1, "big", "small")', 'big'],
    ['if($none, 1, 2)', 2],
    ['ifs(false, 1)', undefined],
    ['defined($nil)', true],
    ['defined($none)', false],
    ['has_prefix($s, "AB")', true],
    ['has_suffix($s, "C")', true],
    ['min($n, 3)', 3],
    ['max($n, "3")', undefined],
    ['upper($s)', 'ABC'],
    ['len("😀é")', 2],
    ['len($list)', 4],
    ['len($n)', undefined],
    ['left("😀éa", 2)', '😀é'],
    ['right($s, 2)', 'bc'],
    ['mid($s, 2, 1)', 'b'],
    ['mid($s, 0, 1)', undefined],
    ['split("a,b,,c", ",")', ['a', 'b', '', 'c']],
    ['split("a,b", ",", 2)', 'b'],
    ['split("a,b", ",", 3)', undefined],
    ['parse_url($url, "full_domain")', 'www.shop.co.uk'],
    ['parse_url($url, "domain")', 'shop.co.uk'],
    ['parse_url($s, "domain")', undefined],
    ['regex_match($s, "B")', true],
    ['regex_match($s, "(?-i)B")', false],
    ['regex_extract($s, "(b)(c)", 2)', 'c'],
    ['regex_extract($s, "x")', undefined],
    ['sum($numbers)', 4.5],
    ['sum($s)', undefined],
    ['let(x, $n, y, x * 2, y + 1)', 26],
    ['any(x, $list, x == "A")', true],
    ['all(x, $list, x == "A")', false],
    ['filter(x, $list, x == 1)', [1]],
    ['map(x, $numbers, x + 1)', [2, null, 4.5, null]],
    ['any(x, $n, true)', undefined],
    ['$list[0]', 'a'],
    ['$list[9]', undefined],
    ['$object["k"]', 'v'],
    ['$object["n"][0]', 1],
    ['user["plan"]', 'pro'],
    ['behaviors["b1"]', 3],
    ['event["$event_name"]', 'Sign up'],
    // Days are those of the project.
    ['datetime("2026-03-29T12:00:00")', '2026-03-29T10:00:00.000Z'],
    ['datetime("2026-03-29T12:00:00Z")', '2026-03-29T12:00:00.000Z'],
    ['datetime(1700000000)', '2023-11-14T22:13:20.000Z'],
    ['datetime("2026-02-30")', undefined],
    ['string(datetime(1700000000))', '2023-11-14T23:13:20'],
    ['today()', '2026-06-15T22:00:00.000Z'],
    ['datedif("2024-01-31", "2024-03-01", "D")', 30],
    ['datedif("2024-01-31", "2024-03-01", "M")', 1],
    ['datedif("2024-01-31", "2024-03-01", "MD")', 1],
    ['datedif("2023-05-10", "2026-03-01", "Y")', 2],
    ['datedif("2023-05-10", "2026-03-01", "YM")', 9],
    ['datedif("2023-05-10", "2026-03-01", "YD")', 295],
    ['datedif("2026-03-01", "2023-05-10", "D")', undefined],
  ])('%s is %j', (text, expected) => {
    expect(valueOfText(text)).toEqual(expected)
  })

  it('replaces by groups', () => {
    const text = `regex_replace(properties["s"], "([ac])", "<$1$$>")`
    expect(evaluate(parseExpression(text), record)).toBe('<a$>b<c$>')
  })

  it('ignores the case of strings in formulas', () => {
    expect(valueOfText('$s == "ABC"', 'formula')).toBe(true)
    expect(valueOfText('$s != "ABC"', 'formula')).toBe(false)
    expect(valueOfText('"B" in $s', 'formula')).toBe(true)
    expect(valueOfText('"b" in ["B"]', 'formula')).toBe(true)
  })
})

import { describe, expect, it } from 'vitest'
import { lettersOf, parseFormula } from './formula.ts'

describe('formulas', () => {
  it.each([
    ['A', 6],
    ['A / B * 100', 200],
    ['A - B - 1', 2],
    ['A + B * 2', 12],
    ['(A + B) * 2', 18],
    ['-A + .5', -5.5],
    ['A / (B - 3)', null],
    ['A + C', null],
    ['2 * -(B)', -6],
  ])('%s', (text, expected) => {
    expect(parseFormula(text, 3)([6, 3, null])).toBe(expected)
  })

  it.each([
    ['A +', 'column 4'],
    ['D', 'a letter from A to C'],
    ['(A', 'column 3: expected ")"'],
    ['A B', 'column 3: expected an operator'],
    ['', 'column 1'],
    ['A + .', 'column 5'],
  ])('refuse %s', (text, sentence) => {
    expect(() => parseFormula(text, 3)).toThrow(sentence)
  })

  it('name metrics as columns of a table are named', () => {
    expect([0, 25, 26, 39].map(lettersOf)).toEqual(['A', 'Z', 'AA', 'AN'])
    const values = Array.from({ length: 40 }, (_, at) => at)
    expect(parseFormula('AN - AA', 40)(values)).toBe(13)
  })
})

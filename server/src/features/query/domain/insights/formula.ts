import { InvalidRequest } from '../../../../kernel/errors.ts'

// Formulas over metrics (query §9): `(A + B) / C * 100`. Letters name the metrics in their order: A…Z, AA, AB…

export type Formula = (values: readonly (number | null)[]) => number | null

interface Token {
  readonly text: string
  readonly at: number
}

const tokensOf = (text: string): readonly Token[] =>
  [...text.matchAll(/\d+(?:\.\d+)?|\.\d+|[A-Z]+|[^\s]/g)].map(({ 0: token, index }) => ({ text: token, at: index + 1 }))

const numberOfLetters = (letters: string): number =>
  [...letters].reduce((number, letter) => number * 26 + letter.charCodeAt(0) - 64, 0) - 1

/** The letters of the metric at a place, from 0. */
export const lettersOf = (at: number): string =>
  (at >= 26 ? lettersOf(Math.floor(at / 26) - 1) : '') + String.fromCharCode(65 + (at % 26))

const apply = (operator: string, a: number | null, b: number | null): number | null => {
  if (a === null || b === null) return null
  if (operator === '+') return a + b
  if (operator === '-') return a - b
  if (operator === '*') return a * b
  return b === 0 ? null : a / b
}

/** A value that is missing, or divided by 0, makes the result null. Throws InvalidRequest with the place in the text. */
export const parseFormula = (text: string, metricCount: number): Formula => {
  const tokens = tokensOf(text)
  let next = 0
  const peek = (): string => tokens[next]?.text ?? ''
  const fault = (wanted: string): never => {
    const place = tokens[next]?.at ?? text.length + 1
    throw new InvalidRequest(`invalid formula: column ${place}: expected ${wanted}`)
  }
  const leftToRight = (operators: string, operand: () => Formula): Formula => {
    let left = operand()
    while (peek() !== '' && operators.includes(peek())) {
      const operator = peek()
      next += 1
      const [a, b] = [left, operand()]
      left = (values) => apply(operator, a(values), b(values))
    }
    return left
  }
  const single = (): Formula => {
    const token = peek()
    next += 1
    if (token === '-') {
      const operand = single()
      return (values) => apply('-', 0, operand(values))
    }
    if (token === '(') {
      const inner = sum()
      if (peek() !== ')') fault('")"')
      next += 1
      return inner
    }
    if (/^[\d.]/.test(token) && token !== '.') return () => Number(token)
    const metric = /^[A-Z]+$/.test(token) ? numberOfLetters(token) : -1
    if (metric >= 0 && metric < metricCount) return (values) => values[metric] ?? null
    next -= 1
    return fault(`a number, "(" or a letter from A to ${lettersOf(metricCount - 1)}`)
  }
  const sum = (): Formula => leftToRight('+-', () => leftToRight('*/', single))
  const formula = sum()
  if (next < tokens.length) fault('an operator or the end')
  return formula
}

import { InvalidRequest } from '../../../../kernel/errors.ts'

/** Characters of an expression; more is refused before anything is read. */
export const expressionCharactersMax = 16_384

export type Token =
  | { readonly kind: 'string'; readonly at: number; readonly value: string }
  | { readonly kind: 'number'; readonly at: number; readonly value: number }
  | { readonly kind: 'name'; readonly at: number; readonly value: string }
  | { readonly kind: 'sign'; readonly at: number; readonly value: Sign }
  | { readonly kind: 'end'; readonly at: number }

const signs = ['==', '!=', '>=', '<=', '>', '<', '+', '-', '*', '/', '%', '(', ')', '[', ']', ','] as const
export type Sign = (typeof signs)[number]

/** An expression that cannot be read; `column` counts from 1. */
export class ExpressionError extends InvalidRequest {
  readonly column: number
  constructor(column: number, sentence: string) {
    super(`invalid expression: column ${column}: ${sentence}`)
    this.column = column
  }
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '/': '/',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

// Other backslashes stay, so that patterns such as "\d+" need no doubling.
const unescaped = (body: string): string =>
  body.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (whole, hex: string | undefined, letter: string | undefined) =>
    hex === undefined ? (escapes[letter ?? ''] ?? whole) : String.fromCharCode(Number.parseInt(hex, 16)),
  )

const stringAt = (text: string, from: number): { readonly value: string; readonly end: number } => {
  const quote = text[from]
  let at = from + 1
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1
  if (at >= text.length) throw new ExpressionError(from + 1, `this string has no closing ${quote}`)
  const value = unescaped(text.slice(from + 1, at))
  if (!value.isWellFormed()) throw new ExpressionError(from + 1, 'this string is not valid text (half a character)')
  return { value, end: at + 1 }
}

const numberPattern = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const namePattern = /[\p{L}_$][\p{L}\p{N}_$]*/uy
const spacePattern = /\s*/y

const matchAt = (pattern: RegExp, text: string, at: number): string => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

const advice: Readonly<Record<string, string>> = {
  '=': 'write == to compare',
  '!': 'write not, or != to compare',
  '&': 'write and',
  '|': 'write or',
  '{': 'an object cannot be written in an expression',
}

const tokenAt = (text: string, at: number): { readonly token: Token; readonly end: number } => {
  const letter = text[at] ?? ''
  const column = at + 1
  if (letter === '"' || letter === "'") {
    const { value, end } = stringAt(text, at)
    return { token: { kind: 'string', at: column, value }, end }
  }
  const digits = matchAt(numberPattern, text, at)
  if (digits !== '') {
    const value = Number(digits)
    if (!Number.isFinite(value)) throw new ExpressionError(column, 'this number is too large')
    return { token: { kind: 'number', at: column, value }, end: at + digits.length }
  }
  const name = matchAt(namePattern, text, at)
  if (name !== '') return { token: { kind: 'name', at: column, value: name }, end: at + name.length }
  const sign = signs.find((each) => text.startsWith(each, at))
  if (sign !== undefined) return { token: { kind: 'sign', at: column, value: sign }, end: at + sign.length }
  const what = `unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0))}`
  throw new ExpressionError(column, advice[letter] === undefined ? what : `${what}: ${advice[letter]}`)
}

/** The words of an expression, closed by one `end`. Throws ExpressionError at what cannot be one. */
export const tokensOf = (text: string): readonly Token[] => {
  if (text.length > expressionCharactersMax) {
    throw new ExpressionError(expressionCharactersMax + 1, `at most ${expressionCharactersMax} characters`)
  }
  const tokens: Token[] = []
  let at = matchAt(spacePattern, text, 0).length
  while (at < text.length) {
    const { token, end } = tokenAt(text, at)
    tokens.push(token)
    at = end + matchAt(spacePattern, text, end).length
  }
  tokens.push({ kind: 'end', at: text.length + 1 })
  return tokens
}

import type { Expression } from './nodes.ts'
import { ExpressionError, type Sign, type Token } from './tokens.ts'

export interface ParseOptions {
  /** Whose `properties["x"]` are: those of events, or of profiles (`/engage`, cohorts of people). Default event. */
  readonly properties?: 'event' | 'profile'
  /** `formula`: the expressions of custom properties, where == ignores the case of letters. Default api. */
  readonly dialect?: 'api' | 'formula'
  /** Names that stand for other expressions, as A and B do in formulas. */
  readonly variables?: Readonly<Record<string, Expression>>
  /** A name that is nothing else is a property of that name, as in `on=$browser`. Default false. */
  readonly bareNames?: boolean
}

/** How deep the descent goes into brackets, arguments and signs before it gives up. */
const descentMax = 100

export type Bound = Pick<Expression, 'types' | 'depth'>

/** The tokens of one expression and where the parser stands in them. */
export interface Reader {
  readonly options: ParseOptions
  peek(ahead?: number): Token
  next(): Token
  skip(count: number): void
  acceptSign<S extends Sign>(...signs: readonly S[]): S | undefined
  acceptWord(word: string): boolean
  expectSign(sign: Sign, or?: Sign): void
  /** Runs `read` one level deeper; throws ExpressionError at the bound. */
  deeper<T>(read: () => T): T
  bound(name: string): Bound | undefined
  binding<T>(name: string, value: Bound, read: () => T): T
  eachDepth(): number
  insideEach<T>(read: () => T): T
}

/** A token as an error names it. */
export const say = (token: Token): string => (token.kind === 'end' ? 'the end' : JSON.stringify(token.value))

export const isWord = (token: Token, word: string): boolean =>
  token.kind === 'name' && token.value.toLowerCase() === word

export const createReader = (tokens: readonly Token[], options: ParseOptions): Reader => {
  let at = 0
  let depth = 0
  let eachDepth = 0
  let names: ReadonlyMap<string, Bound> = new Map()
  const end = tokens.at(-1) as Token

  const reader: Reader = {
    options,
    peek: (ahead = 0) => tokens[at + ahead] ?? end,
    next: () => tokens[at++] ?? end,
    skip: (count) => {
      at += count
    },
    acceptSign: (...signs) => {
      const token = reader.peek()
      const found = token.kind === 'sign' ? signs.find((sign) => sign === token.value) : undefined
      if (found !== undefined) at += 1
      return found
    },
    acceptWord: (word) => {
      const isIt = isWord(reader.peek(), word)
      if (isIt) at += 1
      return isIt
    },
    expectSign: (sign, or) => {
      if (reader.acceptSign(sign) !== undefined) return
      const token = reader.peek()
      const wanted = or === undefined ? `"${sign}"` : `"${or}" or "${sign}"`
      throw new ExpressionError(token.at, `expected ${wanted}, found ${say(token)}`)
    },
    deeper: (read) => {
      depth += 1
      if (depth > descentMax) throw new ExpressionError(reader.peek().at, `nested more than ${descentMax} deep`)
      const result = read()
      depth -= 1
      return result
    },
    bound: (name) => names.get(name),
    binding: (name, value, read) => {
      const outer = names
      names = new Map(outer).set(name, value)
      const result = read()
      names = outer
      return result
    },
    eachDepth: () => eachDepth,
    insideEach: (read) => {
      eachDepth += 1
      const result = read()
      eachDepth -= 1
      return result
    },
  }
  return reader
}

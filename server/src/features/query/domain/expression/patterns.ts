import { ExpressionError } from './tokens.ts'

// Regular expressions run in the engine, which is RE2: no look-around and no back-references, so that no pattern can take
// exponential time. Formulas are written for PCRE2 (expressions §5); what both read alike is accepted, the rest refused with
// a sentence. The same pattern is translated for JavaScript, where the tests evaluate it.

export interface Pattern {
  /** For the engine: letter case ignored unless the pattern starts with `(?-i)`, `.` stops at line ends. */
  readonly re2: string
  readonly js: RegExp
  readonly groupCount: number
  /** Whether it fits the empty text; which places that means is not the same everywhere. */
  readonly canBeEmpty: boolean
}

const patternCharactersMax = 1_000
/** RE2's own bound of `{n}`, also for one inside another. */
const repeatMax = 1_000

const escapedClass: Readonly<Record<string, string>> = {
  d: '0-9',
  w: '0-9A-Za-z_',
  s: '\\t\\n\\f\\r ',
}
const controls: Readonly<Record<string, string>> = { n: '\\n', r: '\\r', t: '\\t', f: '\\f', v: '\\v' }
const anchors: Readonly<Record<string, string>> = { b: '\\b', B: '\\B', A: '(?<![^])', z: '(?![^])' }
const literalOf = (letter: string): string => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`

interface Reading {
  readonly text: string
  readonly refuse: (why: string) => never
}

/** The JavaScript of the escape at `at` (a backslash), and how long it is. */
const escapeAt = ({ text, refuse }: Reading, at: number, isInClass: boolean) => {
  const letter = String.fromCodePoint(text.codePointAt(at + 1) ?? 0)
  const length = 1 + letter.length
  const lower = letter.toLowerCase()
  if (Object.hasOwn(escapedClass, lower)) {
    const members = escapedClass[lower] as string
    if (letter === lower) return { js: isInClass ? members : `[${members}]`, length }
    return isInClass ? refuse(`\\${letter} cannot stand in [ ]`) : { js: `[^${members}]`, length }
  }
  if (Object.hasOwn(controls, letter)) return { js: controls[letter] as string, length }
  if (!isInClass && Object.hasOwn(anchors, letter)) return { js: anchors[letter] as string, length }
  if (/[1-9]/.test(letter)) return refuse('references to groups are not supported')
  if (/[0-9A-Za-z]/.test(letter)) return refuse(`\\${letter} is not supported`)
  if (at + 1 >= text.length || !/^[!-/:-@[-`{-~]$/.test(letter)) return refuse('a backslash stands before a sign')
  return { js: literalOf(letter), length }
}

const classAt = (reading: Reading, from: number) => {
  const { text, refuse } = reading
  let at = from + 1
  let js = '['
  if (text[at] === '^') {
    js += '^'
    at += 1
  }
  if (text[at] === ']') return refuse('[ ] holds nothing')
  while (text[at] !== ']') {
    if (at >= text.length) return refuse('a [ is not closed')
    if (text[at] === '[') return refuse('write \\[ for a bracket in [ ]')
    if (text[at] === '\\') {
      const sign = escapeAt(reading, at, true)
      js += sign.js
      at += sign.length
      continue
    }
    const letter = String.fromCodePoint(text.codePointAt(at) ?? 0)
    js += letter === '-' ? '-' : literalOf(letter)
    at += letter.length
  }
  return { js: `${js}]`, length: at + 1 - from }
}

const repeatAt = ({ text, refuse }: Reading, at: number) => {
  const found = /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})(\?)?/.exec(text.slice(at))
  if (found === null) return refuse('write \\{ for a brace')
  const rest = text.slice(at + found[0].length)
  if (/^[*+?{]/.test(rest)) return refuse('a repetition cannot be repeated')
  const times = Math.max(Number(found[1] ?? 1), Number(found[2] || 1))
  if (times > repeatMax) return refuse(`at most ${repeatMax} repetitions`)
  return { js: found[0], length: found[0].length, times }
}

// The engine looks for a text that has to be there before it asks RE2, and takes the repetition of a sign of several bytes for
// one of its last byte: such signs stand in groups.
const translate = (reading: Reading) => {
  const { text, refuse } = reading
  let js = ''
  let re2 = ''
  let groupCount = 0
  let repeats = 1
  let at = 0
  while (at < text.length) {
    const letter = String.fromCodePoint(text.codePointAt(at) ?? 0)
    let piece: { readonly js: string; readonly length: number } = { js: literalOf(letter), length: letter.length }
    if (letter === '\\') piece = escapeAt(reading, at, false)
    else if (letter === '[') piece = classAt(reading, at)
    else if (letter === '(') {
      if (text.startsWith('(?', at) && !text.startsWith('(?:', at)) return refuse('only ( ) and (?: ) are supported')
      const isGroup = text[at + 1] !== '?'
      if (isGroup) groupCount += 1
      piece = isGroup ? { js: '(', length: 1 } : { js: '(?:', length: 3 }
    } else if (/^[*+?{]$/.test(letter)) {
      const repeat = repeatAt(reading, at)
      repeats *= repeat.times
      piece = repeat
    } else if (letter === '.') piece = { js: '[^\\n]', length: 1 }
    else if (/^[)|^$]$/.test(letter)) piece = { js: letter, length: 1 }
    if (repeats > repeatMax) return refuse(`at most ${repeatMax} repetitions`)
    js += piece.js
    const source = text.slice(at, at + piece.length)
    at += piece.length
    re2 += /^[^\p{ASCII}]$/u.test(source) && /^[*+?{]/.test(text.slice(at)) ? `(?:${source})` : source
  }
  return { js, re2, groupCount }
}

const isEmptyIn = (pattern: RegExp): boolean =>
  ['', 'a', '1', 'é', 'a1 -é_\n b', ' a '].some((text) =>
    [...text.matchAll(new RegExp(pattern.source, `${pattern.flags}g`))].some(([found]) => found === ''),
  )

/** Reads a pattern; throws ExpressionError at `column` for what RE2 and PCRE2 do not read alike. */
export const patternOf = (text: string, column: number): Pattern => {
  const refuse = (why: string): never => {
    throw new ExpressionError(column, `invalid pattern: ${why}`)
  }
  if (text.length > patternCharactersMax) return refuse(`at most ${patternCharactersMax} characters`)
  const flags = /^\(\?-?i\)/.exec(text)?.[0] ?? ''
  const body = text.slice(flags.length)
  const { js, re2, groupCount } = translate({ text: body, refuse })
  const isCaseSensitive = flags === '(?-i)'
  try {
    const compiled = new RegExp(js, isCaseSensitive ? 'u' : 'iu')
    return {
      re2: `${isCaseSensitive ? '(?-s)' : '(?i-s)'}${re2}`,
      js: compiled,
      groupCount,
      canBeEmpty: isEmptyIn(compiled),
    }
  } catch {
    return refuse('it cannot be read')
  }
}

/** `$$`, `$1` and `${1}` in a replacement. */
export const replacementMark = /\$(?:\$|(\d)|\{(\d)\})/g

/** A replacement, in which `$1` or `${1}` is a group, as the engine writes it: `\1`. */
export const replacementForRe2 = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replace(replacementMark, (_whole, bare: string | undefined, braced: string | undefined) =>
      bare === undefined && braced === undefined ? '$' : `\\${bare ?? braced}`,
    )

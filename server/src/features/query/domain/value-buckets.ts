import type { Expression } from './expression/nodes.ts'
import { parseExpression } from './expression/parse.ts'

/** From, inclusive, to, exclusive. */
interface Range {
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly label?: string | undefined
}
interface TextGroup {
  readonly label: string
  readonly values?: readonly string[] | undefined
  readonly contains?: readonly string[] | undefined
}

/** Groups that values are put into (reports §2). */
export type ValueBuckets =
  | { readonly type: 'even'; readonly min: number; readonly max: number; readonly size: number }
  | { readonly type: 'varied'; readonly groups: readonly Range[] }
  | { readonly type: 'text'; readonly groups: readonly TextGroup[] }

/** What values are called that are in no group. */
const otherGroup = '$other'

/** A bound as it is read: `2,000`. */
const boundText = (bound: number): string =>
  (bound + 0 === 0 ? 0 : bound).toLocaleString('en-US', { maximumFractionDigits: 20 })

const rangeText = (from: number | undefined, to: number | undefined): string => {
  if (from === undefined) return `< ${boundText(to ?? 0)}`
  return to === undefined ? `>= ${boundText(from)}` : `${boundText(from)} - ${boundText(to)}`
}

/** Bounds of even groups: those that are not whole are rid of what binary numbers add. */
const evenRanges = ({ min, max, size }: Extract<ValueBuckets, { type: 'even' }>): readonly Range[] => {
  const count = Math.ceil(Number(((max - min) / size).toPrecision(12)))
  const bounds = Array.from({ length: count }, (_, at) => Number((min + at * size).toPrecision(12)))
  const inside = bounds.map((from, at) => ({ from, to: bounds[at + 1] ?? max }))
  return [{ to: min }, ...inside, { from: max }]
}

/** Ranges of the same width from 0 on, those that hold all from `low` to `high`. */
export const rangesFromTo = (low: number, high: number, width: number): readonly Range[] => {
  const bound = (number: number): number => Number((number * width).toPrecision(12))
  // Division of binary numbers may end up beside the range that a number is in.
  const numberOf = (value: number): number => {
    const near = Math.floor(value / width)
    if (bound(near) > value) return near - 1
    return bound(near + 1) <= value ? near + 1 : near
  }
  const first = numberOf(low)
  const count = numberOf(high) - first + 1
  return Array.from({ length: count }, (_, at) => ({ from: bound(first + at), to: bound(first + at + 1) }))
}

const quoted = (text: string): string => JSON.stringify(text)
/** Digits alone: the language has no `1e+21`. */
const digits = (number: number): string => String(number).replace('e+', 'e')

const isIn = ({ from, to }: Range): string =>
  [from === undefined ? [] : `n >= ${digits(from)}`, to === undefined ? [] : `n < ${digits(to)}`].flat().join(' and ')

/** An expression over a variable `x`; what has no number has no group. */
const rangesText = (ranges: readonly Range[]): string => {
  const cases = ranges.map((range) => `${isIn(range)}, ${quoted(range.label ?? rangeText(range.from, range.to))}`)
  // `+ 0` is what only numbers take.
  return `let(n, x + 0, ifs(not defined(n), undefined, ${cases.join(', ')}, true, "${otherGroup}"))`
}

const groupsText = ({ groups }: Extract<ValueBuckets, { type: 'text' }>): string => {
  const cases = groups.map(({ label, values, contains = [] }) => {
    const terms = [
      ...(values === undefined ? [] : [`t in [${values.map(quoted).join(', ')}]`]),
      ...contains.map((part) => `${quoted(part)} in t`),
    ]
    return `${terms.join(' or ')}, ${quoted(label)}`
  })
  // Null has no text either, and no length.
  return `let(t, string(x), ifs(not defined(len(t)), undefined, ${cases.join(', ')}, true, "${otherGroup}"))`
}

const over = (value: Expression, text: string): Expression => parseExpression(text, { variables: { x: value } })

/** The group that a value is in: the first that fits, `$other` where none does, undefined where there is no value. */
export const bucketed = (value: Expression, buckets: ValueBuckets | undefined): Expression => {
  if (buckets === undefined) return value
  if (buckets.type === 'text') return over(value, groupsText(buckets))
  return over(value, rangesText(buckets.type === 'even' ? evenRanges(buckets) : buckets.groups))
}

/** The same for ranges that were worked out. */
export const inRanges = (value: Expression, ranges: readonly Range[]): Expression => over(value, rangesText(ranges))

/** Equal ranges of numbers: range `n` is from `n * width`, inclusive, to `(n + 1) * width`, exclusive (query §2.7). */
export interface NumberRanges {
  readonly width: number
  /** Digits after the point that a bound has. */
  readonly digitCount: number
}

const rangeCountMax = 20

/** The narrowest of 1, 2 and 5 · 10ⁿ that covers all from `min` to `max` with at most 20 ranges. */
export const rangesFor = (min: number, max: number): NumberRanges => {
  const exponent = max > min ? Math.floor(Math.log10((max - min) / rangeCountMax)) - 1 : 0
  for (let power = exponent; ; power += 1) {
    for (const step of [1, 2, 5]) {
      const width = step * 10 ** power
      const digitCount = Math.max(0, -power)
      if (Math.floor(max / width) - Math.floor(min / width) < rangeCountMax) return { width, digitCount }
    }
  }
}

/** `2,000 - 2,100`. */
export const rangeName = ({ width, digitCount }: NumberRanges, number: number): string =>
  `${boundText(number * width, digitCount)} - ${boundText((number + 1) * width, digitCount)}`

const boundText = (bound: number, digitCount: number): string =>
  // Zero has no sign here.
  (bound + 0 === 0 ? 0 : bound).toLocaleString('en-US', {
    minimumFractionDigits: Math.min(digitCount, 100),
    maximumFractionDigits: Math.min(digitCount, 100),
  })

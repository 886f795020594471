/** Values of a line in the order of its buckets; null where there is none. */
export type Values = readonly (number | null)[]

const sumOf = (values: Values): number => values.reduce((sum: number, value) => sum + (value ?? 0), 0)

/** The average of each value and those before it, `size` at most; those that are missing do not count. */
export const rollingAverage = (values: Values, size: number): Values =>
  values.map((_, at) => {
    const window = values.slice(Math.max(0, at - size + 1), at + 1).filter((value) => value !== null)
    return window.length === 0 ? null : sumOf(window) / window.length
  })

export const cumulative = (values: Values): Values => {
  let sum = 0
  return values.map((value) => {
    sum += value ?? 0
    return sum
  })
}

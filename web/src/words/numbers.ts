const whole = new Intl.NumberFormat()
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })

/** 12,345 as the reader writes it. */
export const number = (value: number): string => whole.format(value)

/** 12K: for where there is little room; show `number` on hover. */
export const shortNumber = (value: number): string => short.format(value)

/** "1 person", "2 people": the number with its unit. */
export const count = (value: number, one: string, many = `${one}s`): string =>
  `${number(value)} ${value === 1 ? one : many}`

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** 1,500 → "1.5 kB". */
export const bytes = (value: number): string => {
  let [rest, unit] = [value, 0]
  while (rest >= 1_000 && unit < units.length - 1) [rest, unit] = [rest / 1_000, unit + 1]
  return `${new Intl.NumberFormat(undefined, { maximumFractionDigits: rest < 10 && unit > 0 ? 1 : 0 }).format(rest)} ${units[unit]}`
}

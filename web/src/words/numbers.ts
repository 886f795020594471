const whole = new Intl.NumberFormat()

/** 12,345 as the reader writes it. */
export const number = (value: number): string => whole.format(value)

/** "1 person", "2 people": the number with its unit. */
export const count = (value: number, one: string, many = `${one}s`): string =>
  `${number(value)} ${value === 1 ? one : many}`

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const minute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const second = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })

type When = string | number | Date

export const dateOf = (when: When): string => day.format(new Date(when))
export const timeOf = (when: When): string => minute.format(new Date(when))
export const secondOf = (when: When): string => second.format(new Date(when))
/** With seconds and zone: for the hover. */
export const exactTimeOf = (when: When): string => exact.format(new Date(when))

const steps: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, ms: number])[] = [
  ['year', 31_536_000_000],
  ['month', 2_592_000_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

/** "3 days ago", "in 2 hours"; within a minute: "now". */
export const ageOf = (when: When, nowMs: number = Date.now()): string => {
  const awayMs = new Date(when).getTime() - nowMs
  const [unit, ms] = steps.find(([, length]) => Math.abs(awayMs) >= length) ?? ['second', 1_000]
  return unit === 'second' ? relative.format(0, 'second') : relative.format(Math.round(awayMs / ms), unit)
}

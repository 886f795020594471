const number = (value: number): string => Math.round(value).toLocaleString('en-US')

const verdict = (isReached: boolean): string => (isReached ? 'ok' : 'MISSED')

export interface Rates {
  readonly name: string
  readonly unit: string
  readonly ours: number
  readonly raw: number
  readonly rawName: string
  /** Smallest share of the raw rate that is good. */
  readonly goal: number
}

/** More is better: `import: 0.61 of raw (61,234 events/s against 100,300) goal >= 0.5 ok`. */
export const reportRate = ({ name, unit, ours, raw, rawName, goal }: Rates): void => {
  const ratio = ours / raw
  console.log(
    `${name}: ${ratio.toFixed(2)} of ${rawName} (${number(ours)} ${unit}/s against ${number(raw)}) ` +
      `goal >= ${goal} ${verdict(ratio >= goal)}`,
  )
}

export interface Times {
  readonly name: string
  readonly oursMs: number
  readonly rawMs: number
  readonly rawName: string
  /** Largest multiple of the raw time that is good. */
  readonly goal: number
  /** Milliseconds that are good on top of it. Default: 0. */
  readonly freeMs?: number
}

/** Less is better. */
export const reportTime = ({ name, oursMs, rawMs, rawName, goal, freeMs = 0 }: Times): void => {
  const ratio = oursMs / rawMs
  const bound = freeMs === 0 ? `${goal}` : `${goal} + ${freeMs} ms`
  console.log(
    `${name}: ${ratio.toFixed(2)} times ${rawName} (${number(oursMs)} ms against ${number(rawMs)}) ` +
      `goal <= ${bound} ${verdict(oursMs <= goal * rawMs + freeMs)}`,
  )
}

/** A measure with a bound of its own, without a baseline. */
export const reportBound = (name: string, value: number, unit: string, goal: number): void => {
  console.log(`${name}: ${value.toFixed(value < 10 ? 2 : 0)} ${unit} goal <= ${goal} ${unit} ${verdict(value <= goal)}`)
}

export const note = (text: string): void => console.log(`  ${text}`)

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

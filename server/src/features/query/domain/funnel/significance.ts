// Whether a segment converts otherwise than a control (query §7): of N entries K converted; had the n of the segment
// been drawn from them by chance, how odd would its k be?

/** How many entered, and how many came to the end. */
export interface Conversion {
  readonly entries: number
  readonly conversions: number
}

export interface Significance {
  /** 1 − p: from 0.5 or a little less, where it is as chance has it, to 1. */
  readonly confidence: number
  readonly is_significant: boolean
}

const fewestSamples = 30
const sureFrom = 0.95

/** ln n!, by Stirling's series from 16 on: exact to the last digits. */
const logFactorial = (n: number): number => {
  if (n < 16) {
    let product = 1
    for (let factor = 2; factor <= n; factor += 1) product *= factor
    return Math.log(product)
  }
  const x = n + 1
  return (
    (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5)
  )
}
const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k)

/** P(X < k) of k conversions among n entries drawn from N, of which K converted. */
export const chanceOfFewer = (population: Conversion, { entries: n, conversions: k }: Conversion): number => {
  const { entries: N, conversions: K } = population
  const least = Math.max(0, n + K - N)
  const most = Math.min(n, K)
  const from = (x: number): number => Math.exp(logChoose(K, x) + logChoose(N - K, n - x) - logChoose(N, n))
  const ratio = (x: number): number => ((K - x) * (n - x)) / ((x + 1) * (N - K - n + x + 1))
  if (k <= least) return 0
  if (k > most) return 1
  // The shorter tail from its thick end, until the terms are nothing.
  const mean = (n * K) / N
  if (k <= mean) {
    let [term, sum] = [from(k - 1), 0]
    for (let x = k - 1; x >= least && term > 0; x -= 1) {
      sum += term
      term = x === least ? 0 : term / ratio(x - 1)
    }
    return Math.min(1, sum)
  }
  let [term, sum] = [from(k), 0]
  for (let x = k; x <= most && term > 0; x += 1) {
    sum += term
    term = x === most ? 0 : term * ratio(x)
  }
  return Math.max(0, 1 - sum)
}

/**
 * p = 1 − max(P(X < k), P(X ≥ k)). Null where there are fewer than 30 entries on either side, and where the segment is no
 * part of the population (somebody counts under several values).
 */
export const significanceOf = (
  population: Conversion,
  control: Conversion,
  segment: Conversion,
): Significance | null => {
  if (segment.entries < fewestSamples || control.entries < fewestSamples) return null
  const others = population.entries - segment.entries
  const theirs = population.conversions - segment.conversions
  if (others < 0 || theirs < 0 || theirs > others) return null
  const fewer = chanceOfFewer(population, segment)
  const confidence = Math.max(fewer, 1 - fewer)
  return { confidence, is_significant: confidence > sureFrom }
}

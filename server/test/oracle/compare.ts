import { setTimeout as delay } from 'node:timers/promises'
import { NotComparable } from './filters.ts'
import { type Client, type Question, Refused } from './question.ts'

export interface Difference {
  readonly question: string
  readonly got: string
  readonly wanted: string
}
export type Verdict =
  | { readonly kind: 'same' }
  | { readonly kind: 'skipped' }
  | (Difference & { readonly kind: 'differs' })

const minuteOf = (ms: number): number => Math.floor(ms / 60_000)
const shownMax = 4_000

/** What differs of two texts: a little before the first difference, and what follows. */
const around = (text: string, other: string): string => {
  let at = 0
  while (at < text.length && text[at] === other[at]) at += 1
  return text.length <= shownMax ? text : `… ${text.slice(Math.max(0, at - 500), at + shownMax)}`
}

/** Asks, and compares. A question during which a minute ended is asked anew: it may have been meant in either. */
export const compare = async (client: Client, question: Question): Promise<Verdict> => {
  for (;;) {
    const startedMs = Date.now()
    try {
      const wanted = JSON.stringify(question.expected(startedMs))
      const got = JSON.stringify(await question.ask(client))
      if (got === wanted) return { kind: 'same' }
      if (minuteOf(Date.now()) === minuteOf(startedMs)) {
        const text = `${question.name} ${JSON.stringify(question.params)}`
        return { kind: 'differs', question: text, got: around(got, wanted), wanted: around(wanted, got) }
      }
    } catch (error) {
      if (error instanceof NotComparable) return { kind: 'skipped' }
      // Documented: a condition that would be too long for the engine is refused (expressions §1).
      if (error instanceof Refused && error.status === 400 && error.message.includes('it is too complex')) {
        return { kind: 'skipped' }
      }
      if (!(error instanceof Refused)) throw error
      const text = `${question.name} ${JSON.stringify(question.params)}`
      return { kind: 'differs', question: text, got: error.message, wanted: 'an answer' }
    }
    await delay(10)
  }
}

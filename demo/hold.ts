import { isDeepStrictEqual } from 'node:util'
import type { Print } from './print.ts'

/** A step did not hold: the tour ends here, with what was expected and what came. */
export class StepFailed extends Error {
  readonly expected: string
  readonly got: string
  constructor(what: string, expected: string, got: string) {
    super(what)
    this.name = 'StepFailed'
    this.expected = expected
    this.got = got
  }
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Says `ok` when both are equal, else ends the tour. */
export const holdEqual = <T>(print: Print, what: string, got: T, expected: NoInfer<T>): void => {
  if (!isDeepStrictEqual(got, expected)) throw new StepFailed(what, shown(expected), shown(got))
  print.ok(what)
}

/** Says `ok` when the condition is true, else ends the tour. `expected` says in words what was looked for. */
export const holdTrue = (print: Print, what: string, isTrue: boolean, expected: string, got: unknown): void => {
  if (!isTrue) throw new StepFailed(what, expected, shown(got))
  print.ok(what)
}

/** The value, when it is there; ends the tour when it is not. Says nothing. */
export const held = <T>(what: string, value: T | null | undefined): T => {
  if (value === null || value === undefined) throw new StepFailed(what, 'a value', 'nothing')
  return value
}

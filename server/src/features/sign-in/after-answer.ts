import { Overloaded } from '../../kernel/errors.ts'

const runningCountMax = 1_000

/**
 * Work that goes on after the answer, so that the answer takes the same time whoever was asked about: looking an e-mail
 * up, mailing, writing down. What fails is told to whoever runs the server, by its kind.
 */
export const createAfterAnswer = (onProblem: (error: unknown) => void) => {
  const running = new Set<Promise<void>>()
  return {
    /** Beyond a thousand at once it is left out, and told like a failure: the answer must not say so (invariant 9). */
    run: (work: () => Promise<void>): void => {
      if (running.size >= runningCountMax) {
        onProblem(new Overloaded('too much waits after answers'))
        return
      }
      // Not in this turn: the answer goes first.
      const job: Promise<void> = new Promise<void>((resolve) => setImmediate(resolve))
        .then(work)
        .catch(onProblem)
        .finally(() => running.delete(job))
      running.add(job)
    },
    /** Resolves when nothing is left to do. */
    drain: async (): Promise<void> => {
      while (running.size > 0) await Promise.all(running)
    },
  }
}

export type AfterAnswer = ReturnType<typeof createAfterAnswer>

/**
 * Work that several callers wait for. A caller whose signal ends stops waiting, with its reason; the work itself is ended
 * when nobody waits for it any longer. Who calls without a signal waits to the end.
 */
export const shareWork = <Answer>(
  work: (signal: AbortSignal) => Promise<Answer>,
): ((signal?: AbortSignal) => Promise<Answer>) => {
  const ending = new AbortController()
  const answer = work(ending.signal)
  let isDone = false
  const done = (): void => {
    isDone = true
  }
  answer.then(done, done)
  let waitingCount = 0
  return async (signal) => {
    waitingCount += 1
    try {
      return await untilAborted(answer, signal)
    } finally {
      waitingCount -= 1
      if (waitingCount === 0 && !isDone) ending.abort()
    }
  }
}

const untilAborted = <Answer>(answer: Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer> => {
  if (signal === undefined) return answer
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason)
    if (signal.aborted) return leave()
    signal.addEventListener('abort', leave, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

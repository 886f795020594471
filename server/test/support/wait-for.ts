import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** Waits until `condition` gives something true and returns it; fails with what was awaited after `limitMs`. */
export const waitFor = async <T>(
  what: string,
  condition: () => T | Promise<T>,
  limitMs = 15_000,
): Promise<NonNullable<T>> => {
  const deadlineMs = Date.now() + limitMs
  for (;;) {
    const value = await condition()
    if (value) return value
    if (Date.now() > deadlineMs) throw new Error(`${what}: not within ${limitMs} ms`)
    await delay(20)
  }
}

/** The letter that the kernel gives a process or one of its threads. */
const stateOf = (statFile: string): string => {
  const stat = readFileSync(statFile, 'utf8')
  return stat.charAt(stat.lastIndexOf(')') + 2)
}

const threadStates = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/task`).map((thread) => stateOf(`/proc/${pid}/task/${thread}/stat`))

/**
 * Whether a process runs: one that has ended and only waits for its parent to ask is not alive. The last of its threads
 * decides: until then it holds its files and locks.
 */
export const isAlive = (pid: number): boolean => {
  try {
    return threadStates(pid).some((state) => state !== 'Z')
  } catch {
    // It went away between two looks: the next one tells.
    return existsSync(`/proc/${pid}/task`)
  }
}

/** Stops a process where it stands. On a busy machine its threads run on for a moment after the signal: waits for each. */
export const stall = async (pid: number): Promise<void> => {
  process.kill(pid, 'SIGSTOP')
  await waitFor('every thread stands still', () => threadStates(pid).every((state) => state === 'T'))
}

import { readFileSync } from 'node:fs'
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

/** Whether a process runs: one that has ended and only waits for its parent to ask is not alive. */
export const isAlive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
  } catch {
    return false
  }
}

import { existsSync } from 'node:fs'
import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'

const pollIntervalMs = 20
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Processes that work in `dataDir`: Postgres changes into its data folder, and so do all its children. */
const processesIn = async (dataDir: string): Promise<readonly number[]> => {
  const home = await realpath(dataDir)
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [cwd, exe] = await Promise.all(
        ['cwd', 'exe'].map((link) => readlink(`/proc/${pid}/${link}`).catch(() => '')),
      )
      return cwd === home && exe?.split(' ')[0]?.endsWith('/postgres') ? [pid] : []
    }),
  )
  return found.flat()
}

const signalQuietly = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It ended in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const waitUntilGone = async (dataDir: string, limitMs: number): Promise<boolean> => {
  const deadlineMs = Date.now() + limitMs
  while ((await processesIn(dataDir)).length > 0) {
    if (Date.now() > deadlineMs) return false
    await sleep(pollIntervalMs)
  }
  return true
}

/**
 * Stops a Postgres that outlived a killed server, and removes a pid file that nobody stands behind: its number may
 * belong to somebody else by now. Asks first (fast shutdown), kills after `graceMs`.
 */
export const endOrphans = async (dataDir: string, graceMs: number): Promise<void> => {
  const pidFile = join(dataDir, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const postmaster = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0])
  if ((await processesIn(dataDir)).includes(postmaster)) signalQuietly(postmaster, 'SIGINT')
  if (!(await waitUntilGone(dataDir, graceMs))) {
    for (const pid of await processesIn(dataDir)) signalQuietly(pid, 'SIGKILL')
    await waitUntilGone(dataDir, graceMs)
  }
  await rm(pidFile, { force: true })
}

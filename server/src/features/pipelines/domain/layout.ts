import { dayMs } from '../../../kernel/time.ts'
import type { Frequency } from './create-request.ts'

const hourMs = 3_600_000
// What arrives later than this after a window has ended is late, and not in its file.
export const waitForLateMs = 2 * hourMs

export interface Window {
  readonly fromMs: number
  readonly toMs: number
}

/** The window that begins at `fromMs`: a day or an hour of UTC. */
export const windowFrom = (frequency: Frequency, fromMs: number): Window => ({
  fromMs,
  toMs: fromMs + (frequency === 'daily' ? dayMs : hourMs),
})

/** `<prefix>/<project>/<YYYY>/<MM>/<DD>/<HH or full_day>` (pipelines §4), by the start of the window. */
export const folderOf = (prefix: string, projectId: number, frequency: Frequency, fromMs: number): string => {
  const [day = '', time = ''] = new Date(fromMs).toISOString().split('T')
  const hour = frequency === 'daily' ? 'full_day' : time.slice(0, 2)
  return [...(prefix === '' ? [] : [prefix]), String(projectId), ...day.split('-'), hour].join('/')
}

/** Names go by the window alone, so that a window that is written again takes the place of itself. */
export const fileOf = (folder: string): string => `${folder}/events.json.gz`
/** Empty; put when the folder is whole. */
export const markerOf = (folder: string): string => `${folder}/complete`

const baseName = (frequency: Frequency): string => `events-${frequency}-s3-raw`

/** A name that the project does not have yet. */
export const freeName = (frequency: Frequency, taken: ReadonlySet<string>): string => {
  const base = baseName(frequency)
  let name = base
  for (let count = 2; taken.has(name); count += 1) name = `${base}-${count}`
  return name
}

import { AppError, EngineUnavailable, Overloaded } from '../../../kernel/errors.ts'
import type { RowBlock } from './row-block.ts'

/** Inserts newline-separated rows; resolves when they are durable. */
export type InsertRows = (rows: Buffer) => Promise<void>

export interface GroupCommitterSettings {
  /** Rows and bytes that may be held, waiting and in flight together; beyond them requests are refused (invariant 9). */
  readonly queueBytesMax: number
  readonly queueRowCountMax: number
  /** How much shares one insert. A single request may be larger than that; it then goes alone. */
  readonly insertBytesMax: number
  readonly insertRowCountMax: number
  /** Inserts that run at once. */
  readonly insertCountMax: number
  /** Fewer bytes wait for the insert that runs: an insert has a fixed price, and many small parts cost merges. */
  readonly besideBytesMin: number
  /** Longest wait for those who shared the last insert to come back with more; never longer than that insert took. */
  readonly gatherMsMax: number
}

export const defaultCommitterSettings: GroupCommitterSettings = {
  queueBytesMax: 64 * 1_024 * 1_024,
  queueRowCountMax: 200_000,
  insertBytesMax: 16 * 1_024 * 1_024,
  insertRowCountMax: 20_000,
  insertCountMax: 2,
  besideBytesMin: 256 * 1_024,
  gatherMsMax: 50,
}

export interface GroupCommitter {
  /**
   * Resolves when the rows are durable (invariant 4). `ready` holds them back, and counts them, until it resolves.
   * Throws Overloaded when the queue is full or closed, EngineUnavailable when the insert failed.
   */
  commit(rows: RowBlock, ready?: Promise<void>): Promise<void>
  /** Refuses new rows; resolves when everything taken before is answered. */
  drain(): Promise<void>
  readonly held: () => { readonly bytes: number; readonly rowCount: number }
}

interface Waiting extends RowBlock {
  readonly done: () => void
  readonly failed: (error: AppError) => void
}

/**
 * DESIGN §5: rows of all requests that arrive while an insert runs form the next one; no log of our own. Senders that
 * wait for their reply come back a moment after it, one by one: the first of them would start an insert alone and let
 * the others wait for the one after. So the next insert waits for as many requests as shared the last one, for a moment.
 */
export const createGroupCommitter = (insert: InsertRows, settings: GroupCommitterSettings): GroupCommitter => {
  const queue: Waiting[] = []
  let heldBytes = 0
  let heldRowCount = 0
  let runningCount = 0
  let isClosed = false
  let onIdle: (() => void) | null = null
  let queuedBytes = 0
  let lastGroup = { requestCount: 0, gatherUntilMs: 0 }
  let gathering: NodeJS.Timeout | undefined

  const nextGroup = (): readonly Waiting[] => {
    let bytes = 0
    let rowCount = 0
    let count = 0
    for (const { bytes: body, rowCount: rows } of queue) {
      const isFull = bytes + body.length > settings.insertBytesMax || rowCount + rows > settings.insertRowCountMax
      if (isFull && count > 0) break
      bytes += body.length
      rowCount += rows
      count += 1
    }
    queuedBytes -= bytes
    return queue.splice(0, count)
  }

  const refuseQueue = (outage: AppError): void => {
    queuedBytes = 0
    for (const waiting of queue.splice(0)) waiting.failed(outage)
  }

  const start = async (group: readonly Waiting[]): Promise<void> => {
    runningCount += 1
    const startedAtMs = performance.now()
    const outage = await insertGroup(insert, group)
    // Who waits behind an engine that does not answer would each wait as long again, one group after the other.
    if (outage !== null) refuseQueue(outage)
    const endedAtMs = performance.now()
    const gatherMs = Math.min(endedAtMs - startedAtMs, settings.gatherMsMax)
    lastGroup = { requestCount: group.length, gatherUntilMs: endedAtMs + gatherMs }
    runningCount -= 1
    pump()
  }

  const gatherMsLeft = (): number =>
    queue.length < lastGroup.requestCount ? lastGroup.gatherUntilMs - performance.now() : 0

  const pump = (): void => {
    while (runningCount < settings.insertCountMax && queue.length > 0) {
      const isLarge = queuedBytes >= settings.besideBytesMin
      if (runningCount > 0 && !isLarge) return
      const waitMs = isLarge || isClosed ? 0 : gatherMsLeft()
      if (waitMs > 0) {
        clearTimeout(gathering)
        gathering = setTimeout(pump, waitMs)
        return
      }
      void start(nextGroup())
    }
  }

  const release = (bytes: number, rowCount: number): void => {
    heldBytes -= bytes
    heldRowCount -= rowCount
    if (heldRowCount === 0) onIdle?.()
  }

  return {
    commit: async (rows, ready) => {
      const { bytes, rowCount } = rows
      if (rowCount === 0) return ready
      // When the rows are refused below, nobody waits for it any more: its failure must not end the process.
      ready?.catch(() => undefined)
      if (isClosed) throw new Overloaded('the server is stopping; send this again')
      if (heldBytes + bytes.length > settings.queueBytesMax || heldRowCount + rowCount > settings.queueRowCountMax) {
        throw new Overloaded('too much is waiting to be stored; send this again')
      }
      heldBytes += bytes.length
      heldRowCount += rowCount
      try {
        if (ready !== undefined) await ready
        await new Promise<void>((done, failed) => {
          queue.push({ bytes, rowCount, done, failed })
          queuedBytes += bytes.length
          pump()
        })
      } finally {
        release(bytes.length, rowCount)
      }
    },
    drain: async () => {
      isClosed = true
      pump()
      if (heldRowCount === 0) return
      await new Promise<void>((resolve) => {
        onIdle = resolve
      })
    },
    held: () => ({ bytes: heldBytes, rowCount: heldRowCount }),
  }
}

/** Never rejects: every waiting request is told how its rows fared. Resolves with why the engine does not answer, or null. */
const insertGroup = async (insert: InsertRows, group: readonly Waiting[]): Promise<AppError | null> => {
  try {
    const [first] = group
    await insert(
      group.length === 1 && first !== undefined ? first.bytes : Buffer.concat(group.map(({ bytes }) => bytes)),
    )
    for (const waiting of group) waiting.done()
    return null
  } catch (error) {
    if (group.length === 1 || isOutage(error)) {
      const failure = asUnavailable(error)
      for (const waiting of group) waiting.failed(failure)
      return isOutage(error) ? failure : null
    }
    // The engine is up and refused the rows: one request's fault must not be everybody's.
    let outage: AppError | null = null
    for (const waiting of group) {
      if (outage === null) outage = await insertGroup(insert, [waiting])
      else waiting.failed(outage)
    }
    return outage
  }
}

const isOutage = (error: unknown): boolean => error instanceof AppError && error.code === 'ENGINE_UNAVAILABLE'

const asUnavailable = (error: unknown): AppError =>
  isOutage(error) ? (error as AppError) : new EngineUnavailable('the rows could not be stored; send this again', error)

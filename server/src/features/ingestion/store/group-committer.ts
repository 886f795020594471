import { AppError, EngineUnavailable, Overloaded } from '../../../kernel/errors.ts'

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
}

export const defaultCommitterSettings: GroupCommitterSettings = {
  queueBytesMax: 64 * 1_024 * 1_024,
  queueRowCountMax: 200_000,
  insertBytesMax: 16 * 1_024 * 1_024,
  insertRowCountMax: 20_000,
  insertCountMax: 1,
}

export interface GroupCommitter {
  /**
   * Resolves when the rows are durable (invariant 4). `ready` holds them back, and counts them, until it resolves.
   * Throws Overloaded when the queue is full or closed, EngineUnavailable when the insert failed.
   */
  commit(rows: readonly string[], ready?: Promise<void>): Promise<void>
  /** Refuses new rows; resolves when everything taken before is answered. */
  drain(): Promise<void>
  readonly held: () => { readonly bytes: number; readonly rowCount: number }
}

interface Waiting {
  readonly body: Buffer
  readonly rowCount: number
  readonly done: () => void
  readonly failed: (error: AppError) => void
}

/** DESIGN §5: rows of all requests that arrive while an insert runs form the next one. No timer, no log of our own. */
export const createGroupCommitter = (insert: InsertRows, settings: GroupCommitterSettings): GroupCommitter => {
  const queue: Waiting[] = []
  let heldBytes = 0
  let heldRowCount = 0
  let runningCount = 0
  let isClosed = false
  let onIdle: (() => void) | null = null

  const nextGroup = (): readonly Waiting[] => {
    let bytes = 0
    let rowCount = 0
    let count = 0
    for (const { body, rowCount: rows } of queue) {
      const isFull = bytes + body.length > settings.insertBytesMax || rowCount + rows > settings.insertRowCountMax
      if (isFull && count > 0) break
      bytes += body.length
      rowCount += rows
      count += 1
    }
    return queue.splice(0, count)
  }

  const pump = (): void => {
    while (runningCount < settings.insertCountMax && queue.length > 0) {
      runningCount += 1
      void insertGroup(insert, nextGroup()).finally(() => {
        runningCount -= 1
        pump()
      })
    }
  }

  const release = (bytes: number, rowCount: number): void => {
    heldBytes -= bytes
    heldRowCount -= rowCount
    if (heldRowCount === 0) onIdle?.()
  }

  return {
    commit: async (rows, ready) => {
      if (rows.length === 0) return ready
      // When the rows are refused below, nobody waits for it any more: its failure must not end the process.
      ready?.catch(() => undefined)
      const body = Buffer.from(`${rows.join('\n')}\n`)
      if (isClosed) throw new Overloaded('the server is stopping; send this again')
      if (heldBytes + body.length > settings.queueBytesMax || heldRowCount + rows.length > settings.queueRowCountMax) {
        throw new Overloaded('too much is waiting to be stored; send this again')
      }
      heldBytes += body.length
      heldRowCount += rows.length
      try {
        if (ready !== undefined) await ready
        await new Promise<void>((done, failed) => {
          queue.push({ body, rowCount: rows.length, done, failed })
          pump()
        })
      } finally {
        release(body.length, rows.length)
      }
    },
    drain: async () => {
      isClosed = true
      if (heldRowCount === 0) return
      await new Promise<void>((resolve) => {
        onIdle = resolve
      })
    },
    held: () => ({ bytes: heldBytes, rowCount: heldRowCount }),
  }
}

/** Never rejects: every waiting request is told how its rows fared. */
const insertGroup = async (insert: InsertRows, group: readonly Waiting[]): Promise<void> => {
  try {
    const [first] = group
    await insert(group.length === 1 && first !== undefined ? first.body : Buffer.concat(group.map(({ body }) => body)))
    for (const waiting of group) waiting.done()
  } catch (error) {
    if (group.length === 1 || isOutage(error)) {
      for (const waiting of group) waiting.failed(asUnavailable(error))
      return
    }
    // The engine is up and refused the rows: one request's fault must not be everybody's.
    for (const waiting of group) await insertGroup(insert, [waiting])
  }
}

const isOutage = (error: unknown): boolean => error instanceof AppError && error.code === 'ENGINE_UNAVAILABLE'

const asUnavailable = (error: unknown): AppError =>
  isOutage(error) ? (error as AppError) : new EngineUnavailable('the rows could not be stored; send this again', error)

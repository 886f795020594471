/** One session of the control store inside a transaction. */
export interface ControlTx {
  rows<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>
}

/** Held until `release` or until the process dies (a session-level advisory lock). */
export interface Lease {
  /** Fires when the session that holds the lock is lost: stop working at once. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

/** The control Postgres. Throws EngineUnavailable (503) when it cannot be reached. Holds no end-user data (DESIGN §2). */
export interface ControlDb extends ControlTx {
  tx<T>(work: (tx: ControlTx) => Promise<T>): Promise<T>
  /** Session-level lock by name if nobody holds it, else null. */
  tryLease(name: string): Promise<Lease | null>
  /** Sends `payload` to every server's `listen(channel)`. */
  notify(channel: string, payload: string): Promise<void>
  /** Calls `onMessage` for every notification and, with null, after each reconnect (something may have been missed). */
  listen(channel: string, onMessage: (payload: string | null) => void): Promise<void>
  /**
   * Calls this process's own listeners of a channel now. Its notification comes a moment after a change is committed:
   * whoever made the change is to see it in the next request.
   */
  tellOwnListeners(channel: string): void
  ping(timeoutMs?: number): Promise<void>
}

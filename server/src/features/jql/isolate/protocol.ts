// Between the server and the process of one script. The server writes one line of JSON (Order), then the records of
// the source, a line each, then ends. The process answers with lines that begin with a letter.

/** First line to the process. */
export interface Order {
  readonly script: string
  /** JSON text of the global `params`. */
  readonly params: string
  readonly timeoutMs: number
  readonly memoryMegabytes: number
  /** Process id; when it is not the parent any more, nobody waits for the script. */
  readonly serverPid: number
}

/** First byte of each line from the process. */
export const frame = {
  /** Once, first: a Request (domain/language/session.ts) as JSON. */
  request: 'P',
  /** Any number: items of the result as JSON, with commas between them. */
  items: 'R',
  /** Last, when all went well. */
  done: 'D',
  /** Last, when the script is at fault: a ScriptFault as JSON. */
  fault: 'E',
} as const

export interface ScriptFault {
  readonly kind: 'script' | 'time' | 'memory' | 'depth'
  readonly message: string
  /** Line of the script, from 1; null when it is not known. */
  readonly line: number | null
}

import { AppError, InvalidRequest } from '../../kernel/errors.ts'

/** QRY-18: what went wrong in the script, and where. */
export const scriptError = (message: string, line: number | null): InvalidRequest =>
  new InvalidRequest(line === null ? message : `${message} (line ${line} of the script)`)

/** Time, memory, bytes in or out: the query as it stands cannot be served. */
export class LimitExceeded extends AppError {
  constructor(message: string) {
    super('INVALID_REQUEST', message, { status: 400 })
  }
}

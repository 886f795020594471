import { AppError, NotFound } from '../../kernel/errors.ts'

/** A warehouse or bucket that cannot be read. The message is ours: theirs can quote rows, and stays in `cause`. */
export class WarehouseRefused extends AppError {
  constructor(message: string, cause?: unknown) {
    super('INVALID_REQUEST', message, { status: 400, cause })
  }
}

export class NoSuchImport extends NotFound {
  constructor() {
    super('the project has no such import')
  }
}

export class NoSuchSource extends NotFound {
  constructor() {
    super('the project has no such warehouse source')
  }
}

export class NoSuchConnector extends NotFound {
  constructor() {
    super('the project has no such connector')
  }
}

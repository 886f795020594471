import { AppError, NotFound } from '../../kernel/errors.ts'

export class NoSuchLookupTable extends NotFound {
  constructor(id: string) {
    super(`Lookup table with id '${id}' was not found.`)
  }
}

export class LookupTableExists extends AppError {
  constructor() {
    super('CONFLICT', 'a lookup table of this name exists', { status: 409 })
  }
}

/** The upload took so long that its rows were taken for those of a server that had died. */
export class UploadGivenUp extends AppError {
  constructor() {
    super('OVERLOADED', 'the upload took too long; please send it again', {
      status: 503,
      retryable: true,
      retryAfterSeconds: 1,
    })
  }
}

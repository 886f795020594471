import { AppError, Forbidden, InvalidRequest, NotFound } from '../../kernel/errors.ts'

export class NoSuchSchema extends NotFound {
  constructor(entityType: string) {
    super(`the project has no schema of this ${entityType}`)
  }
}

export class TooManyEntries extends InvalidRequest {
  constructor(countMax: number) {
    super(`a project has at most ${countMax} entries in its lexicon`)
  }
}

/** LEX-05. */
export class TooManyDeletions extends InvalidRequest {
  constructor(countMax: number) {
    super(`one request deletes at most ${countMax} schemas; delete by type or by name`)
  }
}

export class LexiconSettingsChanged extends AppError {
  constructor(version: number) {
    super('CONFLICT', `the settings were changed meanwhile: their version is ${version}`, { status: 409 })
  }
}

/** auth §6.3. */
export class BlockingNotAllowed extends Forbidden {
  constructor() {
    super('blocking is for owners of the project, and for roles that may govern the lexicon')
  }
}

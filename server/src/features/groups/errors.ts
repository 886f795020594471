import { AppError, InvalidRequest, NotFound } from '../../kernel/errors.ts'

export class GroupKeyExists extends AppError {
  constructor() {
    super('CONFLICT', 'the project has this group key', { status: 409 })
  }
}

export class NoSuchGroupKey extends NotFound {
  constructor() {
    super('the project has no such group key')
  }
}

export class TooManyGroupKeys extends InvalidRequest {
  constructor(countMax: number) {
    super(`a project has at most ${countMax} group keys`)
  }
}

import { AppError, Forbidden, InvalidRequest, NotFound } from '../../kernel/errors.ts'

export class NoSuchServiceAccount extends NotFound {
  constructor() {
    super('the organization has no such service account')
  }
}

/** Looks the same for a project that is not, is deleted, or is somebody else's (auth §5). */
export class NoSuchProject extends Forbidden {
  constructor(projectId: number) {
    super(`these credentials may not change who is in project ${projectId}`)
  }
}

export class RoleTooHigh extends Forbidden {
  constructor() {
    super('roles are given and taken away up to your own')
  }
}

export class RoleMissing extends InvalidRequest {
  constructor(projectId: number) {
    super(`'projects' is invalid: project ${projectId} needs a role, because the account has none of its own`)
  }
}

export class Exists extends AppError {
  constructor(message: string) {
    super('CONFLICT', message, { status: 409 })
  }
}

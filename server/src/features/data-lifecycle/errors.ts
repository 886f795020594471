import { AppError, NotFound } from '../../kernel/errors.ts'

export class NoSuchEventDeletion extends NotFound {
  constructor() {
    super('the project has no such event deletion')
  }
}

export class EventDeletionIsFinal extends AppError {
  constructor() {
    super('CONFLICT', 'the time to undo this deletion is over', { status: 409 })
  }
}

/** privacy §5: by calendar month, in UTC. */
export class TooManyEventDeletions extends AppError {
  constructor(countMax: number, retryAfterSeconds: number) {
    super('RATE_LIMITED', `a project can ask for ${countMax} event deletions in a calendar month`, {
      status: 429,
      retryable: true,
      retryAfterSeconds,
    })
  }
}

/** Something of the deleted events is still there, or it cannot be said that it is not. Nothing personal in it. */
export class RewriteIncomplete extends AppError {
  constructor(finding: string) {
    super('INTERNAL', finding, { status: 500, expose: false })
  }
}

import { AppError, InvalidRequest, NotFound } from '../../kernel/errors.ts'
import type { DefinitionKind } from './store/postgres-definition-store.ts'

export class NoSuchDefinition extends NotFound {
  constructor(kind: DefinitionKind, id: string | number) {
    super(`the project has no ${kind.replace('-', ' ')} ${id}`)
  }
}

export class NoSuchAnnotation extends NotFound {
  constructor(id: string) {
    super(`the project has no annotation ${id}`)
  }
}

export class TooManyDefinitions extends InvalidRequest {
  constructor(kind: DefinitionKind, countMax: number) {
    super(`a project has at most ${countMax} of the kind ${kind}`)
  }
}

export class SessionSettingsChanged extends AppError {
  constructor(version: number) {
    super('CONFLICT', `the session settings were changed meanwhile: their version is ${version}`, { status: 409 })
  }
}

export class NotStatic extends InvalidRequest {
  constructor() {
    super('only a static cohort has members that are uploaded')
  }
}

import { AppError } from '../../kernel/errors.ts'

export class DataRulesChanged extends AppError {
  constructor(version: number) {
    super('CONFLICT', `the rules were changed meanwhile: their version is ${version}`, { status: 409 })
  }
}

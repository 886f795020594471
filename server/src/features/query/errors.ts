import { InvalidRequest } from '../../kernel/errors.ts'

export class NoSuchDataView extends InvalidRequest {
  constructor() {
    super('workspace_id: the project has no such data view')
  }
}

export class NoSuchCustomEvent extends InvalidRequest {
  constructor(id: number) {
    super(`$custom_event:${id}: the project has no such custom event`)
  }
}

import { Forbidden, InvalidRequest } from '../../kernel/errors.ts'

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

export class NoSuchCustomProperty extends InvalidRequest {
  constructor(id: number) {
    super(`$custom_property:${id}: the project has no such custom property`)
  }
}

export class NoSuchCohort extends InvalidRequest {
  constructor(id: number) {
    super(`the project has no cohort ${id}`)
  }
}

export class NoSuchGroupKey extends InvalidRequest {
  constructor(dataGroup: string) {
    super(`data_group_id: the project has no group key ${dataGroup}`)
  }
}

export class UnknownBehavior extends InvalidRequest {
  constructor(name: string) {
    super(`behaviors[${JSON.stringify(name)}] is not among the behaviors of the request`)
  }
}

/** QRY-11: the text that clients of the public API know. */
export class UncachedQuery extends InvalidRequest {
  constructor() {
    super('request for page in uncached query for params')
  }
}

export class ClassifiedProperty extends Forbidden {
  constructor(name: string) {
    super(`the property ${JSON.stringify(name)} is classified; these credentials have no classified access`)
  }
}

export class NoSuchFunnel extends InvalidRequest {
  constructor(id: number) {
    super(`funnel_id: the project has no funnel ${id}`)
  }
}

export class NoSuchBookmark extends InvalidRequest {
  constructor(id: number) {
    super(`bookmark_id: the project has no saved report ${id}`)
  }
}

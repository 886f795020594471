import type { JsonValue } from '../../kernel/json.ts'
import type { Project } from '../../kernel/project.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { Who } from './store/postgres-source-store.ts'

/** Where rows go: the doors of other slices, with all their rules. */
export interface Rows {
  /** The handlers of `/import`, `/engage` and `/groups`, strict. Resolves when what is good is durable. */
  readonly rowDoor: (
    kind: 'events' | 'people' | 'groups',
    place: { readonly scope: ProjectScope; readonly project: Project },
    records: readonly JsonValue[],
  ) => Promise<{ readonly importedCount: number; readonly failedCount: number }>
  /** Replaces a lookup table by rows of CSV, wholly or not at all; answers how many rows were bad. */
  readonly replaceLookup: (
    scope: ProjectScope,
    tableId: string,
    sent: { readonly chunks: AsyncIterable<Buffer>; readonly signal: AbortSignal },
    project: Project,
  ) => Promise<number>
}

/** What the slice asks of others when imports are made and removed. */
export interface Neighbours extends Rows {
  readonly createLookup: (scope: ProjectScope, name: string, who: Who) => Promise<{ readonly id: string }>
  /** Hides the events of an import, then deletes them. May be asked twice. */
  readonly deleteImported: (scope: ProjectScope, importId: number, who: Who) => Promise<void>
}

import type { ProjectScope } from '../../kernel/scope.ts'
import type { CustomPropertyDefinition, SessionSettings } from '../reports/index.ts'

/** An event that happens whenever one of several others does (RPT-08); `where` is an expression. */
export interface CustomEvent {
  /** What people call it. */
  readonly name: string
  readonly events: readonly { readonly event: string; readonly where?: string | undefined }[]
}

/** What people saved that questions can name. Kept by another slice and handed in from compose.ts. */
export interface Definitions {
  /** `$custom_event:<id>`; null when the project has none of this id. */
  customEvent(scope: ProjectScope, id: number): Promise<CustomEvent | null>
  /** `workspace_id`: the expression that every event has to meet, null for all data; undefined when there is no such view. */
  dataView(scope: ProjectScope, id: number): Promise<string | null | undefined>
  sessionSettings(scope: ProjectScope): Promise<SessionSettings>
  /** Those of the project, by id (RPT-08). */
  customProperties(scope: ProjectScope): Promise<ReadonlyMap<number, CustomPropertyDefinition>>
}

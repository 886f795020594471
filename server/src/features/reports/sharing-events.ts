import type { AuditEntry } from '../../kernel/audit.ts'
import type { CohortDefinition } from './definitions/cohort.ts'
import type { DataViewDefinition } from './definitions/data-view.ts'
import type { DefinitionKind } from './store/postgres-definition-store.ts'

type Event = Pick<AuditEntry, 'type'> & Required<Pick<AuditEntry, 'changes'>>

/** What making or changing a definition gives or takes from others (auth §9): cohorts are shared, data views get people and teams. */
export const sharingEvents = (kind: DefinitionKind, before: object | null, after: object): readonly Event[] => {
  if (kind === 'cohort') return ofCohort(before as CohortDefinition | null, after as CohortDefinition)
  if (kind === 'data-view') return ofDataView(before as DataViewDefinition | null, after as DataViewDefinition)
  return []
}

const ofCohort = (before: CohortDefinition | null, after: CohortDefinition): readonly Event[] => {
  // Those of before there was a choice are shared.
  const [was, is] = [(before ?? { visibility: 'private' }).visibility ?? 'shared', after.visibility ?? 'shared']
  if (was === is) return []
  const type = is === 'shared' ? 'cohort.shared' : 'cohort.unshared'
  return [{ type, changes: { visibility: { before: was, after: is } } }]
}

const ofDataView = (before: DataViewDefinition | null, after: DataViewDefinition): readonly Event[] => [
  ...ofList('user', before?.members ?? [], after.members),
  ...ofList('team', before?.teams ?? [], after.teams),
]

const ofList = (what: 'user' | 'team', was: readonly number[] = [], is: readonly number[] = []): readonly Event[] => [
  ...is
    .filter((id) => !was.includes(id))
    .map((id): Event => ({ type: `workspace.${what}_added`, changes: { [what]: { before: null, after: id } } })),
  ...was
    .filter((id) => !is.includes(id))
    .map((id): Event => ({ type: `workspace.${what}_removed`, changes: { [what]: { before: id, after: null } } })),
]

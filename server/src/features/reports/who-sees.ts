import { Forbidden } from '../../kernel/errors.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { CohortDefinition } from './definitions/cohort.ts'
import type { DataViewDefinition } from './definitions/data-view.ts'
import type { Creator, DefinitionKind, SavedDefinition } from './store/postgres-definition-store.ts'
import { creatorOf } from './who-saves.ts'

/** What of a saved thing says who may see it. */
export type Owned = Pick<SavedDefinition, 'creator'> & { readonly definition: object }

const roleOf = (principal: Principal, projectId: number) =>
  'projectRoles' in principal ? principal.projectRoles.get(projectId) : undefined

const managesAll = (principal: Principal, projectId: number): boolean =>
  'customRoles' in principal && principal.customRoles.get(projectId)?.permissions.has('reports:manage') === true

const isCreator = (principal: Principal, { creator }: { readonly creator: Creator }): boolean => {
  if (principal.kind !== 'service-account' && principal.kind !== 'session') return false
  const { type, id } = creatorOf(principal)
  return type === creator.type && id === creator.id
}

/** What is private is there for its creator, its members, and those who manage the project. */
const maySeePrivate = (principal: Principal, projectId: number, members: readonly number[], saved: Owned): boolean => {
  const role = roleOf(principal, projectId)
  if (role === 'owner' || role === 'admin' || isCreator(principal, saved) || managesAll(principal, projectId))
    return true
  return principal.kind === 'session' && members.includes(principal.userId)
}

/** RPT-06. Whoever has the secret of a project sees all of it. Those saved before there was a choice are shared. */
export const maySeeCohort = (principal: Principal, projectId: number, saved: Owned): boolean => {
  const { visibility = 'shared', members = [] } = saved.definition as CohortDefinition
  if (visibility === 'shared' || principal.kind === 'project-secret') return true
  return maySeePrivate(principal, projectId, members, saved)
}

/** LEX-12, RPT-06: data views and cohorts may be private; all else is the project's. `teams`: those of `principal`. */
export const maySee = (
  principal: Principal,
  projectId: number,
  kind: DefinitionKind,
  saved: Owned,
  teams: ReadonlySet<number>,
): boolean => {
  if (kind === 'cohort') return maySeeCohort(principal, projectId, saved)
  if (kind !== 'data-view') return true
  const view = saved.definition as DataViewDefinition
  if (view.visibility === 'public' || maySeePrivate(principal, projectId, view.members, saved)) return true
  // Those saved before there were teams have none.
  return ((view.teams as readonly number[] | undefined) ?? []).some((team) => teams.has(team))
}

/** Throws Forbidden. */
export const refuseOthers = (principal: Principal, projectId: number, kind: DefinitionKind, saved: Owned): void => {
  if (kind !== 'data-view' || (saved.definition as DataViewDefinition).editing === 'unrestricted') return
  if (roleOf(principal, projectId) === 'owner' || isCreator(principal, saved) || managesAll(principal, projectId))
    return
  throw new Forbidden('this data view is changed by its creator or an owner of the project')
}

/** A definition with whom it is shared with: what is not said stays as it was, and what is new is private. */
export const withSharing = (kind: DefinitionKind, definition: object, before: Owned | null): object => {
  if (kind !== 'cohort') return definition
  const sent = definition as CohortDefinition
  const known = (before?.definition ?? { visibility: 'private' }) as CohortDefinition
  const { visibility = known.visibility ?? 'shared', members = known.members ?? [] } = sent
  return { ...sent, visibility, members }
}

import { randomUUID } from 'node:crypto'
import { jsonReply, type Reply, type Route, type ScopedStream } from '../../http/route.ts'
import { EngineUnavailable } from '../../kernel/errors.ts'
import type { CohortDefinition } from './definitions/cohort.ts'
import { NoSuchDefinition, NotStatic } from './errors.ts'
import { appBase, idOf, writeAccess } from './routes.ts'
import { memberBytesMax, sentMembers } from './sent-members.ts'
import type { CohortMembers, MemberPlace } from './store/clickhouse-cohort-members.ts'
import type { CohortStateStore } from './store/postgres-cohort-state-store.ts'
import type { DefinitionStore, Who } from './store/postgres-definition-store.ts'
import { whoOf } from './who-saves.ts'
import { maySeeCohort } from './who-sees.ts'

export interface MemberRouteDeps {
  readonly definitions: DefinitionStore
  readonly cohortStates: CohortStateStore
  readonly membersOf: (regionId: string) => CohortMembers
  /** Members that nobody reads any longer. Never throws: what cannot be dropped now goes with a later sweep. */
  readonly dropMembers: (regionId: string, version: string) => Promise<void>
  readonly sweep: (regionId: string) => Promise<void>
}

const path = '/api/app/projects/:projectId/cohorts/:definitionId/members'

/** RPT-06: uploads of a static cohort. PUT replaces all members, wholly or not at all; POST adds some. */
export const memberRoutes = (deps: MemberRouteDeps): readonly Route[] => [
  route('PUT', (request) => replaceMembers(deps, request)),
  route('POST', (request) => addMembers(deps, request)),
]

const route = (method: 'PUT' | 'POST', handle: (request: ScopedStream) => Promise<Reply>): Route => ({
  ...appBase,
  method,
  path,
  body: 'stream',
  bodyBytesMax: memberBytesMax,
  access: writeAccess,
  handle,
})

const staticCohortId = async (
  { definitions }: MemberRouteDeps,
  { scope, params, principal, project }: ScopedStream,
): Promise<number> => {
  const found = await definitions.get(scope, 'cohort', idOf('cohort', params['definitionId'] ?? ''))
  const { id, definition } = found
  if (!maySeeCohort(principal, project.id, found)) throw new NoSuchDefinition('cohort', id)
  if ((definition as CohortDefinition).type !== 'static') throw new NotStatic()
  return id
}

const replaceMembers = async (deps: MemberRouteDeps, request: ScopedStream): Promise<Reply> => {
  const place: MemberPlace = {
    scope: request.scope,
    cohortId: await staticCohortId(deps, request),
    version: randomUUID(),
  }
  const members = deps.membersOf(request.scope.regionId)
  const replaced = (await deps.cohortStates.all(request.scope)).get(place.cohortId)?.memberVersion ?? null
  try {
    await members.add(place, sentMembers(request.chunks, request.headers['content-type']))
    const reply = await finish(deps, members, place, whoOf(request))
    if (replaced !== null) await deps.dropMembers(request.scope.regionId, replaced)
    return reply
  } catch (error) {
    // When the engine did not answer, a block may still come to be stored: the version then goes by its age.
    if (!(error instanceof EngineUnavailable)) await members.drop(place.version)
    throw error
  } finally {
    await deps.sweep(request.scope.regionId)
  }
}

const addMembers = async (deps: MemberRouteDeps, request: ScopedStream): Promise<Reply> => {
  const cohortId = await staticCohortId(deps, request)
  const version = (await deps.cohortStates.all(request.scope)).get(cohortId)?.memberVersion
  if (version === undefined || version === null) return replaceMembers(deps, request)
  const place = { scope: request.scope, cohortId, version }
  const members = deps.membersOf(request.scope.regionId)
  await members.add(place, sentMembers(request.chunks, request.headers['content-type']))
  return finish(deps, members, place, whoOf(request))
}

const finish = async (
  { cohortStates, definitions }: MemberRouteDeps,
  members: CohortMembers,
  { scope, cohortId, version }: MemberPlace,
  who: Who,
): Promise<Reply> => {
  const count = await members.count({ scope, cohortId, version })
  const isThere = await cohortStates.replaceMembers(scope, cohortId, version, count)
  if (!isThere) throw new NoSuchDefinition('cohort', cohortId)
  // Nothing of its definition: the time of the change, and a line in the audit log.
  await definitions.update(scope, 'cohort', cohortId, {}, who)
  return jsonReply(200, { status: 'ok', results: { id: cohortId, count } })
}

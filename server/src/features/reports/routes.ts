import { z } from 'zod'
import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import type { CredentialKind, Principal } from '../../kernel/principal.ts'
import { type CheckDeps, checkDefinition } from './check-definition.ts'
import { bookmarkDefinition } from './definitions/bookmark.ts'
import { cohortDefinition } from './definitions/cohort.ts'
import { customEventDefinition } from './definitions/custom-event.ts'
import { customPropertyDefinition } from './definitions/custom-property.ts'
import { dataViewDefinition } from './definitions/data-view.ts'
import { funnelDefinition } from './definitions/funnel.ts'
import { label } from './definitions/parts.ts'
import { NoSuchDefinition } from './errors.ts'
import type { CohortState, CohortStateStore } from './store/postgres-cohort-state-store.ts'
import type { DefinitionKind, DefinitionStore, SavedDefinition } from './store/postgres-definition-store.ts'
import { whoOf } from './who-saves.ts'
import { maySee, refuseOthers, withSharing } from './who-sees.ts'

const noTeams: ReadonlySet<number> = new Set()

export interface DefinitionRouteDeps extends CheckDeps {
  /** Ids of the teams that somebody is in. */
  readonly teamsOf: (principal: Principal) => Promise<ReadonlySet<number>>
  readonly definitions: DefinitionStore
  readonly cohortStates: CohortStateStore
  /** Members that nobody reads any longer. Never throws: what cannot be dropped now goes with a later sweep. */
  readonly dropMembers: (regionId: string, version: string) => Promise<void>
}

export const appBase = { surface: 'app', hostFamily: 'web', bodyBytesMax: 64 * 1_024 } as const
const who = { accepts: ['service-account', 'session'] satisfies CredentialKind[], project: 'path' } as const
export const readAccess = { ...who, permission: 'project:read' } as const
export const writeAccess = { ...who, permission: 'reports:write' } as const

const definingAccess = { ...who, permission: 'definitions:write' } as const

const kinds = {
  funnels: { kind: 'funnel', definition: funnelDefinition, write: writeAccess },
  bookmarks: { kind: 'bookmark', definition: bookmarkDefinition, write: writeAccess },
  cohorts: { kind: 'cohort', definition: cohortDefinition, write: writeAccess },
  'custom-events': { kind: 'custom-event', definition: customEventDefinition, write: definingAccess },
  'data-views': { kind: 'data-view', definition: dataViewDefinition, write: definingAccess },
  'custom-properties': { kind: 'custom-property', definition: customPropertyDefinition, write: definingAccess },
} as const satisfies Record<string, Saved>

interface Saved {
  readonly kind: DefinitionKind
  readonly definition: z.ZodType<object>
  /** Who may make, change and remove them. */
  readonly write: typeof writeAccess | typeof definingAccess
}

/** RPT-06, RPT-08, LEX-12, QRY-01, QRY-03: what analysts save, at `/api/app/projects/{id}/{funnels|bookmarks|…}`. */
export const definitionRoutes = (deps: DefinitionRouteDeps): readonly Route[] =>
  Object.entries(kinds).flatMap(([path, saved]) => routesOf(deps, path, saved))

const routesOf = (deps: DefinitionRouteDeps, name: string, { kind, definition, write }: Saved): readonly Route[] => {
  const { definitions } = deps
  const path = `/api/app/projects/:projectId/${name}`
  const one = `${path}/:definitionId`
  const created = z.strictObject({
    name: label,
    description: z.string().max(1_024).default(''),
    is_visible: z.boolean().default(true),
    definition,
  })
  const changed = z.strictObject({
    name: label.optional(),
    description: z.string().max(1_024).optional(),
    is_visible: z.boolean().optional(),
    definition: definition.optional(),
  })
  const sees = async ({ principal, project }: Scoped): Promise<(found: SavedDefinition) => boolean> => {
    const teams = kind === 'data-view' ? await deps.teamsOf(principal) : noTeams
    return (found) => maySee(principal, project.id, kind, found, teams)
  }
  const seen = async (request: Scoped): Promise<SavedDefinition> => {
    const found = await definitions.get(request.scope, kind, idOf(kind, request.params['definitionId'] ?? ''))
    if (!(await sees(request))(found)) throw new NoSuchDefinition(kind, found.id)
    return found
  }
  const answer = async (status: number, { scope }: Scoped, found: SavedDefinition) =>
    jsonReply(status, { status: 'ok', results: wireOf(found, await statesOf(deps, kind, scope)) })
  return [
    {
      ...appBase,
      method: 'GET',
      path,
      access: readAccess,
      handle: async (request: Scoped) => {
        const found = await definitions.list(request.scope, kind)
        const isSeen = await sees(request)
        const states = await statesOf(deps, kind, request.scope)
        const results = found.filter(isSeen).map((item) => wireOf(item, states))
        return jsonReply(200, { status: 'ok', results })
      },
    },
    {
      ...appBase,
      method: 'POST',
      path,
      access: write,
      handle: async (request: Scoped) => {
        const { is_visible: isVisible, ...rest } = sentJson(created, request.body)
        const sent = { ...rest, definition: withSharing(kind, rest.definition, null) }
        await checkDefinition(deps, request.scope, { kind, id: null, definition: sent.definition })
        const made = await definitions.create(request.scope, kind, { ...sent, isVisible }, whoOf(request))
        return answer(201, request, made)
      },
    },
    {
      ...appBase,
      method: 'GET',
      path: one,
      access: readAccess,
      handle: async (r: Scoped) => answer(200, r, await seen(r)),
    },
    {
      ...appBase,
      method: 'PATCH',
      path: one,
      access: write,
      handle: async (request: Scoped) => {
        const before = await seen(request)
        refuseOthers(request.principal, request.project.id, kind, before)
        const { is_visible: isVisible, ...sent } = sentJson(changed, request.body)
        if (sent.definition !== undefined) {
          refuseOtherType(kind, before, sent.definition)
          await checkDefinition(deps, request.scope, { kind, id: before.id, definition: sent.definition })
        }
        const after = await definitions.update(
          request.scope,
          kind,
          before.id,
          {
            ...(sent.name === undefined ? {} : { name: sent.name }),
            ...(sent.description === undefined ? {} : { description: sent.description }),
            ...(isVisible === undefined ? {} : { isVisible }),
            ...(sent.definition === undefined ? {} : { definition: withSharing(kind, sent.definition, before) }),
          },
          whoOf(request),
        )
        return answer(200, request, after)
      },
    },
    {
      ...appBase,
      method: 'DELETE',
      path: one,
      access: write,
      handle: async (request: Scoped) => {
        const before = await seen(request)
        refuseOthers(request.principal, request.project.id, kind, before)
        const { memberVersion = null } = (await statesOf(deps, kind, request.scope)).get(before.id) ?? {}
        await definitions.remove(request.scope, kind, before.id, whoOf(request))
        if (memberVersion !== null) await deps.dropMembers(request.scope.regionId, memberVersion)
        return jsonReply(200, { status: 'ok', results: { id: before.id } })
      },
    },
  ]
}

/** What is no id would be an error of the store. Throws NoSuchDefinition. */
export const idOf = (kind: DefinitionKind, text: string): number => {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0
  if (id < 1 || id > 2_147_483_647) throw new NoSuchDefinition(kind, text)
  return id
}

const statesOf = async (
  { cohortStates }: DefinitionRouteDeps,
  kind: DefinitionKind,
  scope: Scoped['scope'],
): Promise<ReadonlyMap<number, CohortState>> => (kind === 'cohort' ? cohortStates.all(scope) : new Map())

const wireOf = (saved: SavedDefinition, states: ReadonlyMap<number, CohortState>): object => {
  const state = states.get(saved.id)
  return {
    id: saved.id,
    name: saved.name,
    description: saved.description,
    is_visible: saved.isVisible,
    definition: saved.definition,
    creator: saved.creator,
    created_at: saved.createdAt,
    updated_at: saved.updatedAt,
    ...(state === undefined ? {} : { count: state.memberCount, counted_at: state.countedAt }),
  }
}

/** Members of a static cohort would be left behind, and a report would become another one under the same id. */
const refuseOtherType = (kind: DefinitionKind, { definition }: SavedDefinition, sent: object): void => {
  if (kind !== 'cohort' && kind !== 'bookmark') return
  if ((definition as { type: string }).type === (sent as { type: string }).type) return
  throw new InvalidRequest("'definition.type' cannot be changed; save a new one")
}

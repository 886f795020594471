import { Forbidden, InvalidRequest, WrongRegion } from '../../kernel/errors.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { Project, ProjectDirectory } from '../../kernel/project.ts'
import { type HostFamily, hostOf, type Region } from '../../kernel/region.ts'
import { type ProjectScope, projectScope } from '../../kernel/scope.ts'
import type { MayUse, Received, ScopedRoute } from '../route.ts'

export interface LocateDeps {
  readonly projects: ProjectDirectory
  readonly regions: readonly Region[]
  readonly servedRegionIds: ReadonlySet<string>
  readonly mayUse: MayUse
}

export type Located =
  | { readonly kind: 'here'; readonly scope: ProjectScope; readonly project: Project }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'elsewhere'; readonly error: WrongRegion }

/** Alone makes a ProjectScope from a request (invariant 1). */
export const createLocate = (deps: LocateDeps) => {
  const place = (project: Project, region: Region | null, family: HostFamily): Located => {
    const isHere = region === null || region.id === project.region
    if (isHere && deps.servedRegionIds.has(project.region)) {
      return { kind: 'here', scope: projectScope(project.id, project.region), project }
    }
    const home = deps.regions.find((candidate) => candidate.id === project.region)
    const rightHost = home === undefined ? 'the host of that region' : hostOf(home, family)
    return { kind: 'elsewhere', error: new WrongRegion(project.region, rightHost) }
  }

  /** For records that carry their own token: unknown and wrong-region tokens are told apart by the caller's surface. */
  const byToken = async (token: string, region: Region | null, family: HostFamily): Promise<Located> => {
    const project = await deps.projects.byToken(token)
    return project === null ? { kind: 'unknown' } : place(project, region, family)
  }

  /**
   * For routes with a credential. The right host is named only to somebody who holds the permission on the project;
   * everybody else gets the same 403 as for a project that does not exist (auth §5).
   */
  const forRoute = async (
    route: ScopedRoute,
    request: Received,
    principal: Principal,
  ): Promise<{ readonly scope: ProjectScope; readonly project: Project }> => {
    const project = await findProject(deps.projects, route, request, principal)
    if (project === null || !deps.mayUse(principal, route.access.permission, project)) {
      throw new Forbidden('these credentials have no access to this project')
    }
    const located = place(project, request.region, route.hostFamily)
    if (located.kind === 'elsewhere') throw located.error
    if (located.kind === 'unknown') throw new Forbidden('these credentials have no access to this project')
    return located
  }

  return { byToken, forRoute }
}

export type Locate = ReturnType<typeof createLocate>

const findProject = async (
  projects: ProjectDirectory,
  route: ScopedRoute,
  request: Received,
  principal: Principal,
): Promise<Project | null> => {
  switch (route.access.project) {
    case 'token-query':
    case 'token-query-or-body': {
      const inBody = route.access.project === 'token-query-or-body' ? (fieldInBody(request.body, 'token') ?? '') : ''
      const token = request.query['token'] ?? inBody
      if (token === '') throw new InvalidRequest('query parameter token (the project token) is required')
      return projects.byToken(token)
    }
    case 'path':
      return projects.byId(projectIdOf(request.params['projectId'] ?? ''))
    case 'project_id-query':
      return projects.byId(chosenProjectId(request.query['project_id'], principal))
    case 'project_id-query-or-form':
      return projects.byId(chosenProjectId(request.query['project_id'] ?? projectIdInForm(request), principal))
    case 'project_id-query-or-body': {
      // Clients name no Content-Type, or a wrong one.
      const inBody = () => fieldInBody(request.body, 'project_id') ?? formProjectId(request.body)
      return projects.byId(chosenProjectId(request.query['project_id'] ?? inBody(), principal))
    }
  }
}

/** Only this one field is looked for: nothing else of the body is read before the project is known. */
const projectIdInForm = ({ body, headers }: Received): string | undefined =>
  /^application\/x-www-form-urlencoded/i.test(headers['content-type'] ?? '') ? formProjectId(body) : undefined

const formProjectId = (body: Buffer): string | undefined =>
  /(?:^|&)project_id=(\d{1,15})(?:&|$)/.exec(body.toString('latin1'))?.[1]

/** A body that is not JSON holds no such field; its own step says what is wrong with it. */
const fieldInBody = (body: Buffer, name: 'token' | 'project_id'): string | undefined => {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    const field = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
    const isNumber = name === 'project_id' && typeof field === 'number'
    return isNumber ? String(field) : typeof field === 'string' ? field : undefined
  } catch {
    return undefined
  }
}

/** A secret or token names its project itself; a project_id beside it must agree (auth §1). */
const chosenProjectId = (text: string | undefined, principal: Principal): number => {
  const own = principal.kind === 'project-secret' || principal.kind === 'project-token' ? principal.projectId : null
  if (text === undefined || text === '') {
    if (own === null) throw new InvalidRequest('query parameter project_id is required with a service account')
    return own
  }
  const asked = projectIdOf(text)
  if (own !== null && own !== asked) {
    throw new InvalidRequest('project_id does not belong to the project of these credentials')
  }
  return asked
}

const projectIdOf = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidRequest('project_id must be a whole number')
  return Number(text)
}

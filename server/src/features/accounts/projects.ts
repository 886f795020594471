import type { AuditEntry } from '../../kernel/audit.ts'
import { assert, Forbidden, NotFound } from '../../kernel/errors.ts'
import { randomKey } from '../../kernel/ids.ts'
import type { Project } from '../../kernel/project.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { projectRoleOfOrganizationRole } from '../access/index.ts'
import type { ListedProject, NewKeys, ProjectChanges, WantedProject } from './domain/project.ts'
import { Exists } from './errors.ts'
import type { Who } from './organization-route.ts'
import type { Caller } from './service-accounts.ts'
import {
  copyMembers,
  findToken,
  insertProject,
  listDeletedProjects,
  listProjects,
  lockProject,
  markDeleted,
  moveProject,
  removeMembers,
  restoreDeleted,
  setSecret,
  setToken,
  signsInOthers,
  tellProjectChanged,
  updateProject,
} from './store/postgres-project-store.ts'
import { putGrant } from './store/postgres-service-account-store.ts'

export interface ProjectsDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly nowMs: () => number
  readonly deletionGraceMs: number
  /** A request that was let in before the project was deleted may still store rows for so long. */
  readonly lastWriteMs: number
  /** True when the project has events or profiles. */
  readonly hasData: (scope: ProjectScope) => Promise<boolean>
}

/** AUTH-19, AUTH-20: the life of projects. Their region is fixed when they are made (RES-01). */
export const createProjects = (deps: ProjectsDeps) => {
  const { control, nowMs } = deps
  const audit = (
    tx: ControlTx,
    who: Who,
    type: AuditEntry['type'],
    project: Pick<ListedProject, 'id' | 'name' | 'organization_id'>,
    changes?: AuditEntry['changes'],
  ) =>
    deps.appendAudit(tx, {
      type,
      ...who,
      organizationId: project.organization_id,
      projectId: project.id,
      target: { type: 'project', id: String(project.id), name: project.name },
      ...(changes === undefined ? {} : { changes }),
    })

  /** Changes one project that is not deleted, and tells every server. */
  const changing = <Result>(id: number, change: (tx: ControlTx, project: ListedProject) => Promise<Result>) =>
    control.tx(async (tx) => {
      const project = await lockProject(tx, id)
      if (project === null) throw new NotFound('there is no such project')
      const result = await change(tx, project)
      await tellProjectChanged(tx, id)
      return result
    })

  const purgeDueAt = () => nowMs() + Math.max(deps.deletionGraceMs, deps.lastWriteMs)

  /** The one who makes it may use it: people by their role in the organization, a service account by a grant. */
  const create = ({ authority, who, id }: Caller, wanted: WantedProject) =>
    control.tx(async (tx): Promise<ListedProject & NewKeys> => {
      await refuseAdminOrganization(tx, authority.organizationId)
      const made = await insertProject(tx, authority.organizationId, wanted)
      await audit(tx, who, 'project.created', made)
      const role = projectRoleOfOrganizationRole[authority.organizationRole]
      if (who.actor.type === 'service_account' && role !== null) await putGrant(tx, id, { id: made.id, role })
      await tellProjectChanged(tx, made.id)
      return made
    })

  /** Identity is chosen while the project is empty: rows of one mode mean something else in another. */
  const change = async (scope: ProjectScope, changes: ProjectChanges, who: Who): Promise<ListedProject> => {
    const isFull = changes.identity !== undefined && (await deps.hasData(scope))
    return changing(scope.projectId, async (tx, before) => {
      if (isFull && changes.identity !== before.identity) {
        throw new Exists('the identity mode can be changed while the project is empty; this one has data')
      }
      await updateProject(tx, before.id, changes)
      const after = await lockProject(tx, before.id)
      assert(after !== null, 'a locked project stays')
      const names = (['name', 'timezone', 'identity', 'cluster'] as const).filter(
        (name) => before[name] !== after[name],
      )
      const changed = Object.fromEntries(names.map((name) => [name, { before: before[name], after: after[name] }]))
      if (names.length > 0) await audit(tx, who, 'project.updated', after, changed)
      return after
    })
  }

  /** From then on nothing opens it; its data goes after the grace. */
  const remove = ({ id }: Project, who: Who): Promise<Date> =>
    changing(id, async (tx, project) => {
      const dueAtMs = purgeDueAt()
      await markDeleted(tx, id, nowMs(), dueAtMs)
      await audit(tx, who, 'project.deleted', project)
      return new Date(dueAtMs)
    })

  /** A new project with the settings and members of the old one, which is deleted (auth §6.5). */
  const reset = ({ id }: Project, who: Who): Promise<ListedProject & NewKeys> =>
    changing(id, async (tx, old) => {
      const made = await insertProject(tx, old.organization_id, old)
      await copyMembers(tx, id, made.id)
      await markDeleted(tx, id, nowMs(), purgeDueAt())
      await audit(tx, who, 'project.reset', old, { replaced_by: { before: null, after: made.id } })
      await audit(tx, who, 'project.created', made)
      return made
    })

  /** Throws NotFound for one whose grace is over. */
  const restore = (organizationId: number, id: number, who: Who): Promise<ListedProject> =>
    control.tx(async (tx) => {
      const project = await restoreDeleted(tx, organizationId, id, nowMs())
      if (project === null) throw new NotFound('there is no such project that could be restored')
      await audit(tx, who, 'project.restored', project)
      await tellProjectChanged(tx, id)
      return project
    })

  /** Members, teams and service accounts of the old organization stay behind. Both logs tell. */
  const transfer = ({ id }: Project, organizationId: number, who: Who): Promise<ListedProject> =>
    changing(id, async (tx, project) => {
      if (project.organization_id === organizationId) throw new Exists('the project is in this organization')
      await refuseAdminOrganization(tx, organizationId)
      await moveProject(tx, id, organizationId)
      await removeMembers(tx, id)
      const moved = { ...project, organization_id: organizationId }
      const changes = { organization_id: { before: project.organization_id, after: organizationId } }
      await audit(tx, who, 'project.transferred', project, changes)
      await audit(tx, who, 'project.transferred', moved, changes)
      return moved
    })

  /** The old one is dead when this is answered. */
  const renewKey = ({ id }: Project, key: 'token' | 'secret', who: Who): Promise<string> =>
    changing(id, async (tx, project) => {
      const value = randomKey()
      await (key === 'token' ? setToken : setSecret)(tx, id, value)
      await audit(tx, who, `access_key.${key}_reset`, project)
      return value
    })

  return {
    create,
    change,
    remove,
    reset,
    restore,
    transfer,
    renewKey,
    tokenOf: ({ id }: Project) => findToken(control, id),
    list: (organizationId: number, ids: readonly number[] | null) => listProjects(control, organizationId, ids),
    listDeleted: (organizationId: number) => listDeletedProjects(control, organizationId),
  }
}

const refuseAdminOrganization = async (tx: ControlTx, organizationId: number): Promise<void> => {
  if (await signsInOthers(tx, organizationId)) {
    throw new Exists('other organizations sign in by this one: it has no projects')
  }
}

export type Projects = ReturnType<typeof createProjects>

/** RES-10: the cluster is only a name; where the data is follows from the region. */
export const refuseCluster = (): never => {
  throw new Forbidden("only an owner of the project's organization may set its cluster")
}

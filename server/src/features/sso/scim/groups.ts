import type { AuditEventType } from '../../../kernel/audit.ts'
import { InvalidRequest } from '../../../kernel/errors.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import { createLinkSync } from '../links.ts'
import {
  deleteTeam,
  listScimGroups,
  putScimGroup,
  putTeam,
  type ScimGroup,
  setTeamAccounts,
} from '../store/postgres-scim-group-store.ts'
import { listScimMembers, lockOrganization } from '../store/postgres-scim-store.ts'
import { patched } from './query.ts'
import { groupResource, notFound, type Resource, readGroup, ScimConflict, type WantedGroup } from './resource.ts'
import type { Caller, ScimDeps } from './users.ts'

/** AUTH-28: groups of the provider are teams of the organization, by equal name (auth §8). Roles are set on the team. */
export const createScimGroups = ({ control, clock, appendAudit }: ScimDeps) => {
  const sync = createLinkSync({ clock, appendAudit })
  const audit = (tx: ControlTx, caller: Caller, type: AuditEventType, teamId: number, name: string) =>
    appendAudit(tx, {
      type,
      actor: { type: 'system', id: null, name: 'SCIM' },
      organizationId: caller.organizationId,
      projectId: null,
      target: { type: 'team', id: String(teamId), name },
      requestId: caller.requestId,
    })

  const inOrganization = <Value>(caller: Caller, work: (tx: ControlTx) => Promise<Value>): Promise<Value> =>
    control.tx(async (tx) => {
      await lockOrganization(tx, caller.organizationId)
      // People get their ids before anybody names them.
      await listScimMembers(tx, caller.organizationId, clock.nowMs())
      const value = await work(tx)
      await sync(tx, caller.organizationId, caller.requestId)
      return value
    })

  const find = async (tx: ControlTx, caller: Caller, id: string): Promise<ScimGroup> => {
    const found = (await listScimGroups(tx, caller.organizationId)).find(({ scimId }) => scimId === id)
    if (found === undefined) throw notFound('group')
    return found
  }

  const write = async (tx: ControlTx, caller: Caller, teamId: number, wanted: WantedGroup): Promise<Resource> => {
    const members = await listScimMembers(tx, caller.organizationId, clock.nowMs())
    const accounts = new Map(members.filter(({ isActive }) => isActive).map((one) => [one.scimId, one.accountId]))
    const accountIds = wanted.memberIds.map((id) => accounts.get(id))
    if (accountIds.includes(undefined)) throw new InvalidRequest('members: each must be the id of an active user')
    await putScimGroup(tx, { teamId, ...wanted })
    await setTeamAccounts(tx, teamId, accountIds as number[])
    const groups = await listScimGroups(tx, caller.organizationId)
    const found = groups.find((group) => group.teamId === teamId)
    if (found === undefined) throw notFound('group')
    return groupResource(caller.base, found)
  }

  const nameIsTaken = (groups: readonly ScimGroup[], name: string, except: number | null): boolean =>
    groups.some((group) => group.name.toLowerCase() === name.toLowerCase() && group.teamId !== except)

  // A team that is there becomes the provider's; only a second group of its name is refused.
  const create = (caller: Caller, body: unknown): Promise<Resource> =>
    inOrganization(caller, async (tx) => {
      const wanted = readGroup(body)
      const groups = await listScimGroups(tx, caller.organizationId)
      const known = groups.find(({ name }) => name === wanted.name)
      if (known === undefined ? nameIsTaken(groups, wanted.name, null) : known.externalId !== null) {
        throw new ScimConflict('there is a group of this name')
      }
      const teamId = known?.teamId ?? (await putTeam(tx, caller.organizationId, wanted.name))
      await audit(tx, caller, known === undefined ? 'team.created' : 'team.updated', teamId, wanted.name)
      return write(tx, caller, teamId, wanted)
    })

  const change = async (tx: ControlTx, caller: Caller, before: ScimGroup, wanted: WantedGroup): Promise<Resource> => {
    const groups = await listScimGroups(tx, caller.organizationId)
    if (nameIsTaken(groups, wanted.name, before.teamId)) throw new ScimConflict('there is a group of this name')
    await audit(tx, caller, 'team.updated', before.teamId, wanted.name)
    return write(tx, caller, before.teamId, wanted)
  }

  return {
    list: (caller: Caller): Promise<readonly Resource[]> =>
      inOrganization(caller, async (tx) =>
        (await listScimGroups(tx, caller.organizationId)).map((group) => groupResource(caller.base, group)),
      ),
    get: (caller: Caller, id: string) =>
      inOrganization(caller, async (tx) => groupResource(caller.base, await find(tx, caller, id))),
    create,
    replace: (caller: Caller, id: string, body: unknown) =>
      inOrganization(caller, async (tx) => change(tx, caller, await find(tx, caller, id), readGroup(body))),
    patch: (caller: Caller, id: string, body: unknown) =>
      inOrganization(caller, async (tx) => {
        const before = await find(tx, caller, id)
        return change(tx, caller, before, readGroup(patched(groupResource(caller.base, before), body)))
      }),
    remove: (caller: Caller, id: string) =>
      inOrganization(caller, async (tx) => {
        const before = await find(tx, caller, id)
        await deleteTeam(tx, before.teamId)
        await audit(tx, caller, 'team.deleted', before.teamId, before.name)
      }),
  }
}

export type ScimGroups = ReturnType<typeof createScimGroups>

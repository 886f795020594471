import type { AuditEntry } from '../../kernel/audit.ts'
import { assert, NotFound } from '../../kernel/errors.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import type { Team } from './domain/member.ts'
import type { ProjectGrant } from './domain/service-account.ts'
import { NoSuchProject } from './errors.ts'
import { isSameGrant, refuseGrantBeyond, shownGrant } from './grants.ts'
import type { Caller } from './service-accounts.ts'
import { liveProjectIds, tellAccessChanged } from './store/postgres-service-account-store.ts'
import {
  deleteTeam,
  insertTeam,
  listTeams,
  lockTeam,
  nameOfHolder,
  putInTeam,
  putTeamGrant,
  removeTeamGrant,
  type TeamHolder,
  takeFromTeam,
  updateTeam,
} from './store/postgres-team-store.ts'

export interface TeamsDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}

/** Left out: as it is. */
export interface TeamChanges {
  readonly name?: string | undefined
  readonly classified_access?: boolean | undefined
}

/** AUTH-17: a team's roles on projects are those of its people and service accounts, beside their own. */
export const createTeams = ({ control, appendAudit }: TeamsDeps) => {
  const audit = (
    tx: ControlTx,
    { authority, who }: Caller,
    type: AuditEntry['type'],
    team: Pick<Team, 'id' | 'name'>,
    projectId: number | null = null,
    changes?: AuditEntry['changes'],
  ) =>
    appendAudit(tx, {
      type,
      ...who,
      organizationId: authority.organizationId,
      projectId,
      target: { type: 'team', id: String(team.id), name: team.name },
      ...(changes === undefined ? {} : { changes }),
    })

  /** Nobody who may not give a team's roles changes who has them (auth §6.4). */
  const changing = (caller: Caller, id: number, change: (tx: ControlTx, team: Team) => Promise<void>) =>
    control.tx(async (tx): Promise<Team> => {
      const { authority } = caller
      const team = await lockTeam(tx, authority.organizationId, id)
      if (team === null) throw new NotFound('the organization has no such team')
      for (const grant of team.projects) await refuseGrantBeyond(tx, authority, grant)
      await change(tx, team)
      await tellAccessChanged(tx)
      return (await listTeams(tx, authority.organizationId, id))[0] ?? team
    })

  const create = (caller: Caller, name: string): Promise<Team> =>
    control.tx(async (tx) => {
      const { organizationId } = caller.authority
      const id = await insertTeam(tx, organizationId, name)
      await audit(tx, caller, 'team.created', { id, name })
      const [made] = await listTeams(tx, organizationId, id)
      assert(made !== undefined, 'a team that was just made is there')
      return made
    })

  const change = (caller: Caller, id: number, changes: TeamChanges): Promise<Team> =>
    changing(caller, id, async (tx, team) => {
      const names = (['name', 'classified_access'] as const).filter((key) => (changes[key] ?? team[key]) !== team[key])
      if (names.length === 0) return
      await updateTeam(tx, id, changes.name ?? team.name, changes.classified_access ?? team.classified_access)
      const changed = Object.fromEntries(names.map((key) => [key, { before: team[key], after: changes[key] }]))
      await audit(tx, caller, 'team.updated', team, null, changed)
    })

  /** Only what the team gave is lost. */
  const remove = (caller: Caller, id: number): Promise<Team> =>
    changing(caller, id, async (tx, team) => {
      await deleteTeam(tx, id)
      await audit(tx, caller, 'team.deleted', team)
    })

  const isIn = (team: Team, holder: TeamHolder, id: number): boolean =>
    (holder === 'user' ? team.members : team.service_accounts).includes(id)

  const put = (caller: Caller, teamId: number, holder: TeamHolder, id: number): Promise<Team> =>
    changing(caller, teamId, async (tx, team) => {
      const name = await nameOfHolder(tx, holder, caller.authority.organizationId, id)
      if (name === null) throw new NotFound('the organization has no such member')
      if (isIn(team, holder, id)) return
      await putInTeam(tx, holder, teamId, id)
      await audit(tx, caller, `team.${holder}_added`, team, null, { [holder]: { before: null, after: name } })
    })

  const take = (caller: Caller, teamId: number, holder: TeamHolder, id: number): Promise<Team> =>
    changing(caller, teamId, async (tx, team) => {
      if (!isIn(team, holder, id)) throw new NotFound('the team has no such member')
      const name = await nameOfHolder(tx, holder, caller.authority.organizationId, id)
      await takeFromTeam(tx, holder, teamId, id)
      await audit(tx, caller, `team.${holder}_removed`, team, null, { [holder]: { before: name, after: null } })
    })

  const give = (caller: Caller, teamId: number, grant: ProjectGrant): Promise<Team> =>
    changing(caller, teamId, async (tx, team) => {
      const { authority } = caller
      if (!(await liveProjectIds(tx, authority.organizationId, [grant.id])).has(grant.id)) {
        throw new NoSuchProject(grant.id)
      }
      await refuseGrantBeyond(tx, authority, grant)
      const before = team.projects.find(({ id }) => id === grant.id)
      if (isSameGrant(before, grant)) return
      await putTeamGrant(tx, teamId, grant)
      const role = { before: shownGrant(before), after: shownGrant(grant) }
      await audit(tx, caller, 'project.team_added', team, grant.id, { role })
    })

  const withdraw = (caller: Caller, teamId: number, projectId: number): Promise<Team> =>
    changing(caller, teamId, async (tx, team) => {
      if (!team.projects.some(({ id }) => id === projectId)) throw new NotFound('the team is not in this project')
      await removeTeamGrant(tx, teamId, projectId)
      await audit(tx, caller, 'project.team_removed', team, projectId)
    })

  return {
    create,
    change,
    remove,
    put,
    take,
    give,
    withdraw,
    list: (organizationId: number) => listTeams(control, organizationId),
  }
}

export type Teams = ReturnType<typeof createTeams>

import type { Principal } from '../../../kernel/principal.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'

/** Ids of the teams that somebody is in, now. */
export const findTeams = async (control: ControlTx, principal: Principal): Promise<ReadonlySet<number>> => {
  const [table, id] =
    principal.kind === 'service-account'
      ? ['team_service_account WHERE service_account_id', principal.id]
      : principal.kind === 'session'
        ? ['team_account WHERE account_id', principal.userId]
        : [null, 0]
  if (table === null) return new Set()
  const rows = await control.rows<{ team_id: number }>(`SELECT team_id FROM ${table} = $1`, [id])
  return new Set(rows.map(({ team_id: team }) => team))
}

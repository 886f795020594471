import type { ControlTx } from '../platform/postgres/control-db.ts'
import type { ProvisionedOrganization } from './provision.ts'

type Rules = NonNullable<ProvisionedOrganization['projects'][number]['retention']>

/** PRIV-33: makes how long a project keeps events exactly what the file says. False: it was so already. */
export const applyRetention = async (tx: ControlTx, projectId: number, { days, events }: Rules): Promise<boolean> => {
  const [own] = await tx.rows<{ days: number | null }>('SELECT days FROM project_retention WHERE project_id = $1', [
    projectId,
  ])
  const known = await tx.rows<{ event: string; days: number | null }>(
    'SELECT event, days FROM event_retention WHERE project_id = $1',
    [projectId],
  )
  const textOf = (rules: readonly { readonly event: string; readonly days: number | null }[]): string =>
    rules
      .map((rule) => JSON.stringify([rule.event, rule.days]))
      .sort()
      .join('\n')
  const isSame = own?.days === days && (own === undefined) === (days === undefined) && textOf(known) === textOf(events)
  if (isSame) return false
  await tx.rows('DELETE FROM project_retention WHERE project_id = $1', [projectId])
  await tx.rows('DELETE FROM event_retention WHERE project_id = $1', [projectId])
  if (days !== undefined) {
    await tx.rows('INSERT INTO project_retention (project_id, days) VALUES ($1, $2)', [projectId, days])
  }
  await tx.rows(
    'INSERT INTO event_retention (project_id, event, days) SELECT $1, * FROM unnest($2::text[], $3::integer[])',
    [projectId, events.map(({ event }) => event), events.map((rule) => rule.days)],
  )
  return true
}

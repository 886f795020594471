import type { ControlTx } from '../platform/postgres/control-db.ts'
import type { Provision, ProvisionedOrganization } from './provision.ts'

/** Whether a region holds anything of a project; null: this server does not serve the region, so it cannot tell. */
export type HasData = (projectId: number, regionId: string) => Promise<boolean | null>

type Mode = ProvisionedOrganization['projects'][number]['identity']

/** IDM-01: the mode of a project can be changed only while nothing of anybody is stored: it says what stored ids mean. */
export const identityModeFaults = async (
  tx: ControlTx,
  { organizations }: Provision,
  hasData: HasData,
): Promise<readonly string[]> => {
  const wanted = new Map(organizations.flatMap(({ projects }) => projects.map(({ id, identity }) => [id, identity])))
  const stored = await tx.rows<{ id: number; region: string; identity_mode: Mode }>(
    'SELECT id, region, identity_mode FROM project WHERE id = ANY($1) ORDER BY id',
    [[...wanted.keys()]],
  )
  const faults: string[] = []
  for (const { id, region, identity_mode: mode } of stored) {
    if (mode === wanted.get(id)) continue
    const fault = whyFixed(await hasData(id, region), region)
    if (fault !== null) faults.push(`project ${id}: its identity mode is ${mode} and ${fault}`)
  }
  return faults
}

const whyFixed = (hasData: boolean | null, region: string): string | null => {
  if (hasData === null) return `this server does not serve region ${region}; change it on one that does`
  return hasData ? 'fixed, because the project has data; make a new project for another mode' : null
}

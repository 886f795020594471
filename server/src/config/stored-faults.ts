import { sha256Hex } from '../kernel/hash.ts'
import type { ControlTx } from '../platform/postgres/control-db.ts'
import { groupKeyFaults } from './apply-group-keys.ts'
import { lookupTableFaults } from './apply-lookup-tables.ts'
import type { Provision } from './provision.ts'

/** What the file asks that the store cannot do: all of it, before anything is changed. */
export const storedFaults = async (
  tx: ControlTx,
  { organizations }: Provision,
  groupKeysMax: number,
): Promise<string[]> => {
  const projects = organizations.flatMap((organization) =>
    organization.projects.map((project) => ({ ...project, organizationId: organization.id })),
  )
  const accounts = organizations.flatMap((organization) =>
    organization.service_accounts.map((account) => ({ ...account, organizationId: organization.id })),
  )
  const storedProjects = await tx.rows<{
    id: number
    organization_id: number
    region: string
    token: string
    secret_hash: string
  }>(
    'SELECT id, organization_id, region, token, secret_hash FROM project WHERE id = ANY($1) OR token = ANY($2) OR secret_hash = ANY($3)',
    [projects.map(({ id }) => id), projects.map(({ token }) => token), projects.map(({ secret }) => sha256Hex(secret))],
  )
  const storedAccounts = await tx.rows<{ username: string; organization_id: number }>(
    'SELECT username, organization_id FROM service_account WHERE username = ANY($1)',
    [accounts.map(({ username }) => username)],
  )
  return [
    ...(await lookupTableFaults(tx, projects)),
    ...(await groupKeyFaults(tx, projects, groupKeysMax)),
    ...projects.flatMap((project) => {
      const stored = storedProjects.find(({ id }) => id === project.id)
      const holder = storedProjects.find(
        ({ id, token, secret_hash }) =>
          id !== project.id && (token === project.token || secret_hash === sha256Hex(project.secret)),
      )
      return [
        ...(stored !== undefined && stored.region !== project.region
          ? [
              `project ${project.id}: its region is ${stored.region} and fixed at creation; make a new project in ${project.region}`,
            ]
          : []),
        ...(stored !== undefined && stored.organization_id !== project.organizationId
          ? [
              `project ${project.id}: it belongs to organization ${stored.organization_id} and cannot be moved by this file`,
            ]
          : []),
        ...(holder === undefined
          ? []
          : [`project ${project.id}: its token or secret is in use by project ${holder.id}`]),
      ]
    }),
    ...accounts.flatMap(({ username, organizationId }) => {
      const stored = storedAccounts.find((candidate) => candidate.username === username)
      return stored === undefined || stored.organization_id === organizationId
        ? []
        : [`service account ${username}: it belongs to organization ${stored.organization_id}`]
    }),
  ]
}

import { randomUUID } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import type { AuditEntry } from '../kernel/audit.ts'
import { sha256Hex } from '../kernel/hash.ts'
import type { Clock } from '../kernel/time.ts'
import type { ControlDb, ControlTx } from '../platform/postgres/control-db.ts'
import { applyDataRules, type DataRulesProvision, dataRulesFaults } from './apply-data-rules.ts'
import { upsertGroupKey } from './apply-group-keys.ts'
import { upsertLookupTable } from './apply-lookup-tables.ts'
import { applyRetention } from './apply-retention.ts'
import { ConfigFault } from './config.ts'
import { type HasData, identityModeFaults } from './identity-mode-faults.ts'
import type { Provision, ProvisionedOrganization } from './provision.ts'
import type { RegionConfig } from './regions.ts'
import { storedFaults } from './stored-faults.ts'

export interface ApplyDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly regions: readonly RegionConfig[]
  readonly hasData: HasData
  /** Writes to the audit log inside the given transaction. */
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  /** ING-24: group keys that a project may have. */
  readonly groupKeysMax: number
  readonly dataRules: DataRulesProvision
  /** AUTH-06: when a GDPR token issued at `issuedAtMs` ends. */
  readonly tokenExpiresAtMs: (issuedAtMs: number) => number
}

/** What a start changed. All zero when the file was applied before. */
export interface ProvisionSummary {
  readonly createdCount: number
  readonly changedCount: number
}

interface Work extends ApplyDeps {
  readonly tx: ControlTx
  readonly nowMs: number
  readonly count: { created: number; changed: number }
}

/**
 * Makes the control store agree with the file, in one transaction. What the file does not name stays as it is.
 * Applying the same file again changes nothing. Throws ConfigFault when the file contradicts what is fixed.
 */
export const applyProvision = (deps: ApplyDeps, provision: Provision): Promise<ProvisionSummary> =>
  deps.control.tx(async (tx) => {
    // Servers that start together apply one after the other.
    await tx.rows(`SELECT pg_advisory_xact_lock(hashtext('lethe provision'))`)
    const work: Work = { ...deps, tx, nowMs: deps.clock.nowMs(), count: { created: 0, changed: 0 } }
    const faults = [
      ...dataRulesFaults(provision, deps.dataRules),
      ...(await storedFaults(tx, provision, deps.groupKeysMax)),
      ...(await identityModeFaults(tx, provision, deps.hasData)),
    ]
    if (faults.length > 0) throw new ConfigFault(faults)
    for (const organization of provision.organizations) await applyOrganization(work, organization)
    if (work.count.created + work.count.changed > 0) {
      await tx.rows(`SELECT pg_notify('project_changed', ''), pg_notify('access_changed', '')`)
    }
    return { createdCount: work.count.created, changedCount: work.count.changed }
  })

const applyOrganization = async (work: Work, organization: ProvisionedOrganization): Promise<void> => {
  await upsert(
    work,
    `INSERT INTO organization (id, name) VALUES ($1, $2)
     ON CONFLICT (id) DO UPDATE SET name = $2 WHERE organization.name <> $2 RETURNING (xmax = 0) AS created`,
    [organization.id, organization.name],
  )
  for (const project of organization.projects) await applyProject(work, organization.id, project)
  for (const user of organization.users) await applyUser(work, organization, user)
  for (const account of organization.service_accounts) await applyServiceAccount(work, organization.id, account)
  for (const token of organization.gdpr_tokens) await applyGdprToken(work, organization, token)
}

/** Runs an INSERT … ON CONFLICT that returns `created`, or no row when nothing changed. */
const upsert = async (work: Work, sql: string, params: readonly unknown[]): Promise<'created' | 'changed' | 'same'> => {
  const [row] = await work.tx.rows<{ created: boolean }>(sql, params)
  if (row === undefined) return 'same'
  work.count[row.created ? 'created' : 'changed'] += 1
  return row.created ? 'created' : 'changed'
}

const audit = (work: Work, entry: Omit<AuditEntry, 'actor'>): Promise<void> =>
  work.appendAudit(work.tx, { ...entry, actor: { type: 'system', id: null, name: 'provisioning' } })

const applyProject = async (
  work: Work,
  organizationId: number,
  project: ProvisionedOrganization['projects'][number],
): Promise<void> => {
  const cluster = project.cluster ?? work.regions.find(({ id }) => id === project.region)?.cluster
  // A cluster that the file leaves out is the one set since, or the region's own.
  const outcome = await upsert(
    work,
    `INSERT INTO project AS p (id, organization_id, name, region, cluster, timezone, identity_mode, token, secret_hash, suppress_erased,
       has_project_time)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12)
     ON CONFLICT (id) DO UPDATE SET name = $3, cluster = CASE WHEN $11 THEN $5 ELSE p.cluster END, timezone = $6,
       identity_mode = $7, token = $8, secret_hash = $9, suppress_erased = $10,
       has_project_time = $12
     WHERE (p.name, p.cluster, p.timezone, p.identity_mode, p.token, p.secret_hash, p.suppress_erased,
       p.has_project_time)
       IS DISTINCT FROM ($3, CASE WHEN $11 THEN $5 ELSE p.cluster END, $6, $7, $8, $9, $10, $12)
     RETURNING (xmax = 0) AS created`,
    [
      project.id,
      organizationId,
      project.name,
      project.region,
      cluster,
      project.timezone,
      project.identity,
      project.token,
      sha256Hex(project.secret),
      project.suppress_erased,
      project.cluster !== undefined,
      project.project_time,
    ],
  )
  if (outcome === 'created') {
    const target = { type: 'project', id: String(project.id), name: project.name }
    await audit(work, { type: 'project.created', organizationId, projectId: project.id, target })
  }
  if (project.retention !== undefined && (await applyRetention(work.tx, project.id, project.retention))) {
    work.count.changed += 1
  }
  for (const table of project.lookup_tables) {
    const tableOutcome = await upsert(work, upsertLookupTable, [table.id, project.id, table.name])
    if (tableOutcome !== 'created') continue
    const target = { type: 'lookup_table', ...table }
    await audit(work, { type: 'lookup_table.created', organizationId, projectId: project.id, target })
  }
  for (const { key, display_name: displayName } of project.group_keys) {
    const keyOutcome = await upsert(work, upsertGroupKey, [project.id, key, displayName ?? null])
    if (keyOutcome !== 'created') continue
    const target = { type: 'group_key', id: key }
    await audit(work, { type: 'group_key.created', organizationId, projectId: project.id, target })
  }
  await applyDataRules(work, project)
}

const applyUser = async (
  work: Work,
  organization: ProvisionedOrganization,
  user: ProvisionedOrganization['users'][number],
): Promise<void> => {
  const accountId = await applyAccount(work, user.email, user.password)
  const everywhere = user.role === 'analyst' || user.role === 'consumer' ? user.role : null
  await upsert(
    work,
    `INSERT INTO organization_member AS m (organization_id, account_id, role, classified_access) VALUES ($1, $2, $3, $4)
     ON CONFLICT (organization_id, account_id) DO UPDATE SET role = $3, classified_access = $4
     WHERE (m.role, m.classified_access) IS DISTINCT FROM ($3, $4) RETURNING (xmax = 0) AS created`,
    [organization.id, accountId, everywhere === null ? user.role : 'member', user.classified_access],
  )
  const grants = new Map(everywhere === null ? [] : organization.projects.map(({ id }) => [id, everywhere] as const))
  const all = new Map<number, string>([...grants, ...user.projects.map(({ id, role }) => [id, role] as const)])
  await applyGrants(work, 'project_member', 'account_id', accountId, all, organization.id)
}

const applyAccount = async (work: Work, email: string, password: string): Promise<number> => {
  const [known] = await work.tx.rows<{ id: number; password_hash: string | null }>(
    'SELECT id, password_hash FROM account WHERE lower(email) = lower($1)',
    [email],
  )
  if (known === undefined) {
    const [made] = await work.tx.rows<{ id: number }>(
      'INSERT INTO account (email, password_hash) VALUES ($1, $2) RETURNING id',
      [email, await hash(password)],
    )
    work.count.created += 1
    return (made as { id: number }).id
  }
  const isSame = known.password_hash !== null && (await verify(known.password_hash, password))
  if (!isSame) {
    await work.tx.rows('UPDATE account SET password_hash = $2 WHERE id = $1', [known.id, await hash(password)])
    work.count.changed += 1
  }
  return known.id
}

/** Roles on the projects of this organization become exactly `grants`. */
const applyGrants = async (
  work: Work,
  table: 'project_member' | 'service_account_project',
  holderColumn: 'account_id' | 'service_account_id',
  holderId: number,
  grants: ReadonlyMap<number, string>,
  organizationId: number,
): Promise<void> => {
  const removed = await work.tx.rows(
    `DELETE FROM ${table} WHERE ${holderColumn} = $1 AND project_id <> ALL($2::int[])
       AND project_id IN (SELECT id FROM project WHERE organization_id = $3) RETURNING project_id`,
    [holderId, [...grants.keys()], organizationId],
  )
  work.count.changed += removed.length
  for (const [projectId, role] of grants) {
    await upsert(
      work,
      `INSERT INTO ${table} AS g (${holderColumn}, project_id, role) VALUES ($1, $2, $3)
       ON CONFLICT (${holderColumn}, project_id) DO UPDATE SET role = $3, custom_role_id = NULL
       WHERE g.role <> $3 OR g.custom_role_id IS NOT NULL RETURNING (xmax = 0) AS created`,
      [holderId, projectId, role],
    )
  }
}

const applyServiceAccount = async (
  work: Work,
  organizationId: number,
  account: ProvisionedOrganization['service_accounts'][number],
): Promise<void> => {
  const outcome = await upsert(
    work,
    `INSERT INTO service_account AS s (organization_id, username, secret_hash, expires_at, classified_access, role)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (username) DO UPDATE
       SET secret_hash = $3, expires_at = $4, classified_access = $5, role = coalesce($6, s.role)
     WHERE (s.secret_hash, s.expires_at, s.classified_access, s.role)
       IS DISTINCT FROM ($3, $4::timestamptz, $5, coalesce($6, s.role))
     RETURNING (xmax = 0) AS created`,
    [
      organizationId,
      account.username,
      sha256Hex(account.secret),
      account.expires ?? null,
      account.classified_access,
      account.role ?? null,
    ],
  )
  const [row] = await work.tx.rows<{ id: number }>('SELECT id FROM service_account WHERE username = $1', [
    account.username,
  ])
  const id = (row as { id: number }).id
  const grants = new Map(account.projects.map((grant) => [grant.id, grant.role]))
  await applyGrants(work, 'service_account_project', 'service_account_id', id, grants, organizationId)
  if (outcome === 'created') {
    const target = { type: 'service_account', id: String(id), name: account.username }
    await audit(work, { type: 'service_account.created', organizationId, projectId: null, target })
  }
}

/** A token that was applied before stays as it is, also when it was revoked since. */
const applyGdprToken = async (
  work: Work,
  organization: ProvisionedOrganization,
  { user, token, issued_at }: ProvisionedOrganization['gdpr_tokens'][number],
): Promise<void> => {
  const issuedAtMs = issued_at === undefined ? work.nowMs : Date.parse(issued_at)
  const id = randomUUID()
  const outcome = await upsert(
    work,
    `INSERT INTO gdpr_token (id, account_id, token_hash, token_hint, created_at, expires_at)
     SELECT $1, id, $3, $4, $5, $6 FROM account WHERE lower(email) = lower($2)
     ON CONFLICT (token_hash) DO NOTHING RETURNING true AS created`,
    [id, user, sha256Hex(token), token.slice(0, 4), new Date(issuedAtMs), new Date(work.tokenExpiresAtMs(issuedAtMs))],
  )
  if (outcome !== 'created') return
  // One live token per person (auth §5): those of earlier files end, those beside it in this file stay.
  const beside = organization.gdpr_tokens.filter((other) => other.user.toLowerCase() === user.toLowerCase())
  await work.tx.rows(
    `UPDATE gdpr_token SET revoked_at = $3 WHERE revoked_at IS NULL AND token_hash <> ALL($2::text[])
       AND account_id = (SELECT id FROM account WHERE lower(email) = lower($1))`,
    [user, beside.map((other) => sha256Hex(other.token)), new Date(work.nowMs)],
  )
  const target = { type: 'oauth_token', id, name: user }
  await audit(work, { type: 'oauth_token.created', organizationId: organization.id, projectId: null, target })
}

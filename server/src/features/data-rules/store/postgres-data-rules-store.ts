import { isDeepStrictEqual } from 'node:util'
import type { AuditActor, AuditEntry } from '../../../kernel/audit.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import { type DataRules, noRules } from '../domain/data-rules.ts'
import { DataRulesChanged } from '../errors.ts'

/** As they go out. Version 0: nothing was ever set. */
export interface StoredRules {
  readonly version: number
  readonly updated_at: Date | null
  readonly rules: DataRules
}

export interface Who {
  readonly actor: AuditActor
  readonly requestId?: string
}

export interface NewRules {
  readonly projectId: number
  readonly rules: DataRules
  /** Null: whatever the version is now. */
  readonly version: number | null
  readonly who: Who
}

export type AppendAudit = (tx: ControlTx, entry: AuditEntry) => Promise<void>

export const findRules = async (control: ControlTx, projectId: number): Promise<StoredRules> => {
  const [row] = await control.rows<StoredRules>(
    'SELECT version, updated_at, rules FROM data_rules WHERE project_id = $1',
    [projectId],
  )
  return row ?? { version: 0, updated_at: null, rules: noRules }
}

/**
 * Replaces the rules of a project and tells every server, with the audit entry in the same transaction. Null: they were
 * the same already. Throws DataRulesChanged.
 */
export const replaceRules = async (
  tx: ControlTx,
  appendAudit: AppendAudit,
  { projectId, rules, version, who }: NewRules,
): Promise<StoredRules | null> => {
  // Changes come one after the other.
  await tx.rows('SELECT 1 FROM project WHERE id = $1 FOR NO KEY UPDATE', [projectId])
  const before = await findRules(tx, projectId)
  if (version !== null && version !== before.version) throw new DataRulesChanged(before.version)
  if (isDeepStrictEqual(plain(before.rules), plain(rules))) return null
  const [row] = await tx.rows<StoredRules>(
    `INSERT INTO data_rules (project_id, version, rules) VALUES ($1, $2, $3)
     ON CONFLICT (project_id) DO UPDATE SET version = $2, rules = $3, updated_at = now()
     RETURNING version, updated_at, rules`,
    [projectId, before.version + 1, JSON.stringify(rules)],
  )
  const made = row as StoredRules
  await tx.rows('UPDATE project SET data_rules_version = $2 WHERE id = $1', [projectId, made.version])
  await tx.rows(`SELECT pg_notify('project_changed', '')`)
  await appendAudit(tx, {
    type: 'data_rules.updated',
    ...who,
    organizationId: null,
    projectId,
    target: { type: 'data_rules', id: String(made.version) },
    changes: changesOf(before.rules, rules),
  })
  return made
}

export const changeRules = async (
  control: ControlDb,
  appendAudit: AppendAudit,
  wanted: NewRules,
): Promise<StoredRules> =>
  control.tx(async (tx) => (await replaceRules(tx, appendAudit, wanted)) ?? findRules(tx, wanted.projectId))

/** As JSON keeps it: what is not there and what is undefined are the same. */
const plain = (rules: DataRules): unknown => JSON.parse(JSON.stringify(rules))

/** How many and how strict: names and values of rules are in the rules alone. */
const factsOf = ({ drop_filters: filters, blocked_events: blocked, consent, properties }: DataRules) => ({
  drop_filters: filters.length,
  blocked_events: blocked.length,
  properties: properties.length,
  sec_gpc: consent.sec_gpc,
  dnt: consent.dnt,
  consent_property: consent.property?.policy ?? null,
})

const changesOf = (before: DataRules, after: DataRules): NonNullable<AuditEntry['changes']> => {
  const [old, now] = [factsOf(before), factsOf(after)]
  const names = Object.keys(now) as (keyof typeof now)[]
  return Object.fromEntries(
    names.filter((name) => old[name] !== now[name]).map((name) => [name, { before: old[name], after: now[name] }]),
  )
}

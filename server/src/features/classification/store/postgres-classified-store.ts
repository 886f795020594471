import type { AuditActor, AuditEntry } from '../../../kernel/audit.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'

/** Names of properties, of events and of profiles. */
export interface ClassifiedProperties {
  readonly event: readonly string[]
  readonly profile: readonly string[]
}

export interface Who {
  readonly actor: AuditActor
  readonly organizationId: number | null
  readonly requestId: string
}

export interface ClassifiedStore {
  list(scope: ProjectScope): Promise<ClassifiedProperties>
  /** Replaces all of them; in the audit log, in one transaction with it. */
  set(scope: ProjectScope, properties: ClassifiedProperties, who: Who): Promise<void>
  /** Those that `principal` may not see, asked anew each time: access ends when it is taken away. */
  hiddenFrom(principal: Principal, scope: ProjectScope): Promise<ClassifiedProperties>
}

interface Row {
  readonly kind: 'event' | 'profile'
  readonly name: string
}

const byKind = (rows: readonly Row[]): ClassifiedProperties => {
  const of = (kind: Row['kind']) => rows.filter((row) => row.kind === kind).map(({ name }) => name)
  return { event: of('event'), profile: of('profile') }
}

const listIn = async (tx: ControlTx, projectId: number): Promise<ClassifiedProperties> =>
  byKind(
    await tx.rows<Row>('SELECT kind, name FROM classified_property WHERE project_id = $1 ORDER BY name', [projectId]),
  )

/** By a team that is in the project. */
const accessOfTeam = (table: 'team_account' | 'team_service_account', column: string): string =>
  `SELECT 1 FROM ${table} m JOIN team t ON t.id = m.team_id JOIN team_project g ON g.team_id = t.id
   WHERE m.${column} = $2 AND g.project_id = $1 AND t.classified_access`
const accessOfAccount = `SELECT 1 FROM service_account WHERE id = $2 AND classified_access
  UNION ALL ${accessOfTeam('team_service_account', 'service_account_id')}`
const accessOfPerson = `SELECT 1 FROM organization_member m JOIN project p USING (organization_id)
  WHERE p.id = $1 AND m.account_id = $2 AND m.classified_access
  UNION ALL ${accessOfTeam('team_account', 'account_id')}`

export const createClassifiedStore = (deps: {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}): ClassifiedStore => ({
  list: ({ projectId }) => listIn(deps.control, projectId),

  set: ({ projectId }, properties, { actor, organizationId, requestId }) =>
    deps.control.tx(async (tx) => {
      await tx.rows('SELECT 1 FROM project WHERE id = $1 FOR NO KEY UPDATE', [projectId])
      const before = await listIn(tx, projectId)
      await tx.rows('DELETE FROM classified_property WHERE project_id = $1', [projectId])
      for (const kind of ['event', 'profile'] as const) {
        await tx.rows('INSERT INTO classified_property (project_id, kind, name) SELECT $1, $2, unnest($3::text[])', [
          projectId,
          kind,
          properties[kind],
        ])
      }
      await deps.appendAudit(tx, {
        type: 'classified_properties.updated',
        actor,
        organizationId,
        projectId,
        requestId,
        target: { type: 'classified_properties', id: String(projectId) },
        changes: { classified_properties: { before, after: properties } },
      })
    }),

  hiddenFrom: async (principal, { projectId }) => {
    // A key of the project is nobody: whoever has it has not been granted anything.
    if (!('projectRoles' in principal)) return listIn(deps.control, projectId)
    if (principal.customRoles.get(projectId)?.permissions.has('classified:access')) return { event: [], profile: [] }
    const [access, id] =
      principal.kind === 'service-account' ? [accessOfAccount, principal.id] : [accessOfPerson, principal.userId]
    const rows = await deps.control.rows<Row>(
      `SELECT kind, name FROM classified_property WHERE project_id = $1 AND NOT EXISTS (${access}) ORDER BY name`,
      [projectId, id],
    )
    return byKind(rows)
  },
})

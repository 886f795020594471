import type { AuditEntry, AuditEventType } from '../../../kernel/audit.ts'
import { AppError } from '../../../kernel/errors.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import { type SealKey, seal, unseal } from '../../../kernel/seal.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import type { WarehouseKind } from '../domain/warehouse.ts'
import { NoSuchSource } from '../errors.ts'

/** Who changes something, for the audit log. */
export type Who = Pick<AuditEntry, 'actor' | 'organizationId' | 'requestId'>
export type AppendAudit = (tx: ControlTx, entry: AuditEntry) => Promise<void>

/** A connection as it may be shown. */
export interface Source {
  readonly id: number
  readonly name: string
  readonly kind: WarehouseKind
  readonly params: Readonly<Record<string, string | number | null>>
  readonly created_at: Date
}

export interface SourceStore {
  list(scope: ProjectScope): Promise<readonly Source[]>
  /** Throws AppError CONFLICT for a name that is taken. */
  create(scope: ProjectScope, made: Omit<Source, 'id' | 'created_at'>, password: string, who: Who): Promise<Source>
  /** Its imports stay and can no longer run. Throws NoSuchSource. */
  remove(scope: ProjectScope, id: number, who: Who): Promise<void>
  /** Throws NoSuchSource. */
  open(projectId: number, id: number | null): Promise<{ readonly source: Source; readonly password: string }>
}

const columns = 'id, name, kind, params, created_at'

export const createSourceStore = (control: ControlDb, appendAudit: AppendAudit, key: SealKey): SourceStore => ({
  list: ({ projectId }) =>
    control.rows<Source>(`SELECT ${columns} FROM warehouse_source WHERE project_id = $1 ORDER BY id`, [projectId]),

  create: ({ projectId }, { name, kind, params }, password, who) =>
    control.tx(async (tx) => {
      const [made] = await tx.rows<Source>(
        `INSERT INTO warehouse_source (project_id, name, kind, params, secrets) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (project_id, name) DO NOTHING RETURNING ${columns}`,
        [projectId, name, kind, JSON.stringify(params), seal(key, `${projectId}/${name}`, password)],
      )
      if (made === undefined) {
        throw new AppError('CONFLICT', 'the project has a warehouse source of this name', { status: 409 })
      }
      await appendAudit(tx, entryOf('warehouse_source.created', projectId, made, who))
      return made
    }),

  remove: ({ projectId }, id, who) =>
    control.tx(async (tx) => {
      const [removed] = await tx.rows<Source>(
        `DELETE FROM warehouse_source WHERE project_id = $1 AND id = $2 RETURNING ${columns}`,
        [projectId, id],
      )
      if (removed === undefined) throw new NoSuchSource()
      await appendAudit(tx, entryOf('warehouse_source.deleted', projectId, removed, who))
    }),

  open: async (projectId, id) => {
    const [row] = await control.rows<Source & { readonly secrets: string }>(
      `SELECT ${columns}, secrets FROM warehouse_source WHERE project_id = $1 AND id = $2`,
      [projectId, id],
    )
    if (row === undefined) throw new NoSuchSource()
    const { secrets, ...source } = row
    return { source, password: unseal(key, `${projectId}/${source.name}`, secrets) }
  },
})

const entryOf = (type: AuditEventType, projectId: number, { id, name }: Source, who: Who): AuditEntry => ({
  type,
  ...who,
  projectId,
  target: { type: 'warehouse_source', id: String(id), name },
})

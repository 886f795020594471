import type { AuditActor, AuditEntry } from '../../../kernel/audit.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import { NoSuchDefinition, TooManyDefinitions } from '../errors.ts'
import { sharingEvents } from '../sharing-events.ts'

export type DefinitionKind = 'funnel' | 'bookmark' | 'cohort' | 'custom-event' | 'data-view' | 'custom-property'

/** Who saved something: a person who logs in, or a service account. */
export interface Creator {
  /** Only annotations may be of a project's secret. */
  readonly type: 'user' | 'service_account' | 'project_secret'
  readonly id: number
  readonly name: string
}

export interface NewDefinition {
  readonly name: string
  readonly description: string
  readonly isVisible: boolean
  readonly definition: object
}

/** As stored; `definition` was checked by the schema of its kind when it was saved. */
export interface SavedDefinition extends NewDefinition {
  readonly id: number
  readonly creator: Creator
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** Who changes something, for the audit log. */
export interface Who {
  readonly actor: AuditActor
  readonly creator: Creator
  readonly organizationId: number
  readonly requestId: string
}

/** What analysts have saved in projects. Changes are in the audit log, in one transaction with it. */
export interface DefinitionStore {
  /** By id, oldest first. */
  list(scope: ProjectScope, kind: DefinitionKind): Promise<readonly SavedDefinition[]>
  /** Those of the ids that are there. */
  some(scope: ProjectScope, kind: DefinitionKind, ids: readonly number[]): Promise<readonly SavedDefinition[]>
  /** Throws NoSuchDefinition. */
  get(scope: ProjectScope, kind: DefinitionKind, id: number): Promise<SavedDefinition>
  /** Throws TooManyDefinitions. */
  create(scope: ProjectScope, kind: DefinitionKind, sent: NewDefinition, who: Who): Promise<SavedDefinition>
  /** Keys that are left out stay. Throws NoSuchDefinition. */
  update(
    scope: ProjectScope,
    kind: DefinitionKind,
    id: number,
    sent: Partial<NewDefinition>,
    who: Who,
  ): Promise<SavedDefinition>
  /** Throws NoSuchDefinition. */
  remove(scope: ProjectScope, kind: DefinitionKind, id: number, who: Who): Promise<void>
}

export interface DefinitionStoreDeps {
  readonly control: ControlDb
  /** Writes to the audit log inside the given transaction. */
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  /** Of one kind in one project. */
  readonly countMax: number
}

interface Row {
  readonly id: number
  readonly name: string
  readonly description: string
  readonly is_visible: boolean
  readonly definition: object
  readonly creator_type: Creator['type']
  readonly creator_id: number
  readonly creator_name: string
  readonly created_at: Date
  readonly updated_at: Date
}

const columns =
  'id, name, description, is_visible, definition, creator_type, creator_id, creator_name, created_at, updated_at'

const ofRow = (row: Row): SavedDefinition => ({
  id: row.id,
  name: row.name,
  description: row.description,
  isVisible: row.is_visible,
  definition: row.definition,
  creator: { type: row.creator_type, id: row.creator_id, name: row.creator_name },
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

const first = (rows: readonly Row[], kind: DefinitionKind, id: number): SavedDefinition => {
  const [row] = rows
  if (row === undefined) throw new NoSuchDefinition(kind, id)
  return ofRow(row)
}

export const createDefinitionStore = ({ control, appendAudit, countMax }: DefinitionStoreDeps): DefinitionStore => {
  const some: DefinitionStore['some'] = async ({ projectId }, kind, ids) => {
    const rows = await control.rows<Row>(
      `SELECT ${columns} FROM saved_definition WHERE project_id = $1 AND kind = $2 AND id = ANY($3::integer[])
       ORDER BY id`,
      [projectId, kind, ids],
    )
    return rows.map(ofRow)
  }
  return {
    list: async ({ projectId }, kind) => {
      const rows = await control.rows<Row>(
        `SELECT ${columns} FROM saved_definition WHERE project_id = $1 AND kind = $2 ORDER BY id`,
        [projectId, kind],
      )
      return rows.map(ofRow)
    },
    some,
    get: async (scope, kind, id) => {
      const [found] = await some(scope, kind, [id])
      if (found === undefined) throw new NoSuchDefinition(kind, id)
      return found
    },

    create: (scope, kind, sent, who) =>
      control.tx(async (tx) => {
        // Two that come together are counted one after the other.
        await tx.rows('SELECT 1 FROM project WHERE id = $1 FOR NO KEY UPDATE', [scope.projectId])
        const [used] = await tx.rows<{ n: number }>(
          'SELECT count(*)::int AS n FROM saved_definition WHERE project_id = $1 AND kind = $2',
          [scope.projectId, kind],
        )
        if ((used?.n ?? 0) >= countMax) throw new TooManyDefinitions(kind, countMax)
        const { type, id, name } = who.creator
        const [row] = await tx.rows<Row>(
          `INSERT INTO saved_definition
             (project_id, kind, name, description, is_visible, definition, creator_type, creator_id, creator_name)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING ${columns}`,
          [
            scope.projectId,
            kind,
            sent.name,
            sent.description,
            sent.isVisible,
            JSON.stringify(sent.definition),
            type,
            id,
            name,
          ],
        )
        const made = ofRow(row as Row)
        if (kind === 'cohort') await tx.rows('INSERT INTO cohort_state (cohort_id) VALUES ($1)', [made.id])
        const entry = entryOf('created', scope, kind, made, who)
        for (const event of [{}, ...sharingEvents(kind, null, made.definition)])
          await appendAudit(tx, { ...entry, ...event })
        return made
      }),

    update: (scope, kind, id, sent, who) =>
      control.tx(async (tx) => {
        const [before] = await tx.rows<Pick<Row, 'definition'>>(
          'SELECT definition FROM saved_definition WHERE id = $1 AND project_id = $2 AND kind = $3 FOR UPDATE',
          [id, scope.projectId, kind],
        )
        const rows = await tx.rows<Row>(
          `UPDATE saved_definition SET name = coalesce($4, name), description = coalesce($5, description),
             is_visible = coalesce($6, is_visible), definition = coalesce($7, definition), updated_at = now()
           WHERE id = $1 AND project_id = $2 AND kind = $3 RETURNING ${columns}`,
          [
            id,
            scope.projectId,
            kind,
            sent.name ?? null,
            sent.description ?? null,
            sent.isVisible ?? null,
            sent.definition === undefined ? null : JSON.stringify(sent.definition),
          ],
        )
        const changed = first(rows, kind, id)
        const entry = entryOf('updated', scope, kind, changed, who)
        const shared = sharingEvents(kind, before?.definition ?? null, changed.definition)
        for (const event of [{}, ...shared]) await appendAudit(tx, { ...entry, ...event })
        return changed
      }),

    remove: (scope, kind, id, who) =>
      control.tx(async (tx) => {
        const rows = await tx.rows<Row>(
          `DELETE FROM saved_definition WHERE id = $1 AND project_id = $2 AND kind = $3 RETURNING ${columns}`,
          [id, scope.projectId, kind],
        )
        await appendAudit(tx, entryOf('deleted', scope, kind, first(rows, kind, id), who))
      }),
  }
}

const auditName = {
  funnel: 'funnel',
  bookmark: 'bookmark',
  cohort: 'cohort',
  'custom-event': 'custom_event',
  'data-view': 'data_view',
  'custom-property': 'custom_property',
} as const satisfies Record<DefinitionKind, string>

const entryOf = (
  what: 'created' | 'updated' | 'deleted',
  { projectId }: ProjectScope,
  kind: DefinitionKind,
  { id, name }: SavedDefinition,
  { actor, organizationId, requestId }: Who,
): AuditEntry => ({
  type: `${auditName[kind]}.${what}`,
  actor,
  organizationId,
  requestId,
  projectId,
  target: { type: auditName[kind], id: String(id), name },
})

import type { AuditActor, AuditEntry } from '../../../kernel/audit.ts'
import { dataGroupId } from '../../../kernel/group-key.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import { GroupKeyExists, NoSuchGroupKey, TooManyGroupKeys } from '../errors.ts'

/** As it goes out. */
export interface GroupKey {
  readonly key: string
  readonly display_name: string
  /** What `data_group_id` of /engage names it by. */
  readonly data_group_id: string
  readonly created_at: Date
}

export interface Who {
  readonly actor: AuditActor
  readonly requestId: string
}

/** The group keys of projects. Changes are in the audit log, in one transaction with it. */
export interface GroupKeyStore {
  /** Oldest first. */
  list(scope: ProjectScope): Promise<readonly GroupKey[]>
  /** Throws GroupKeyExists, TooManyGroupKeys. */
  add(scope: ProjectScope, key: string, displayName: string, who: Who): Promise<GroupKey>
  /** Profiles of its groups stay, and are those of the key again when it comes back. Throws NoSuchGroupKey. */
  remove(scope: ProjectScope, key: string, who: Who): Promise<void>
}

export interface GroupKeyStoreDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly keyCountMax: number
}

const listSql = `
SELECT key, display_name, created_at FROM project_group_key WHERE project_id = $1 ORDER BY created_at, key`

type Row = Omit<GroupKey, 'data_group_id'>

const ofRow = (projectId: number, { key, display_name, created_at }: Row): GroupKey => ({
  key,
  display_name,
  data_group_id: dataGroupId(projectId, key),
  created_at,
})

const listKeys = async (
  control: ControlTx,
  { projectId }: Pick<ProjectScope, 'projectId'>,
): Promise<readonly GroupKey[]> => (await control.rows<Row>(listSql, [projectId])).map((row) => ofRow(projectId, row))

/** The key of a project by its `data_group_id`, or by itself; null when there is none. */
export const findGroupKey = async (
  control: ControlTx,
  scope: ProjectScope,
  dataGroup: string,
): Promise<string | null> => {
  const keys = await listKeys(control, scope)
  return keys.find(({ key, data_group_id: id }) => id === dataGroup || key === dataGroup)?.key ?? null
}

export const createGroupKeyStore = ({ control, appendAudit, keyCountMax }: GroupKeyStoreDeps): GroupKeyStore => ({
  list: (scope) => listKeys(control, scope),

  add: ({ projectId }, key, displayName, who) =>
    control.tx(async (tx) => {
      // Two that come together are counted one after the other.
      await tx.rows('SELECT 1 FROM project WHERE id = $1 FOR NO KEY UPDATE', [projectId])
      const known = await listKeys(tx, { projectId })
      if (known.some((found) => found.key === key)) throw new GroupKeyExists()
      if (known.length >= keyCountMax) throw new TooManyGroupKeys(keyCountMax)
      const [made] = await tx.rows<Row>(
        `INSERT INTO project_group_key (project_id, key, display_name) VALUES ($1, $2, $3)
         RETURNING key, display_name, created_at`,
        [projectId, key, displayName],
      )
      await appendAudit(tx, entryOf('group_key.created', projectId, key, who))
      return ofRow(projectId, made as Row)
    }),

  remove: ({ projectId }, key, who) =>
    control.tx(async (tx) => {
      const removed = await tx.rows('DELETE FROM project_group_key WHERE project_id = $1 AND key = $2 RETURNING key', [
        projectId,
        key,
      ])
      if (removed.length === 0) throw new NoSuchGroupKey()
      await appendAudit(tx, entryOf('group_key.deleted', projectId, key, who))
    }),
})

const entryOf = (type: AuditEntry['type'], projectId: number, key: string, who: Who): AuditEntry => ({
  type,
  ...who,
  organizationId: null,
  projectId,
  target: { type: 'group_key', id: key },
})

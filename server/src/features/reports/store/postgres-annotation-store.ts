import type { AuditEntry } from '../../../kernel/audit.ts'
import { InvalidRequest } from '../../../kernel/errors.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import { NoSuchAnnotation } from '../errors.ts'
import type { Who } from './postgres-definition-store.ts'

/** As it goes out (reports §9). */
export interface Annotation {
  /** `YYYY-MM-DD HH:mm:ss`, wall-clock time of the project. */
  readonly date: string
  readonly description: string
  readonly id: number
  readonly user: { readonly id: number; readonly first_name: string; readonly last_name: string }
  readonly tags: readonly { readonly id: number; readonly name: string }[]
}

export interface AnnotationTag {
  readonly id: number
  readonly name: string
  readonly project_id: number
  readonly has_annotations: boolean
}

export interface NewAnnotation {
  readonly date: string
  readonly description: string
  readonly tags: readonly number[]
}

/** RPT-12. Changes are in the audit log, in one transaction with it. */
export interface AnnotationStore {
  /** Oldest first; `YYYY-MM-DD` bounds, both inclusive, null for none. */
  list(scope: ProjectScope, fromDay: string | null, toDay: string | null): Promise<readonly Annotation[]>
  /** Throws NoSuchAnnotation. */
  get(scope: ProjectScope, id: string): Promise<Annotation>
  /** Throws InvalidRequest for a tag that is not there. */
  create(scope: ProjectScope, sent: NewAnnotation, who: Who): Promise<Annotation>
  update(
    scope: ProjectScope,
    id: string,
    sent: { readonly description?: string | undefined; readonly tags?: readonly number[] | undefined },
    who: Who,
  ): Promise<Annotation>
  remove(scope: ProjectScope, id: string, who: Who): Promise<void>
  tags(scope: ProjectScope): Promise<readonly AnnotationTag[]>
  /** The tag of that name, made when it is not there. */
  createTag(scope: ProjectScope, name: string): Promise<AnnotationTag>
}

const selectSql = `
SELECT to_char(a.noted_for, 'YYYY-MM-DD HH24:MI:SS') AS date, a.description, a.id,
  json_build_object('id', a.creator_id, 'first_name', a.creator_name, 'last_name', '') AS user,
  coalesce((SELECT json_agg(json_build_object('id', t.id, 'name', t.name) ORDER BY t.id)
            FROM annotation_tag_use u JOIN annotation_tag t ON t.id = u.tag_id WHERE u.annotation_id = a.id), '[]') AS tags
FROM annotation a WHERE a.project_id = $1`

const tagsSql = `
SELECT t.id, t.name, t.project_id, EXISTS (SELECT 1 FROM annotation_tag_use u WHERE u.tag_id = t.id) AS has_annotations
FROM annotation_tag t WHERE t.project_id = $1`

/** What is no id would be an error of the store. */
const idOf = (text: string): number => {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0
  if (id < 1 || id > 2_147_483_647) throw new NoSuchAnnotation(text)
  return id
}

const find = async (tx: ControlTx, { projectId }: ProjectScope, id: string): Promise<Annotation> => {
  const [found] = await tx.rows<Annotation>(`${selectSql} AND a.id = $2`, [projectId, idOf(id)])
  if (found === undefined) throw new NoSuchAnnotation(id)
  return found
}

const setTags = async (
  tx: ControlTx,
  { projectId }: ProjectScope,
  id: number,
  tags: readonly number[],
): Promise<void> => {
  const wanted = [...new Set(tags)]
  await tx.rows('DELETE FROM annotation_tag_use WHERE annotation_id = $1', [id])
  const used = await tx.rows(
    `INSERT INTO annotation_tag_use (annotation_id, tag_id)
     SELECT $1, id FROM annotation_tag WHERE project_id = $2 AND id = ANY($3::integer[]) RETURNING tag_id`,
    [id, projectId, wanted],
  )
  if (used.length < wanted.length) throw new InvalidRequest('tags must be ids of tags of this project')
}

export interface AnnotationStoreDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}

export const createAnnotationStore = ({ control, appendAudit }: AnnotationStoreDeps): AnnotationStore => ({
  list: ({ projectId }, fromDay, toDay) =>
    control.rows<Annotation>(
      `${selectSql} AND ($2::date IS NULL OR a.noted_for >= $2::date)
         AND ($3::date IS NULL OR a.noted_for < $3::date + 1) ORDER BY a.noted_for, a.id`,
      [projectId, fromDay, toDay],
    ),
  get: (scope, id) => find(control, scope, id),

  create: (scope, sent, who) =>
    control.tx(async (tx) => {
      const { type, id: creatorId, name } = who.creator
      const [made] = await tx.rows<{ id: number }>(
        `INSERT INTO annotation (project_id, noted_for, description, creator_type, creator_id, creator_name)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
        [scope.projectId, sent.date, sent.description, type, creatorId, name],
      )
      const id = (made as { id: number }).id
      await setTags(tx, scope, id, sent.tags)
      await appendAudit(tx, entryOf('annotation.created', scope, id, who))
      return find(tx, scope, String(id))
    }),

  update: (scope, id, sent, who) =>
    control.tx(async (tx) => {
      const before = await find(tx, scope, id)
      const description = sent.description ?? before.description
      await tx.rows('UPDATE annotation SET description = $2 WHERE id = $1', [before.id, description])
      if (sent.tags !== undefined) await setTags(tx, scope, before.id, sent.tags)
      await appendAudit(tx, entryOf('annotation.updated', scope, before.id, who))
      return find(tx, scope, id)
    }),

  remove: (scope, id, who) =>
    control.tx(async (tx) => {
      const before = await find(tx, scope, id)
      await tx.rows('DELETE FROM annotation WHERE id = $1', [before.id])
      await appendAudit(tx, entryOf('annotation.deleted', scope, before.id, who))
    }),

  tags: ({ projectId }) => control.rows<AnnotationTag>(`${tagsSql} ORDER BY t.id`, [projectId]),
  createTag: async ({ projectId }, name) => {
    await control.rows('INSERT INTO annotation_tag (project_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      projectId,
      name,
    ])
    const [made] = await control.rows<AnnotationTag>(`${tagsSql} AND t.name = $2`, [projectId, name])
    return made as AnnotationTag
  },
})

const entryOf = (
  type: AuditEntry['type'],
  { projectId }: ProjectScope,
  id: number,
  { actor, organizationId, requestId }: Who,
): AuditEntry => ({ type, actor, organizationId, requestId, projectId, target: { type: 'annotation', id: String(id) } })

import { InvalidRequest } from '../../../kernel/errors.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import { changeLexicon, type LexiconStoreDeps, type Who } from './lexicon-change.ts'

export type MarkKind = 'event' | 'event-property'

export interface Mark {
  readonly kind: MarkKind
  readonly name: string
  /** Null: questions read it as itself. */
  readonly mergedInto: string | null
  /** Null: nobody vouches for it. */
  readonly verified: { readonly by: string; readonly at: Date } | null
}

export interface Merge {
  readonly kind: MarkKind
  readonly names: readonly string[]
  readonly into: string
}

/** Merges and vouching: what a schema has no place for (LEX-07, LEX-10). */
export interface MarkStore {
  list(scope: ProjectScope): Promise<readonly Mark[]>
  /** Names that were merged into one of `names` go along. Throws InvalidRequest for a target that is merged away. */
  merge(scope: ProjectScope, merge: Merge, who: Who): Promise<void>
  /** Answers how many of the names were merged away. */
  unmerge(scope: ProjectScope, kind: MarkKind, names: readonly string[], who: Who): Promise<number>
  verify(scope: ProjectScope, names: readonly string[], isVerified: boolean, who: Who): Promise<void>
}

interface Row {
  readonly kind: MarkKind
  readonly name: string
  readonly merged_into: string | null
  readonly verified_by: string | null
  readonly verified_at: Date | null
}

export const createMarkStore = (deps: LexiconStoreDeps): MarkStore => ({
  list: async ({ projectId }) => {
    const rows = await deps.control.rows<Row>(
      `SELECT kind, name, merged_into, verified_by, verified_at FROM lexicon_mark WHERE project_id = $1
       ORDER BY kind, name`,
      [projectId],
    )
    return rows.map(({ kind, name, merged_into: mergedInto, verified_by: by, verified_at: at }) => ({
      kind,
      name,
      mergedInto,
      verified: by === null || at === null ? null : { by, at },
    }))
  },

  merge: (scope, { kind, names, into }, who) =>
    changeLexicon(deps, scope, who, async (tx) => {
      const { projectId } = scope
      const [away] = await tx.rows(
        'SELECT 1 FROM lexicon_mark WHERE project_id = $1 AND kind = $2 AND name = $3 AND merged_into IS NOT NULL',
        [projectId, kind, into],
      )
      if (away !== undefined) throw new InvalidRequest("'into' is itself merged into another one")
      await upsert(tx, projectId, kind, names, { column: 'merged_into', value: into })
      // No name is read by way of another: a chain would have to be followed by every read.
      await tx.rows(
        'UPDATE lexicon_mark SET merged_into = $4 WHERE project_id = $1 AND kind = $2 AND merged_into = ANY($3::text[])',
        [projectId, kind, names, into],
      )
      return { result: undefined, type: 'lexicon.merged', counts: { merged: names.length } }
    }),

  unmerge: (scope, kind, names, who) =>
    changeLexicon(deps, scope, who, async (tx) => {
      const changed = await tx.rows(
        `UPDATE lexicon_mark SET merged_into = NULL
         WHERE project_id = $1 AND kind = $2 AND name = ANY($3::text[]) AND merged_into IS NOT NULL RETURNING 1`,
        [scope.projectId, kind, names],
      )
      return { result: changed.length, type: 'lexicon.merged', counts: { unmerged: changed.length } }
    }),

  verify: (scope, names, isVerified, who) =>
    changeLexicon(deps, scope, who, async (tx) => {
      const by = isVerified ? (who.actor.name ?? '') : null
      await upsert(tx, scope.projectId, 'event', names, { column: 'verified_by', value: by })
      await tx.rows(
        `UPDATE lexicon_mark SET verified_at = CASE WHEN verified_by IS NULL THEN NULL ELSE now() END
         WHERE project_id = $1 AND kind = 'event' AND name = ANY($2::text[])`,
        [scope.projectId, names],
      )
      const counts = isVerified ? { verified: names.length } : { unverified: names.length }
      return { result: undefined, type: 'lexicon.updated', counts }
    }),
})

const upsert = (
  tx: ControlTx,
  projectId: number,
  kind: MarkKind,
  names: readonly string[],
  { column, value }: { readonly column: 'merged_into' | 'verified_by'; readonly value: string | null },
) =>
  tx.rows(
    `INSERT INTO lexicon_mark (project_id, kind, name, ${column})
     SELECT $1, $2, name, $4 FROM unnest($3::text[]) AS name
     ON CONFLICT (project_id, kind, name) DO UPDATE SET ${column} = excluded.${column}`,
    [projectId, kind, names, value],
  )

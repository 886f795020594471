import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import type { EntryKind, PropertySchema, Schema } from '../domain/schema.ts'
import { TooManyDeletions, TooManyEntries } from '../errors.ts'
import { changeLexicon, type LexiconStoreDeps, type Who } from './lexicon-change.ts'

export interface Entry {
  readonly kind: EntryKind
  readonly name: string
  readonly definition: Schema & PropertySchema
}

/** Which entries: all of the kinds, or the one of that name. */
export interface Chosen {
  readonly kinds: readonly EntryKind[]
  readonly name?: string | undefined
}

export interface Written {
  readonly addedCount: number
  readonly deletedCount: number
}

/** What becomes of an entry; `before` null: there was none. Throws InvalidRequest. */
export type Write = (before: Entry['definition'] | null) => Entry['definition']

export interface EntryStore {
  /** By kind and name. */
  list(scope: ProjectScope, chosen: Chosen): Promise<readonly Entry[]>
  /**
   * Writes entries in their order: one that is named twice is written on what the first made of it. With `truncated`
   * those kinds are emptied before. Throws TooManyDeletions, TooManyEntries and what `write` throws; then nothing changes.
   */
  write(
    scope: ProjectScope,
    wanted: {
      readonly entries: readonly { readonly kind: EntryKind; readonly name: string; readonly write: Write }[]
      readonly truncated: readonly EntryKind[]
    },
    who: Who,
  ): Promise<Written>
  /** Answers how many. Throws TooManyDeletions. */
  remove(scope: ProjectScope, chosen: Chosen, who: Who): Promise<number>
}

export interface EntryStoreDeps extends LexiconStoreDeps {
  /** Of one project. */
  readonly entryCountMax: number
  /** Of one request (LEX-05). */
  readonly deletionCountMax: number
}

export const listEntries = (
  tx: ControlTx,
  { projectId }: ProjectScope,
  { kinds, name }: Chosen,
): Promise<readonly Entry[]> =>
  tx.rows<Entry>(
    `SELECT kind, name, definition FROM lexicon_entry
     WHERE project_id = $1 AND kind = ANY($2::text[]) AND ($3::text IS NULL OR name = $3) ORDER BY kind, name`,
    [projectId, kinds, name ?? null],
  )

export const createEntryStore = (deps: EntryStoreDeps): EntryStore => {
  const removeIn = async (tx: ControlTx, { projectId }: ProjectScope, { kinds, name }: Chosen): Promise<number> => {
    const removed = await tx.rows(
      `DELETE FROM lexicon_entry
       WHERE project_id = $1 AND kind = ANY($2::text[]) AND ($3::text IS NULL OR name = $3) RETURNING 1`,
      [projectId, kinds, name ?? null],
    )
    // The transaction ends here, and nothing is gone.
    if (removed.length > deps.deletionCountMax) throw new TooManyDeletions(deps.deletionCountMax)
    return removed.length
  }
  return {
    list: (scope, chosen) => listEntries(deps.control, scope, chosen),

    write: (scope, { entries, truncated }, who) =>
      changeLexicon(deps, scope, who, async (tx) => {
        const deletedCount = truncated.length === 0 ? 0 : await removeIn(tx, scope, { kinds: truncated })
        const written = new Map<string, Entry>()
        for (const { kind, name, definition } of await findNamed(tx, scope, entries)) {
          written.set(keyOf(kind, name), { kind, name, definition })
        }
        for (const { kind, name, write } of entries) {
          const key = keyOf(kind, name)
          written.set(key, { kind, name, definition: write(written.get(key)?.definition ?? null) })
        }
        await upsert(tx, scope, [...written.values()])
        const [held] = await tx.rows<{ n: number }>(
          'SELECT count(*)::int AS n FROM lexicon_entry WHERE project_id = $1',
          [scope.projectId],
        )
        if ((held?.n ?? 0) > deps.entryCountMax) throw new TooManyEntries(deps.entryCountMax)
        const result = { addedCount: entries.length, deletedCount }
        return { result, type: 'lexicon.updated', counts: { written: entries.length, deleted: deletedCount } }
      }),

    remove: (scope, chosen, who) =>
      changeLexicon(deps, scope, who, async (tx) => {
        const result = await removeIn(tx, scope, chosen)
        return { result, type: 'lexicon.deleted', counts: { deleted: result } }
      }),
  }
}

const keyOf = (kind: EntryKind, name: string): string => `${kind} ${name}`

const findNamed = (
  tx: ControlTx,
  { projectId }: ProjectScope,
  entries: readonly { readonly kind: EntryKind; readonly name: string }[],
): Promise<readonly Entry[]> =>
  tx.rows<Entry>(
    `SELECT kind, name, definition FROM lexicon_entry
     WHERE project_id = $1 AND (kind, name) IN (SELECT * FROM unnest($2::text[], $3::text[]))`,
    [projectId, entries.map(({ kind }) => kind), entries.map(({ name }) => name)],
  )

const upsert = (tx: ControlTx, { projectId }: ProjectScope, entries: readonly Entry[]) =>
  tx.rows(
    `INSERT INTO lexicon_entry (project_id, kind, name, definition)
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::jsonb[])
     ON CONFLICT (project_id, kind, name) DO UPDATE SET definition = excluded.definition, updated_at = now()`,
    [
      projectId,
      entries.map(({ kind }) => kind),
      entries.map(({ name }) => name),
      entries.map(({ definition }) => JSON.stringify(definition)),
    ],
  )

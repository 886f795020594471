import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import { type Effects, noEffects } from '../domain/effects.ts'
import type { EntryKind } from '../domain/schema.ts'

/** What the lexicons of projects do, read anew only after a change. */
export interface EffectsReader {
  /** As of now: asks the control store for the version each time. */
  current(projectId: number): Promise<Effects>
}

const projectCountMax = 1_000

export const createEffectsReader = (control: ControlDb): EffectsReader => {
  const known = new Map<number, Promise<Effects>>()
  return {
    current: async (projectId) => {
      const [project] = await control.rows<{ version: number }>(
        'SELECT lexicon_version AS version FROM project WHERE id = $1',
        [projectId],
      )
      const version = project?.version ?? 0
      if (version === 0) return noEffects
      const found = known.get(projectId)
      // Who reads is not refused over somebody else's failed reading.
      const effects = await found?.catch(() => undefined)
      if (found !== undefined && effects?.version === version) return effects
      const reading = readEffects(control, projectId)
      known.delete(projectId)
      known.set(projectId, reading)
      if (known.size > projectCountMax) known.delete(known.keys().next().value as number)
      return reading
    },
  }
}

interface EntryRow {
  readonly kind: EntryKind
  readonly name: string
  readonly hidden: boolean
  readonly dropped: boolean
  /** Of its properties those that are hidden or dropped. */
  readonly properties: Readonly<Record<string, { readonly hidden?: boolean; readonly dropped?: boolean }>> | null
}

const isMarked = (value: string, mark: 'hidden' | 'dropped'): string =>
  `coalesce(${value} #>> '{metadata,com.mixpanel,${mark}}' = 'true', false)`

const entryRows = (tx: ControlTx, projectId: number): Promise<readonly EntryRow[]> =>
  tx.rows<EntryRow>(
    `SELECT kind, name, ${isMarked('definition', 'hidden')} AS hidden, ${isMarked('definition', 'dropped')} AS dropped,
       (SELECT jsonb_object_agg(p.key, p.value #> '{metadata,com.mixpanel}')
        FROM jsonb_each(definition -> 'properties') AS p
        WHERE ${isMarked('p.value', 'hidden')} OR ${isMarked('p.value', 'dropped')}) AS properties
     FROM lexicon_entry WHERE project_id = $1`,
    [projectId],
  )

interface MergeRow {
  readonly kind: 'event' | 'event-property'
  readonly name: string
  readonly merged_into: string
}

/** One state: all of it is of one version. */
export const readEffects = (control: ControlDb, projectId: number): Promise<Effects> =>
  control.tx(async (tx) => {
    await tx.rows('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    const [project] = await tx.rows<{ version: number; since: string | null }>(
      `SELECT lexicon_version AS version, approval_since AS since
       FROM project LEFT JOIN lexicon_settings ON project_id = id WHERE id = $1`,
      [projectId],
    )
    const entries = await entryRows(tx, projectId)
    const merges = await tx.rows<MergeRow>(
      'SELECT kind, name, merged_into FROM lexicon_mark WHERE project_id = $1 AND merged_into IS NOT NULL',
      [projectId],
    )
    return effectsOf(entries, merges, project?.version ?? 0, project?.since ?? null)
  })

const effectsOf = (
  entries: readonly EntryRow[],
  merges: readonly MergeRow[],
  version: number,
  approvalSince: string | null,
): Effects => {
  const of = (kind: EntryKind) => entries.filter((entry) => entry.kind === kind)
  const [events, profiles, properties] = [of('event'), of('profile'), of('event-property')]
  const names = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name)
  const marked = (row: EntryRow, mark: 'hidden' | 'dropped'): readonly string[] =>
    Object.entries(row.properties ?? {}).flatMap(([name, marks]) => (marks[mark] === true ? [name] : []))
  const mergesOf = (kind: MergeRow['kind']) =>
    new Map(merges.filter((row) => row.kind === kind).map(({ name, merged_into: into }) => [name, into]))
  return {
    version,
    approvalSince,
    hiddenEvents: names(events.filter(({ hidden }) => hidden)),
    blockedEvents: names(events.filter(({ dropped }) => dropped)),
    decidedEvents: new Set(names(events)),
    hiddenProperties: {
      ofEvery: names(properties.filter(({ hidden }) => hidden)),
      of: new Map(events.flatMap((row) => (row.properties === null ? [] : [[row.name, marked(row, 'hidden')]]))),
    },
    hiddenProfileProperties: profiles.flatMap((row) => marked(row, 'hidden')),
    blockedProperties: [
      ...names(properties.filter(({ dropped }) => dropped)).map((name) => ({ name })),
      ...events.flatMap((row) => marked(row, 'dropped').map((name) => ({ name, event: row.name }))),
    ],
    mergedEvents: mergesOf('event'),
    mergedProperties: mergesOf('event-property'),
  }
}

import { isDeepStrictEqual } from 'node:util'
import type { ProjectScope } from '../../../kernel/scope.ts'
import { defaultSettings, type LexiconSettings } from '../domain/standards.ts'
import { LexiconSettingsChanged } from '../errors.ts'
import { changeLexicon, type LexiconStoreDeps, type Who } from './lexicon-change.ts'

/** Version 0: nothing was ever set. */
export interface StoredSettings {
  readonly version: number
  readonly updated_at: Date | null
  readonly settings: LexiconSettings
}

export interface NewSettings {
  readonly settings: LexiconSettings
  /** Undefined: whatever the version is now. */
  readonly version?: number | undefined
  /** The engine's clock: when approval begins, if it does now. */
  readonly engineNow: string
}

export interface LexiconSettingsStore {
  find(scope: ProjectScope): Promise<StoredSettings>
  /** Throws LexiconSettingsChanged. */
  replace(scope: ProjectScope, wanted: NewSettings, who: Who): Promise<StoredSettings>
}

export const createLexiconSettingsStore = (deps: LexiconStoreDeps): LexiconSettingsStore => {
  const find = async ({ projectId }: ProjectScope, tx: Pick<typeof deps.control, 'rows'>): Promise<StoredSettings> => {
    const [row] = await tx.rows<StoredSettings>(
      'SELECT version, updated_at, settings FROM lexicon_settings WHERE project_id = $1',
      [projectId],
    )
    return row ?? { version: 0, updated_at: null, settings: defaultSettings }
  }
  return {
    find: (scope) => find(scope, deps.control),

    replace: (scope, { settings, version, engineNow }, who) =>
      changeLexicon(deps, scope, who, async (tx) => {
        const before = await find(scope, tx)
        if (version !== undefined && version !== before.version) throw new LexiconSettingsChanged(before.version)
        const type = 'lexicon.settings_updated'
        if (isDeepStrictEqual(before.settings, settings)) return { result: before, type, counts: {} }
        const isOn = settings.event_approval
        await tx.rows(
          `INSERT INTO lexicon_settings (project_id, version, settings, approval_since) VALUES ($1, $2, $3, $4)
           ON CONFLICT (project_id) DO UPDATE SET version = $2, settings = $3, updated_at = now(),
             approval_since = CASE WHEN $5 THEN coalesce(lexicon_settings.approval_since, $4) END`,
          [scope.projectId, before.version + 1, JSON.stringify(settings), isOn ? engineNow : null, isOn],
        )
        return { result: await find(scope, tx), type, counts: { version: before.version + 1 } }
      }),
  }
}

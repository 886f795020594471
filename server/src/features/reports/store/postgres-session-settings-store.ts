import { isDeepStrictEqual } from 'node:util'
import type { AuditActor, AuditEntry } from '../../../kernel/audit.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import { defaultSessionSettings, type SessionSettings } from '../definitions/session-settings.ts'
import { SessionSettingsChanged } from '../errors.ts'

/** Version 0: nothing was ever set. */
export interface StoredSessionSettings {
  readonly version: number
  readonly updated_at: Date | null
  readonly settings: SessionSettings
}

export interface NewSessionSettings {
  readonly settings: SessionSettings
  /** Undefined: whatever the version is now. */
  readonly version?: number | undefined
  readonly who: {
    readonly actor: AuditActor
    readonly organizationId: number | null
    readonly requestId: string
  }
}

export interface SessionSettingsStore {
  find(scope: ProjectScope): Promise<StoredSessionSettings>
  /** With the audit entry in the same transaction. Throws SessionSettingsChanged. */
  replace(scope: ProjectScope, wanted: NewSessionSettings): Promise<StoredSessionSettings>
}

export interface SessionSettingsStoreDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}

const findIn = async (tx: ControlTx, projectId: number): Promise<StoredSessionSettings> => {
  const [row] = await tx.rows<StoredSessionSettings>(
    'SELECT version, updated_at, settings FROM session_settings WHERE project_id = $1',
    [projectId],
  )
  return row ?? { version: 0, updated_at: null, settings: defaultSessionSettings }
}

export const createSessionSettingsStore = ({
  control,
  appendAudit,
}: SessionSettingsStoreDeps): SessionSettingsStore => ({
  find: ({ projectId }) => findIn(control, projectId),

  replace: ({ projectId }, { settings, version, who }) =>
    control.tx(async (tx) => {
      // Changes come one after the other.
      await tx.rows('SELECT 1 FROM project WHERE id = $1 FOR NO KEY UPDATE', [projectId])
      const before = await findIn(tx, projectId)
      if (version !== undefined && version !== before.version) throw new SessionSettingsChanged(before.version)
      if (isDeepStrictEqual(before.settings, settings)) return before
      await tx.rows(
        `INSERT INTO session_settings (project_id, version, settings) VALUES ($1, $2, $3)
         ON CONFLICT (project_id) DO UPDATE SET version = $2, settings = $3, updated_at = now()`,
        [projectId, before.version + 1, JSON.stringify(settings)],
      )
      await appendAudit(tx, {
        type: 'session_settings.updated',
        ...who,
        projectId,
        target: { type: 'session_settings', id: String(before.version + 1) },
        changes: { session_settings: { before: before.settings, after: settings } },
      })
      return findIn(tx, projectId)
    }),
})

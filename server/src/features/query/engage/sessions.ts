import { randomAlphanumeric } from '../../../kernel/ids.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlDb } from '../../../platform/postgres/control-db.ts'
import { readErasureEpoch } from '../../../platform/postgres/erasure-epoch.ts'

/** Pages of one question. Who is on them is in the region engine; nothing that was asked is kept. */
export interface EngageSession {
  readonly sessionId: string
  readonly pageSize: number
  readonly total: number
  /** Whether ids without a profile are shown. */
  readonly hasBareIds: boolean
}

/** QRY-11: sessions of all servers, in the control store. */
export interface EngageSessions {
  /** Null: unknown, of another project, or a day old. */
  find(scope: ProjectScope, sessionId: string): Promise<EngageSession | null>
  create(scope: ProjectScope, session: EngageSession): Promise<void>
  /** Grows when an erasure starts or ends in the project. */
  erasureEpoch(scope: ProjectScope): Promise<number>
}

/** Looks as those of the public API do: seconds since 1970 and something random. */
export const newSessionId = (nowMs: number): string => `${Math.floor(nowMs / 1_000)}-${randomAlphanumeric(12)}`

interface Row {
  readonly page_size: number
  readonly total: number
  readonly has_bare_ids: boolean
}

export const createEngageSessions = (control: ControlDb): EngageSessions => ({
  find: async ({ projectId }, sessionId) => {
    const [row] = await control.rows<Row>(
      `SELECT page_size, total, has_bare_ids FROM engage_session
       WHERE session_id = $1 AND project_id = $2 AND created_at > now() - interval '1 day'`,
      [sessionId, projectId],
    )
    if (row === undefined) return null
    return { sessionId, pageSize: row.page_size, total: row.total, hasBareIds: row.has_bare_ids }
  },
  create: async ({ projectId }, { sessionId, pageSize, total, hasBareIds }) => {
    await control.rows(`DELETE FROM engage_session WHERE created_at < now() - interval '2 days'`)
    await control.rows(
      'INSERT INTO engage_session (session_id, project_id, page_size, total, has_bare_ids) VALUES ($1, $2, $3, $4, $5)',
      [sessionId, projectId, pageSize, total, hasBareIds],
    )
  },
  erasureEpoch: ({ projectId }) => readErasureEpoch(control, projectId),
})

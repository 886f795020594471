import type { Route } from '../../http/route.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { groupKeyRoutes } from './routes.ts'
import { createGroupKeyStore } from './store/postgres-group-key-store.ts'

export interface GroupsDeps {
  readonly control: ControlDb
  /** Writes to the audit log inside the given transaction. */
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly keyCountMax: number
}

/** ING-24: which properties name groups in a project. Their profiles are part of the slices ingestion and profiles. */
export const createGroups = (deps: GroupsDeps): { readonly routes: readonly Route[] } => ({
  routes: groupKeyRoutes(createGroupKeyStore(deps)),
})

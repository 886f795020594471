import type { ControlTx } from '../../../platform/postgres/control-db.ts'

/**
 * Held until `tx` ends: nobody else decides joins in the region meanwhile (ADR 0011). An erasure takes it before it
 * hides anybody, so that no join is decided by what was seen before and written after. Before any slot of profiles.
 */
export const lockLinks = async (tx: ControlTx, regionId: string): Promise<void> => {
  await tx.rows('SELECT pg_advisory_xact_lock(hashtext($1), 0)', [`identity_link/${regionId}`])
}

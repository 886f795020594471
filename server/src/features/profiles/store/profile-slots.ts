import { createHash } from 'node:crypto'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import type { ProfileTable } from './profile-rows.ts'

const slotCount = 64

/** Which of a table's locks guards a profile; `idText` is unique within the project. */
export const profileSlot = (projectId: number, idText: string): number =>
  createHash('sha256').update(`${projectId}/${idText}`).digest().readUInt8(0) % slotCount

// Ascending, always: two servers that want the same slots wait for each other in one direction only.
const lockSql = `
SELECT pg_advisory_xact_lock(hashtext($1), wanted.slot)
FROM (SELECT unnest($2::int[]) AS slot ORDER BY slot) AS wanted`

/** Held until `tx` ends. Whoever holds a slot may read and write its profiles; nobody else does meanwhile. */
export const lockProfileSlots = async (
  tx: ControlTx,
  table: ProfileTable<never>['name'],
  regionId: string,
  slots: Iterable<number>,
): Promise<void> => {
  await tx.rows(lockSql, [`${table}/${regionId}`, [...new Set(slots)].sort((a, b) => a - b)])
}

/**
 * Held until `tx` ends: no person's profile of the region changes meanwhile. For whoever changes what is hidden, so that no
 * update carries what it read before into a row that is written after.
 */
export const lockAllProfileSlots = (tx: ControlTx, regionId: string): Promise<void> =>
  lockProfileSlots(tx, 'profile', regionId, Array(slotCount).keys())

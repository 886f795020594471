import type { ControlDb } from './control-db.ts'

/** Grows when an erasure starts or ends in the project; read now, not from what a server remembers. 0: no such project. */
export const readErasureEpoch = async (control: Pick<ControlDb, 'rows'>, projectId: number): Promise<number> => {
  const [row] = await control.rows<{ erasure_epoch: number }>('SELECT erasure_epoch FROM project WHERE id = $1', [
    projectId,
  ])
  return row?.erasure_epoch ?? 0
}

import type { Reply } from '../../http/route.ts'
import { AppError } from '../../kernel/errors.ts'
import type { ObjectStore } from '../../platform/objects/object-store.ts'
import type { PrivacyTask } from './domain/task.ts'

/** The archive of a retrieval as a file. Throws 410 when it is no longer kept. `onFound` comes before the first byte. */
export const archiveReply = async (
  objects: (regionId: string) => ObjectStore,
  task: PrivacyTask | null,
  onFound: (task: PrivacyTask) => Promise<void>,
): Promise<Reply> => {
  const gone = new AppError('NOT_FOUND', 'the archive is no longer kept', { status: 410 })
  if (task === null || task.state !== 'SUCCESS' || task.archiveObjectKey === null) throw gone
  const object = await objects(task.region).get(task.archiveObjectKey)
  if (object === null) throw gone
  await onFound(task)
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/zip',
      'Content-Length': String(object.info.sizeBytes),
      'Content-Disposition': `attachment; filename="retrieval-${task.trackingId}.zip"`,
      'Cache-Control': 'no-store',
    },
    body: object.body,
  }
}

import { sha256Hex } from '../../../../kernel/hash.ts'
import { dayMs } from '../../../../kernel/time.ts'
import type { Draft, Step, StepContext } from '../event-draft.ts'
import { eventRowText, jsonLiteral } from '../row-text.ts'
import { isIdentityEvent } from './record-shape.ts'

const nameProperty = 'mp_original_event_name'
const idProperty = 'mp_original_distinct_id'

/**
 * IDM-10: an event of an id that is hot is kept under another name, beside what it was. Its row stays under the id, so
 * that the person can still be found and forgotten; whoever reads is shown nobody (identity §7). Last of the steps: what
 * is not stored is not counted.
 */
export const putHotShard: Step = (draft, { hotness }) => {
  const { event, distinctId, properties } = draft
  if (hotness === null || distinctId === '' || isIdentityEvent(event)) return null
  // Exported once before, and sent again.
  if (Object.hasOwn(properties, nameProperty) || Object.hasOwn(properties, idProperty)) return null
  const found = hotness(distinctId, draft.timeMs)
  if (found === 'usual') return null
  draft.propertiesText += `,"${nameProperty}":${textMember(event)},"${idProperty}":${textMember(distinctId)}`
  draft.event = '$hotshard_events'
  draft.becomesHot = found === 'becomes-hot'
  return null
}

const textMember = (text: string): string => jsonLiteral(JSON.stringify(text))

/**
 * The row that says that an id became hot; null: it did not just now. The same whichever server writes it and however
 * often: time and `$insert_id` are those of the id and the day, so that it counts once (ingestion §8).
 */
export const hotRecordRow = (draft: Draft, context: StepContext): string | null => {
  if (!draft.becomesHot) return null
  const day = Math.floor(draft.timeMs / dayMs)
  const record: Draft = {
    ...draft,
    event: '$hotshard_record',
    timeMs: day * dayMs,
    ids: { deviceId: null, userId: null, distinctId: null },
    insertId: sha256Hex(`${context.projectId}/${day}/${draft.distinctId}`).slice(0, 36),
    propertiesText: `,"hotshard_distinct_id":${textMember(draft.distinctId)}`,
    placeText: '',
    sizeBytes: 0,
  }
  return eventRowText(record, context)
}

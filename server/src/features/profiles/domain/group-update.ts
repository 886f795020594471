import { namesPeople } from '../../../kernel/group-key.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import { type CheckedUpdate, checkRecord, idText, rejectUpdate } from './profile-update.ts'

/** Which group profile: `company` · `acme`. */
export interface GroupId {
  readonly groupKey: string
  readonly groupId: string
}

/** ING-23: checks one record of `/groups` as sent; ids that are no texts become texts (ingestion §13). */
export const checkGroupUpdate = (record: JsonValue | undefined, receivedAtMs: number): CheckedUpdate<GroupId> =>
  checkRecord(record, receivedAtMs, (sent) => {
    const groupKey = typeof sent['$group_key'] === 'string' ? idText(sent['$group_key']) : ''
    if (groupKey === '') return rejectUpdate('group-key-missing', '$group_key', 'must be a non-empty string')
    if (namesPeople(groupKey)) return rejectUpdate('group-key-of-people', '$group_key', 'names people, not groups')
    const groupId = idText(sent['$group_id'])
    if (groupId === '') return rejectUpdate('group-id-missing', '$group_id', 'must be a non-empty string')
    return { kind: 'accept', value: { groupKey, groupId } }
  })

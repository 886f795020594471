import type { GroupId } from '../domain/group-update.ts'
import { type NewestRow, type ProfileTable, storedProfile } from './profile-rows.ts'

// Groups are not people: nothing hides or erases them (privacy §1.9).
const newestSql = `
SELECT group_key, group_id, toString(version) AS version, properties, is_deleted AS is_gone
FROM group_profile
WHERE project_id = {projectId:UInt64}
  AND (group_key, group_id) IN arrayZip({keys:Array(String)}, {ids:Array(String)})
ORDER BY group_profile.version DESC
LIMIT 1 BY group_key, group_id`

const textOf = ({ groupKey, groupId }: GroupId): string => JSON.stringify([groupKey, groupId])

/** ING-23: profiles of groups, by group key and group id. */
export const groupProfiles: ProfileTable<GroupId> = {
  name: 'group_profile',
  textOf,
  idMembers: ({ groupKey, groupId }) => `"group_key":${JSON.stringify(groupKey)},"group_id":${JSON.stringify(groupId)}`,
  // A group is nobody's alias.
  canonicalIds: async () => new Map(),
  readNewest: async (db, projectId, ids) => {
    const params = { projectId, keys: ids.map(({ groupKey }) => groupKey), ids: ids.map(({ groupId }) => groupId) }
    const rows = await db.rows<NewestRow & { readonly group_key: string; readonly group_id: string }>(newestSql, {
      params,
    })
    return new Map(rows.map((row) => [textOf({ groupKey: row.group_key, groupId: row.group_id }), storedProfile(row)]))
  },
}

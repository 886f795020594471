import type { JsonValue } from '../../../kernel/json.ts'

// What says who or where somebody is, by its name alone (privacy §6.2). `$insert_id` stays: it is a new one for each
// event, and without it a retry would count twice.
const removed: ReadonlySet<string> = new Set([
  '$distinct_id',
  '$device_id',
  '$user_id',
  '$identified_id',
  '$anon_id',
  '$anon_distinct_id',
  '$distinct_ids',
  '$distinct_id_before_identity',
  '$had_persisted_distinct_id',
  '$preshuffle_distinct_id',
  'mp_original_distinct_id',
  'alias',
  'ip',
  '$ip',
  '$city',
  '$region',
  'mp_country_code',
  '$country_code',
  '$timezone',
  '$latitude',
  '$longitude',
  '$name',
  '$first_name',
  '$last_name',
  '$email',
  '$phone',
  '$avatar',
  '$created',
  '$carrier',
  '$mp_replay_id',
  '$mp_session_id',
  'current_url_search',
  // Ids of a click, which an advertiser can tell the person by.
  'dclid',
  'fbclid',
  'gclid',
  'ko_click_id',
  'li_fat_id',
  'msclkid',
  'sccid',
  'ttclid',
  'twclid',
  'wbraid',
])

// The same under names of one's own, in any spelling: `userId`, `user_id`, `$user-id`.
const removedInAnySpelling: ReadonlySet<string> = new Set([
  'userid',
  'username',
  'visitorid',
  'customerid',
  'accountid',
  'memberid',
  'clientid',
  'sessionid',
  'deviceid',
  'anonymousid',
  'distinctid',
  'advertisingid',
  'idfa',
  'idfv',
  'gaid',
  'email',
  'emailaddress',
  'phone',
  'phonenumber',
  'firstname',
  'lastname',
  'fullname',
  'ipaddress',
])

// What stands behind `?` or `#` can name anybody.
const addresses: ReadonlySet<string> = new Set(['$current_url', '$referrer', '$initial_referrer'])

const spelled = (name: string): string => name.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase()

// No name of the list is longer, however it is spelled; what is longer need not be looked at.
const spelledLengthMax = 64

const saysWho = (name: string): boolean =>
  removed.has(name) || (name.length <= spelledLengthMax && removedInAnySpelling.has(spelled(name)))

type Properties = { readonly [name: string]: JsonValue }

/** The properties of an event that nobody did: without ids, place and names; the page without what follows `?`. */
export const anonymised = (properties: Properties): Properties => {
  const left: Record<string, JsonValue> = Object.create(null)
  for (const [name, value] of Object.entries(properties)) {
    if (saysWho(name)) continue
    left[name] = addresses.has(name) && typeof value === 'string' ? (value.split(/[?#]/, 1)[0] ?? '') : value
  }
  // A statement: this event belongs to nobody (identity §8).
  return Object.assign(left, { distinct_id: '' })
}

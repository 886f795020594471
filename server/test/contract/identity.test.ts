import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fastPrivacy } from '../fault/fault-rig.ts'
import { basic, type Lethe, newDataDir, runLethe, startLethe } from '../support/lethe.ts'
import { exportEvents, type PrivacyOfficer, privacyOfficer, type StoredEvent } from '../support/privacy-officer.ts'
import { defaultProvision } from '../support/provision.ts'

type Mode = 'simplified' | 'original' | 'legacy'
const modes: readonly Mode[] = ['simplified', 'original', 'legacy']
const key = (seed: string) => seed.padEnd(32, '0')
const projects = Object.fromEntries(
  modes.map((identity, at) => [
    identity,
    { id: 1101 + at, token: key(`110${at}a`), secret: key(`110${at}b`), identity },
  ]),
) as Record<Mode, { readonly id: number; readonly token: string; readonly secret: string; readonly identity: Mode }>
const provisionOf = (list: readonly object[]) => {
  const [acme, ...others] = defaultProvision().organizations
  const more = list.map((project) => ({ name: 'Shop', region: 'US', timezone: 'UTC', ...project }))
  return { organizations: [{ ...acme, projects: [...(acme?.projects ?? []), ...more] }, ...others] }
}

let lethe: Lethe
let dataDir: string
beforeAll(async () => {
  dataDir = await newDataDir()
  const env = { ...fastPrivacy, LETHE_EXPORT_PER_HOUR: '100000', LETHE_EXPORT_PER_SECOND: '1000' }
  lethe = await startLethe({ dataDir, provision: provisionOf(Object.values(projects)), env })
})
afterAll(async () => {
  await lethe?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

const officerOf = (mode: Mode): PrivacyOfficer => privacyOfficer(lethe, { token: projects[mode].token })
type Properties = Readonly<Record<string, unknown>>

const track = async (mode: Mode, event: string, properties: Properties): Promise<string> => {
  const { token } = projects[mode]
  return (await lethe.post('/track', { body: [{ event, properties: { token, ...properties } }] })).text
}
const importAll = async (
  mode: Mode,
  events: readonly { readonly event: string; readonly properties: Properties }[],
) => {
  const answer = await lethe.post('/import?strict=1', { headers: basic(projects[mode].secret), body: events })
  expect([answer.status, answer.json()]).toMatchObject([200, { num_records_imported: events.length }])
}
const engage = async (mode: Mode, $distinct_id: string, operation: Properties): Promise<void> => {
  const answer = await lethe.post('/engage', { body: [{ $token: projects[mode].token, $distinct_id, ...operation }] })
  expect(answer.text).toBe('1')
}
const exported = async (mode: Mode, event: string): Promise<readonly StoredEvent['properties'][]> =>
  (await exportEvents(lethe, projects[mode]))
    .filter((found) => found.event === event)
    .map(({ properties }) => properties)
/** Who the events belong to now, in the order of their `n`. */
const owners = async (mode: Mode, event: string): Promise<readonly unknown[]> =>
  [...(await exported(mode, event))]
    .sort((a, b) => Number(a['n']) - Number(b['n']))
    .map((properties) => properties['distinct_id'])

let nameCount = 0
const aName = () => {
  nameCount += 1
  return `Event${nameCount}`
}

describe('simplified mode', () => {
  it('reproduces the worked table, and a second user does not move history (IDM-03)', async () => {
    const event = aName()
    const [d1, d2] = [randomUUID(), randomUUID()]
    const rows = [[d1], [d1], [d1, 'U1'], [d2], [d1, 'U2'], [d1]]
    for (const [n, [$device_id, $user_id]] of rows.entries())
      await track('simplified', event, { n, $device_id, $user_id })
    expect(await owners('simplified', event)).toEqual(['U1', 'U1', 'U1', `$device:${d2}`, 'U2', 'U1'])
    const [first, , own] = await exported('simplified', event)
    const marks = {
      $distinct_id_before_identity: `$device:${d1}`,
      $is_reshuffled: true,
      $preshuffle_distinct_id: `$device:${d1}`,
    }
    expect(first).toMatchObject(marks)
    expect(own).not.toHaveProperty('$is_reshuffled')
  })

  it('lists the profile of a device until it is somebody, and sends later updates to who it is', async () => {
    const [device, other] = [randomUUID(), randomUUID()]
    const user = `user ${device}`
    const listed = async () => {
      const found = await lethe.post('/api/query/engage', { headers: basic(projects.simplified.secret), body: {} })
      const shown: readonly { $distinct_id: string; $properties: Properties }[] = found.json().results
      return new Map(shown.map(({ $distinct_id, $properties }) => [$distinct_id, $properties['mark']]))
    }
    for (const id of [device, other]) await engage('simplified', `$device:${id}`, { $set: { mark: id } })
    expect([...(await listed()).values()]).toEqual(expect.arrayContaining([device, other]))

    await track('simplified', aName(), { $device_id: device, $user_id: user })
    expect((await listed()).has(`$device:${device}`)).toBe(false)
    await engage('simplified', `$device:${device}`, { $set: { mark: 'later' } })
    const after = await listed()
    expect([after.get(user), after.get(`$device:${other}`)]).toEqual(['later', other])
    expect(after.has(`$device:${device}`)).toBe(false)

    const { people } = await officerOf('simplified').retrieve(user)
    expect(people.map(({ $distinct_id }) => $distinct_id).sort()).toEqual([`$device:${device}`, user])
    await officerOf('simplified').erase(user)
    expect((await officerOf('simplified').retrieve(user, `$device:${device}`)).people).toEqual([])
  })

  it('links nothing by $identify, $create_alias and $merge, and keeps profiles where they are', async () => {
    const event = aName()
    const device = randomUUID()
    await track('simplified', event, { n: 0, distinct_id: 'plainA' })
    await importAll('simplified', [
      { event: '$identify', properties: { distinct_id: 'plainB', $anon_distinct_id: 'plainA' } },
      { event: '$create_alias', properties: { distinct_id: 'plainB', alias: 'plainA' } },
      { event: '$merge', properties: { distinct_id: 'plainB', $distinct_ids: ['plainB', 'plainA'] } },
    ])
    expect(await owners('simplified', event)).toEqual(['plainA'])
    await engage('simplified', `$device:${device}`, { $set: { a: 1 } })
    await track('simplified', event, { n: 1, $device_id: device, $user_id: 'carried' })
    await engage('simplified', 'carried', { $set: { b: 1 } })
    expect(await officerOf('simplified').profile('carried')).toEqual(expect.not.objectContaining({ a: 1 }))
    expect(await officerOf('simplified').profile(`$device:${device}`)).toMatchObject({ a: 1 })
  })
})

describe('original mode', () => {
  it('joins by $identify in both forms, backwards too, and marks what moved', async () => {
    const event = aName()
    const [anon, device] = [randomUUID(), randomUUID()]
    await track('original', event, { n: 0, distinct_id: anon })
    await track('original', event, { n: 1, distinct_id: `$device:${device}` })
    expect(await track('original', '$identify', { $identified_id: 'ada', $anon_id: anon })).toBe('1')
    const sdk = { distinct_id: 'ada', $user_id: 'ada', $device_id: device, $anon_distinct_id: `$device:${device}` }
    expect(await track('original', '$identify', sdk)).toBe('1')
    await track('original', event, { n: 2, distinct_id: anon })
    expect(await owners('original', event)).toEqual(['ada', 'ada', 'ada'])
    expect((await exported('original', event))[0]).toMatchObject({
      distinct_id: 'ada',
      $distinct_id_before_identity: anon,
      $is_reshuffled: true,
      $preshuffle_distinct_id: anon,
    })
    const identified = (await exported('original', '$identify')).filter((found) => found['distinct_id'] === 'ada')
    expect(identified).toHaveLength(2)
    for (const properties of identified) expect(properties).not.toHaveProperty('$failure_reason')
  })

  it('stores what it refuses, with the reason, and answers as if it were good', async () => {
    const anon = randomUUID()
    const cases: readonly (readonly [string, Properties, string | undefined])[] = [
      ['$identify', { $identified_id: 'eva', $anon_id: anon }, undefined],
      ['$identify', { $identified_id: 'eva', $anon_id: anon }, undefined],
      ['$identify', { $identified_id: 'eve', $anon_id: anon }, 'anon_id_already_merged'],
      ['$identify', { $identified_id: 'eve', $anon_id: 'no uuid' }, 'anon_id_not_uuid4'],
      ['$identify', { $identified_id: anon, $anon_id: anon }, 'same_id'],
      ['$create_alias', { distinct_id: 'eva', alias: 'nick' }, undefined],
      ['$create_alias', { distinct_id: 'eve', alias: 'nick' }, 'alias_already_used'],
      ['$create_alias', { distinct_id: 'eve', alias: 'undefined' }, 'id_not_a_person'],
    ]
    for (const [n, [event, properties]] of cases.entries()) {
      expect(await track('original', event, { case: `refusal${n}`, ...properties })).toBe('1')
    }
    const all = [...(await exported('original', '$identify')), ...(await exported('original', '$create_alias'))]
    for (const [n, [, , reason]] of cases.entries()) {
      const [stored, ...more] = all.filter((found) => found['case'] === `refusal${n}`)
      expect(more).toEqual([])
      expect([n, stored?.['$failure_reason']]).toEqual([n, reason])
      expect(typeof stored?.['$failure_description']).toBe(reason === undefined ? 'undefined' : 'string')
    }
  })

  it('$merge has an effect by /import, and none by /track (IDM-07)', async () => {
    const event = aName()
    for (const [n, distinct_id] of ['mergeA', 'mergeB'].entries()) await track('original', event, { n, distinct_id })
    const properties = { $distinct_ids: ['mergeA', 'mergeB'] }
    expect(await track('original', '$merge', properties)).toBe('1')
    expect(await owners('original', event)).toEqual(['mergeA', 'mergeB'])
    expect(await exported('original', '$merge')).toEqual([])
    await importAll('original', [{ event: '$merge', properties }])
    expect(await owners('original', event)).toEqual(['mergeA', 'mergeA'])
    expect((await exported('original', '$merge'))[0]).toMatchObject({ distinct_id: 'mergeA' })
  })

  it('takes the 500th id of a person and refuses the 501st (IDM-08)', async () => {
    const anons = Array.from({ length: 500 }, () => randomUUID())
    const identify = ($anon_id: string, n: number) => ({
      event: '$identify',
      properties: { $identified_id: 'crowd', $anon_id, crowd: n },
    })
    await importAll('original', anons.map(identify))
    const stored = (await exported('original', '$identify')).filter((found) => found['crowd'] !== undefined)
    const refused = stored.filter((found) => found['$failure_reason'] !== undefined)
    expect([stored.length, refused.length]).toEqual([500, 1])
    expect(refused[0]).toMatchObject({ crowd: 499, $failure_reason: 'cluster_limit_exceeded' })
    const { manifest } = await officerOf('original').retrieve(anons[250] as string)
    expect(JSON.stringify(manifest)).not.toContain(anons[499])
  })

  it('has one profile per person, whatever id an update comes under, unless it says $ignore_alias', async () => {
    const [anon, officer] = [randomUUID(), officerOf('original')]
    await engage('original', anon, { $set: { from: 'ad', plan: 'free' } })
    await engage('original', 'joy', { $set: { plan: 'paid' } })
    await track('original', '$identify', { $identified_id: 'joy', $anon_id: anon })
    await engage('original', anon, { $set: { late: true } })
    const { people } = await officer.retrieve(anon)
    expect(people).toMatchObject([{ $distinct_id: 'joy', $properties: { plan: 'paid', from: 'ad', late: true } }])
    await engage('original', anon, { $delete: '', $ignore_alias: true })
    expect((await officer.retrieve('joy')).people).toHaveLength(1)
    await engage('original', anon, { $delete: '' })
    expect((await officer.retrieve('joy')).people).toEqual([])
  })
})

describe('legacy mode', () => {
  it('resolves an alias to its root from then on, once, and does not look back', async () => {
    const event = aName()
    const send = (n: number, distinct_id: string) => track('legacy', event, { n, distinct_id })
    await send(0, 'new')
    expect(await track('legacy', '$create_alias', { distinct_id: 'old', alias: 'new' })).toBe('1')
    expect(await track('legacy', '$create_alias', { distinct_id: 'new', alias: 'newer' })).toBe('1')
    expect(await track('legacy', '$create_alias', { distinct_id: 'stranger', alias: 'new', again: true })).toBe('1')
    for (const [n, id] of ['old', 'new', 'newer', 'stranger'].entries()) await send(n + 1, id)
    expect(await owners('legacy', event)).toEqual(['new', 'old', 'old', 'old', 'stranger'])
    const day = new Date().toISOString().slice(0, 10)
    const { secret } = projects.legacy
    const ofNew = `from_date=${day}&to_date=${day}&distinct_ids=${encodeURIComponent('["new"]')}`
    const { results } = (await lethe.get(`/api/query/stream/query?${ofNew}`, { headers: basic(secret) })).json()
    const told = results.events.filter((found: StoredEvent) => found.event === event)
    expect(told.map((found: StoredEvent) => found.properties['distinct_id'])).toEqual(['new', 'old', 'old', 'old'])
    const aliases = await exported('legacy', '$create_alias')
    expect(aliases.map((found) => found['$failure_reason'])).toEqual(
      aliases.map((found) => (found['again'] === true ? 'alias_already_used' : undefined)),
    )
    expect(aliases).toHaveLength(3)
  })

  it('takes $identify and $merge for plain events', async () => {
    const event = aName()
    const anon = randomUUID()
    await track('legacy', event, { n: 0, distinct_id: anon })
    await track('legacy', '$identify', { $identified_id: 'plain', $anon_id: anon, distinct_id: 'plain' })
    await importAll('legacy', [
      { event: '$merge', properties: { distinct_id: 'plain', $distinct_ids: ['plain', anon] } },
    ])
    expect(await owners('legacy', event)).toEqual([anon])
  })

  it('sends updates of an alias to the profile of the original, and $ignore_alias past it', async () => {
    const people = async () =>
      Object.fromEntries(
        (await officerOf('legacy').retrieve('root')).people.map((one) => [one.$distinct_id, one.$properties]),
      )
    await engage('legacy', 'nick', { $set: { before: 1 } })
    await track('legacy', '$create_alias', { distinct_id: 'root', alias: 'nick' })
    await engage('legacy', 'nick', { $set: { after: 1 } })
    expect(await people()).toMatchObject({ root: { after: 1 }, nick: { before: 1 } })
    await engage('legacy', 'nick', { $delete: '', $ignore_alias: true })
    expect(Object.keys(await people())).toEqual(['root'])
    await engage('legacy', 'nick', { $delete: '' })
    expect(await people()).toEqual({})
  })
})

describe('erasure of a person by any of their ids', () => {
  const device = randomUUID()
  const join: Record<Mode, (user: string) => Promise<unknown>> = {
    simplified: (user) => track('simplified', 'Login', { $device_id: device, $user_id: user }),
    original: (user) => track('original', '$identify', { $identified_id: user, $anon_id: device }),
    legacy: (user) => track('legacy', '$create_alias', { distinct_id: user, alias: device }),
  }

  it.each(modes)('%s: erases all of them, and who comes back is somebody new', async (mode) => {
    const event = aName()
    const officer = officerOf(mode)
    const anonymous = mode === 'simplified' ? `$device:${device}` : device
    await track(mode, event, { n: 0, distinct_id: 'leaver' })
    await track(mode, event, { n: 1, distinct_id: anonymous })
    await track(mode, event, { n: 2, distinct_id: 'stayer' })
    await join[mode]('leaver')
    await engage(mode, 'leaver', { $set: { a: 1 } })
    await track(mode, event, { n: 3, distinct_id: anonymous })
    expect((await officer.retrieve(anonymous)).events.length).toBeGreaterThanOrEqual(4)
    const evidence = await officer.erase(anonymous)
    expect(JSON.stringify(evidence)).toContain('"ids_in_clusters":2')
    expect(await owners(mode, event)).toEqual(['stayer'])
    expect((await officer.retrieve('leaver', anonymous)).people).toEqual([])
    // The device is nobody's again, and can become somebody else's.
    await track(mode, event, { n: 4, distinct_id: anonymous })
    expect(await owners(mode, event)).toEqual(['stayer', anonymous])
    await join[mode]('returner')
    await track(mode, event, { n: 5, distinct_id: anonymous })
    const back = mode === 'legacy' ? anonymous : 'returner'
    expect(await owners(mode, event)).toEqual(['stayer', back, 'returner'])
  })
})

describe('the mode of a project', () => {
  it('cannot be changed once it has data (IDM-01)', async () => {
    await lethe.stop()
    const { original, simplified, legacy } = projects
    const empty = { id: 1110, token: key('1110a'), secret: key('1110b'), identity: 'simplified' }
    const changed = provisionOf([{ ...original, identity: 'simplified' }, simplified, legacy, empty])
    const { code, output } = await runLethe({ dataDir, provision: changed })
    expect(code).toBe(1)
    expect(output).toContain(
      `project ${original.id}: its identity mode is original and fixed, because the project has data`,
    )
    const added = { dataDir, provision: provisionOf([original, simplified, legacy, empty]) }
    await (await startLethe(added)).stop()
    const moved = provisionOf([original, simplified, legacy, { ...empty, identity: 'legacy' }])
    lethe = await startLethe({ dataDir, provision: moved })
    expect((await lethe.get('/readyz')).status).toBe(200)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, chromiumFile, openChromium, type Person, whyNoChromium } from '../support/chromium.ts'
import { openShop, type Shop, type Visit, visit } from '../support/chromium-page.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { exportEvents, type PrivacyOfficer, privacyOfficer } from '../support/privacy-officer.ts'
import { eu, us } from '../support/provision.ts'
import { waitFor } from '../support/wait-for.ts'

// The official `mixpanel-browser` package in Chromium, on a page of another origin than the API.

let lethe: Lethe
let shop: Shop
let browser: Browser
beforeAll(async () => {
  if (chromiumFile === null) return
  lethe = await startLethe({
    env: {
      LETHE_GDPR_GRACE_SECONDS: '0',
      LETHE_GDPR_RATE_PER_SECOND: '1000000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
    },
  })
  shop = await openShop()
  browser = await openChromium()
})
afterAll(async () => {
  await browser?.close()
  await shop?.close()
  await lethe?.stop()
})

if (chromiumFile === null) console.info(whyNoChromium)

const fastBatches = { batch_flush_interval_ms: 100, debug: false }

describe.skipIf(chromiumFile === null).each([
  ['US', us, 'us.lethe.localhost', eu, {}],
  ['EU', eu, 'eu.lethe.localhost', us, { batch_requests: false }],
  // The payload as JSON, which is how the library speaks to Mixpanel's own hosts.
  ['US', us, 'us.lethe.localhost', eu, { api_payload_format: 'json' }],
] as const)('mixpanel in a browser, region %s, %#', (region, project, host, elsewhere, settings) => {
  const user = `user-${region}-${Object.keys(settings).join('')}`
  let person: Person
  let tab: Visit
  let officer: PrivacyOfficer
  let deviceId: string
  const apiHost = () => `http://${host}:${lethe.port}`
  const options = () => ({
    ...fastBatches,
    ...settings,
    api_host: apiHost(),
    persistence: 'localStorage',
    ignore_dnt: true,
  })
  const today = () => new Date().toISOString().slice(0, 10)
  const stored = () => exportEvents(lethe, project, today())
  const mine = async () => (await stored()).filter(({ properties }) => properties['$device_id'] === deviceId)
  const names = async () => (await mine()).map(({ event }) => event).sort()
  const arrived = (...wanted: readonly string[]) =>
    waitFor(`${wanted} to arrive`, async () => {
      const found = await names()
      return wanted.every((name) => found.includes(name))
    })
  const idNow = async () => [...new Set((await mine()).map(({ properties }) => properties['distinct_id']))]

  beforeAll(async () => {
    officer = privacyOfficer(lethe, { token: project.token, host })
    person = await browser.newPerson()
    tab = await visit(await person.newPage(), shop.origin, project.token, options())
    deviceId = await tab.run<string>(`return mixpanel.get_property('$device_id')`)
  })
  afterAll(() => person?.close())

  it('tracks somebody that nobody knows yet', async () => {
    await tab.run(`mixpanel.track('Viewed', { price: 9.5, text: 'ß✓', tags: ['a', 1] }); mixpanel.track('Added')`)
    await arrived('Viewed', 'Added')
    const viewed = (await mine()).find(({ event }) => event === 'Viewed')
    expect(viewed?.properties).toMatchObject({
      distinct_id: `$device:${deviceId}`,
      price: 9.5,
      text: 'ß✓',
      tags: ['a', 1],
      utm_source: 'newsletter',
      mp_lib: 'web',
      $lib_version: '2.83.0',
      $browser: 'Chrome',
      $mp_api_endpoint: host,
    })
    expect(await officer.profile(`$device:${deviceId}`)).toBeNull()
  })

  it('reads the answers across origins: each is stored once, and the library knows that it was', async () => {
    const told = await tab.run<unknown>(
      `return new Promise((resolve) => mixpanel.track('Told', {}, { send_immediately: true }, resolve))`,
    )
    expect(told).toSatisfy((answer: unknown) => answer === 1 || (answer as { status?: number }).status === 1)
    await arrived('Told')
    await waitFor('the queue to be empty', () =>
      tab.run<boolean>(
        `return !Object.keys(localStorage).some((key) => key.startsWith('__mpq_') && JSON.parse(localStorage[key] || '[]').length > 0)`,
      ),
    )
    expect(await names()).toEqual(['Added', 'Told', 'Viewed'])
  })

  it('makes, at identify, all that this browser did the acts of the person', async () => {
    await tab.run(`mixpanel.identify(args[0]); mixpanel.track('Bought')`, user)
    await arrived('$identify', 'Bought')
    expect(await idNow()).toEqual([user])
    const viewed = (await mine()).find(({ event }) => event === 'Viewed')
    expect(viewed?.properties).toMatchObject({ $distinct_id_before_identity: `$device:${deviceId}` })
  })

  it('does to the profile what each call says', async () => {
    const profileHas = (wanted: object) =>
      waitFor('the profile', async () => {
        const profile = (await officer.profile(user)) ?? {}
        return Object.entries(wanted).every(([name, value]) => JSON.stringify(profile[name]) === JSON.stringify(value))
      })
    // Batches do not keep the order of calls: what builds on another waits for it.
    await tab.run(
      `mixpanel.people.set({ $email: 'ada@example.org', n: 1, gone: 1 }); mixpanel.people.set_once({ born: 1815 })`,
    )
    await profileHas({ $email: 'ada@example.org', n: 1, gone: 1, born: 1815 })
    await tab.run(
      `mixpanel.people.increment('n', 4); mixpanel.people.unset('gone'); mixpanel.people.set_once('born', 1900)`,
    )
    await tab.run(`mixpanel.people.append('list', 'a')`)
    await profileHas({ n: 5, list: ['a'] })
    await tab.run(`mixpanel.people.union('list', ['a', 'b'])`)
    await profileHas({ list: ['a', 'b'] })
    await tab.run(`mixpanel.people.remove('list', 'a')`)
    await profileHas({ list: ['b'], born: 1815 })
    const profile = (await officer.profile(user)) ?? {}
    expect(profile).not.toHaveProperty('gone')
    expect(profile).toMatchObject({ $browser: 'Chrome', $initial_referrer: '$direct' })
  })

  it('takes a beacon, and what is still waiting when the page goes away', async () => {
    await tab.run(`mixpanel.track('Beacon', { b: 1 }, { transport: 'sendBeacon' })`)
    await arrived('Beacon')
    await tab.run(`mixpanel.track('Last words', {}, { transport: 'sendBeacon' })`)
    await tab.page.goto('about:blank')
    await arrived('Last words')
    tab = await visit(tab.page, shop.origin, project.token, options())
    await tab.run(`mixpanel.track('Back')`)
    await arrived('Back')
    expect(await idNow()).toEqual([user])
  })

  it('sends nothing after opt-out, and goes on after opt-in', async () => {
    await tab.run(`mixpanel.opt_out_tracking({ delete_user: false })`)
    const [sentBefore, storedBefore] = [tab.sent.length, (await stored()).length]
    await tab.run(`mixpanel.track('Unseen'); mixpanel.people.set({ unseen: true }); mixpanel.track_pageview()`)
    await tab.run(`mixpanel.track('Unseen', {}, { transport: 'sendBeacon' })`)
    // Longer than any queue waits.
    await tab.page.waitForTimeout(600)
    expect(tab.sent.length).toBe(sentBefore)
    expect(await stored()).toHaveLength(storedBefore)
    await tab.run(`mixpanel.opt_in_tracking(); mixpanel.track('Seen again')`)
    await arrived('$opt_in', 'Seen again')
    expect(await names()).not.toContain('Unseen')
    expect(await officer.profile(user)).not.toHaveProperty('unseen')
  })

  it('forgets the profile, and nothing else, when somebody opts out and takes the profile along', async () => {
    const leaving = `leaving-${user}`
    const leaver = await browser.newPerson()
    try {
      const page = await visit(await leaver.newPage(), shop.origin, project.token, options())
      await page.run(`mixpanel.identify(args[0]); mixpanel.track('Stayed')`, leaving)
      await page.run(`mixpanel.people.set({ $email: 'ada@example.org' })`)
      await waitFor('the profile', async () => (await officer.profile(leaving))?.['$email'] === 'ada@example.org')
      // A library that sends batches holds what opting out sends back until it is let in again.
      await page.run(`mixpanel.opt_out_tracking()`)
      await page.run(`mixpanel.opt_in_tracking()`)
      await waitFor('the profile to go', async () => (await officer.profile(leaving))?.['$email'] === undefined)
      const theirs = async () => (await stored()).filter(({ properties }) => properties['distinct_id'] === leaving)
      await waitFor('$opt_in', async () => (await theirs()).some(({ event }) => event === '$opt_in'))
      expect((await theirs()).map(({ event }) => event)).toContain('Stayed')
    } finally {
      await leaver.close()
    }
  })

  it('speaks to the host of its region and to nobody else', () => {
    const targets = [...new Set(tab.sent.map(({ target }) => target.split('/')[0]))]
    expect(targets).toEqual([`${host}:${lethe.port}`])
  })

  it('stores nothing with the token of a project of another region, anywhere', async () => {
    const before = (await exportEvents(lethe, elsewhere, today())).length
    const stranger = await browser.newPerson()
    try {
      const stray = await visit(await stranger.newPage(), shop.origin, elsewhere.token, options())
      const answered = stray.page.waitForResponse((response) => response.url().includes('/track/'))
      await stray.run(`mixpanel.track('Stray')`)
      expect((await answered).status()).toBe(403)
      expect(await exportEvents(lethe, elsewhere, today())).toHaveLength(before)
      expect((await stored()).map(({ event }) => event)).not.toContain('Stray')
    } finally {
      await stranger.close()
    }
  })

  it('hands over, by the id of the person, also what the browser did before it was known', async () => {
    const { events, people, manifest } = await officer.retrieve(user)
    expect(events.map(({ event }) => event).sort()).toEqual(await names())
    expect(people).toEqual([expect.objectContaining({ $distinct_id: user })])
    expect(JSON.stringify(manifest)).toContain(user)
  })

  it('forgets the person, with everything of the device, and nobody else', async () => {
    const others = (await stored()).filter(({ properties }) => properties['$device_id'] !== deviceId)
    expect(await officer.erase(user)).toMatchObject({ status: 'SUCCESS' })
    expect(await mine()).toEqual([])
    expect(await stored()).toEqual(others)
    const left = await officer.retrieve(user, `$device:${deviceId}`)
    expect(left).toMatchObject({ events: [], people: [] })
  })
})

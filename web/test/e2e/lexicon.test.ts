import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumFile, whyNoChromium } from '../../../server/test/support/chromium.ts'
import { exportEvents } from '../../../server/test/support/privacy-officer.ts'
import { analyst, owner, us } from '../../../server/test/support/provision.ts'
import { openStory, type Story } from '../support/story.ts'

if (chromiumFile === null) console.warn(whyNoChromium)

// LEX-06: an owner tidies up the names of a project; an analyst reads.

describe.skipIf(chromiumFile === null)('the lexicon', () => {
  let story: Story
  const track = async (...names: readonly string[]) => {
    const events = names.map((event) => ({
      event,
      properties: {
        token: us.token,
        distinct_id: 'ada',
        time: Math.floor(Date.now() / 1_000) - 60,
        $insert_id: randomUUID(),
        plan: 'free',
      },
    }))
    expect((await story.lethe.post('/track', { body: events })).text).toBe('1')
  }
  const path = `/projects/${us.id}/lexicon`
  beforeAll(async () => {
    story = await openStory()
  })
  afterAll(() => story?.close())

  it('is empty first, and fills by itself', { timeout: 180_000 }, async () => {
    const { goTo, logIn, page, check } = await story.open()
    await goTo(`/login?next=${encodeURIComponent(path)}`)
    await logIn(owner)
    await page.getByRole('heading', { name: 'No events yet' }).waitFor()
    await check('lexicon-empty')
  })

  it('is where names are described, hidden, merged and blocked', { timeout: 180_000 }, async () => {
    await track('Buy', 'Buy', 'Purchase', 'Debug', 'Noise')
    // The server looks again half a minute later; somebody who asks for it is told at once.
    const { goTo, logIn, page, check } = await story.open()
    await goTo(`/login?next=${encodeURIComponent(path)}`)
    await logIn(owner)
    await page.getByRole('heading', { name: 'Lexicon' }).waitFor()
    await page.evaluate((url) => fetch(url), `/api/app/projects/${us.id}/lexicon/events?refresh=1`)
    await page.reload()
    const row = (name: string) =>
      page.getByRole('row').filter({ has: page.getByRole('checkbox', { name: `Choose ${name}` }) })
    await row('Buy').waitFor()
    expect(await row('Buy').innerText()).toMatch(/visible[\s\S]*2/)
    await check('lexicon')

    await row('Buy').getByRole('link', { name: 'Buy' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Display name').fill('Bought')
    await dialog.getByLabel('Description').fill('Somebody paid')
    await dialog.getByLabel('Tags').fill('shop, money')
    await dialog.getByLabel('Verified').check()
    await check('lexicon-event')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('link', { name: 'Bought' }).waitFor()
    expect(await row('Buy').innerText()).toMatch(/verified[\s\S]*Somebody paid[\s\S]*shop, money/)

    await row('Purchase').getByRole('link').click()
    await dialog.getByLabel('Merge into').selectOption('Buy')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await row('Purchase').getByText('read as Buy').waitFor()

    await page.getByRole('checkbox', { name: 'Choose Debug' }).check()
    await page.getByRole('checkbox', { name: 'Choose Noise' }).check()
    await page.getByRole('button', { name: 'Hide', exact: true }).click()
    await row('Debug').getByText('hidden').waitFor()
    await row('Noise').getByRole('link').click()
    await dialog.getByLabel('Blocked').check()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await row('Noise').getByText('blocked').waitFor()
    await track('Noise', 'Buy')
    const stored = (await exportEvents(story.lethe, us)).map(({ event }) => event)
    expect([stored.filter((name) => name === 'Noise').length, stored.filter((name) => name === 'Buy').length]).toEqual([
      1, 3,
    ])

    await page.getByLabel('Search', { exact: true }).fill('money')
    await row('Debug').waitFor({ state: 'detached' })
    expect(page.url()).toContain('q=money')
    await check('lexicon-found')
    await page.getByLabel('Search', { exact: true }).fill('')

    await page.getByRole('tab', { name: 'Event properties' }).click()
    await row('plan').waitFor()
    await check('lexicon-properties')
    await page.getByRole('tab', { name: 'Standards' }).click()
    await page.getByLabel('Names of events').selectOption('snake_case')
    await page.getByRole('button', { name: 'Save the standards' }).click()
    await check('lexicon-standards')
    await page.getByRole('tab', { name: 'Events', exact: true }).click()
    await row('Debug').getByText('naming').waitFor()

    await page.getByRole('tab', { name: 'Standards' }).click()
    await page.getByLabel('New events wait for approval').check()
    await page.getByRole('button', { name: 'Save the standards' }).click()
    await track('Newcomer')
    await page.evaluate((url) => fetch(url), `/api/app/projects/${us.id}/lexicon/events?refresh=1`)
    await goTo(path)
    await page.getByText('1 new event waits for approval').waitFor()
    await row('Newcomer').getByText('pending').waitFor()
    await check('lexicon-pending')
    await row('Newcomer').getByRole('link').click()
    await dialog.getByText('Waits for approval').waitFor()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await row('Newcomer').getByText('visible').waitFor()

    await page.getByRole('button', { name: 'Import CSV' }).click()
    const header = 'kind,event,name,display_name,description,type,hidden,blocked,tags,owners,team_owners'
    await dialog.getByLabel('CSV file').setInputFiles({
      name: 'names.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`${header}\nevent,,Debug,Trouble,,,,,,,\n`),
    })
    await dialog.getByRole('button', { name: 'Import names.csv' }).click()
    await page.getByRole('link', { name: 'Trouble' }).waitFor()
  })

  it('is read by analysts, who change nothing', { timeout: 180_000 }, async () => {
    const { goTo, logIn, page } = await story.open()
    await goTo(`/login?next=${encodeURIComponent(path)}`)
    await logIn(analyst)
    await page.getByRole('link', { name: 'Bought' }).click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByLabel('Description').isDisabled()).toBe(true)
    expect(await dialog.getByRole('button', { name: 'Save' }).count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Import CSV' }).count()).toBe(0)
  })
})

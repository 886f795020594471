import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linesOf, zipEntries } from '../../../demo/zip-entries.ts'
import { chromiumFile, whyNoChromium } from '../../../server/test/support/chromium.ts'
import { bearer, type Lethe } from '../../../server/test/support/lethe.ts'
import { admin, analyst, defaultProvision, eu, owner, us } from '../../../server/test/support/provision.ts'
import { openStory, type Story, type StoryPage } from '../support/story.ts'

if (chromiumFile === null) console.warn(whyNoChromium)

const day = 86_400_000
const env = { LETHE_GDPR_RATE_PER_SECOND: '1000000' }

/** Events of a person over three months, by a device first, and a profile. */
const plant = async (lethe: Lethe, ids: readonly string[]): Promise<void> => {
  const batch = ids.flatMap((id) =>
    [80, 40, 1].map((daysAgo, at) => ({
      event: at === 2 ? 'Bought' : 'Seen',
      properties: {
        token: us.token,
        time: Math.floor((Date.now() - daysAgo * day) / 1_000),
        $insert_id: `${id}-${at}`,
        $device_id: `device-${id}`,
        ...(at === 0 ? { distinct_id: `$device:device-${id}` } : { distinct_id: id, $user_id: id }),
      },
    })),
  )
  const basic = `Basic ${Buffer.from(`${us.secret}:`).toString('base64')}`
  const path = `/import?strict=1&project_id=${us.id}`
  const imported = await lethe.post(path, { headers: { Authorization: basic }, body: batch })
  if (imported.status !== 200) throw new Error(imported.text)
  const profiles = ids.map((id) => ({ $token: us.token, $distinct_id: id, $set: { plan: 'pro' } }))
  await lethe.post('/engage', { body: profiles })
}

const stateIs = (page: Page, state: string) => page.locator('.page-title').getByText(state, { exact: true }).waitFor()

describe.skipIf(chromiumFile === null)('Data & Privacy', () => {
  let story: Story
  let at: StoryPage
  beforeAll(async () => {
    const provision = defaultProvision()
    const tokens = provision.organizations[0]?.gdpr_tokens ?? []
    // Made 350 days ago, for a year.
    Object.assign(tokens.find(({ user }) => user === admin.email) ?? {}, {
      issued_at: new Date(Date.now() - 350 * day).toISOString(),
    })
    story = await openStory({ provision, env: { ...env, LETHE_GDPR_GRACE_SECONDS: '0' } })
    await plant(story.lethe, ['ada', 'bob', 'cleo', 'dora'])
    at = await story.open()
    await at.goTo('/login')
    await at.logIn(owner)
  })
  afterAll(() => story?.close())

  it('makes a token, shows it once, and takes it back', { timeout: 180_000 }, async () => {
    const { page, goTo, check } = at
    await goTo('/me/data-privacy')
    // The provisioning file has made one; a new one ends it.
    await page.getByRole('button', { name: 'Generate a new one' }).click()
    await check('token-replace')
    await page.getByRole('button', { name: 'Generate and end the old one' }).click()
    const secret = page.getByRole('region', { name: 'Your privacy token' }).locator('code')
    await secret.waitFor()
    const token = await secret.innerText()
    await check('token-once')
    const ask = (sent: string) =>
      story.lethe.get(`/api/app/data-deletions/v3.0/nothing?token=${us.token}`, { headers: bearer(sent) })
    expect((await ask(token)).status).toBe(200)
    expect((await ask(owner.gdprToken)).status).toBe(401)

    await page.reload()
    await page.getByRole('heading', { name: 'Your token' }).waitFor()
    expect(await page.getByText(token).count()).toBe(0)
    await page.getByRole('button', { name: 'Revoke the token' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke the token' }).click()
    await page.getByRole('heading', { name: 'You have no token' }).waitFor()
    await check('token-none')
    expect((await ask(token)).status).toBe(401)
  })

  it('exports a person, and tells who took the archive', { timeout: 180_000 }, async () => {
    const { page, goTo, check } = at
    await goTo(`/projects/${us.id}/privacy`)
    await page.getByRole('heading', { name: 'Nobody has asked yet' }).waitFor()
    await check('privacy-empty')
    await page.getByRole('link', { name: 'Request an export' }).click()
    await page.getByLabel('distinct_ids').fill('ada\nada')
    await page.getByText('1 id understood').waitFor()
    await page.getByLabel('CCPA').check()
    await check('request-export')
    await page.getByLabel('GDPR').check()
    await page.getByRole('button', { name: 'Export the data of 1 id' }).click()
    await page.getByRole('heading', { name: 'Export of 1 id' }).waitFor()
    await stateIs(page, 'SUCCESS')
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download the archive' }).click(),
    ])
    const entries = zipEntries(await readFile(await file.path()))
    expect(linesOf(entries.get('events.json')?.toString('utf8') ?? '')).toHaveLength(3)
    await page.reload()
    await page.getByRole('table', { name: 'Downloads' }).getByText(owner.email).waitFor()
    await check('retrieval')
    await page.getByRole('tab', { name: 'Raw JSON' }).click()
    await page.waitForURL(/tab=json/)
    await page.getByText('"tracking_id"').waitFor()
    await check('retrieval-json')
  })

  it('erases people from a CSV file, after showing what is held, and proves it', { timeout: 180_000 }, async () => {
    const { page, goTo, check } = at
    await goTo(`/projects/${us.id}/privacy/deletion`)
    const csv = 'email,distinct_id\na@x.test,bob\nb@x.test,cleo\nc@x.test,$device:device-cleo\nd@x.test,nobody\n'
    await page
      .getByLabel('CSV file')
      .setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
    await page.getByText('4 ids understood').waitFor()
    await page.getByText('Show them').click()
    await check('deletion-ids')
    await page.getByRole('button', { name: 'See what is held' }).click()
    await page.getByRole('heading', { name: '3 people, and what is held of them' }).waitFor()
    const events = page.getByRole('table', { name: 'What is held' }).getByRole('row', { name: /^Events/ })
    expect(await events.getByRole('cell').first().innerText()).toBe('6')
    await check('dry-run')
    const erase = page.getByRole('button', { name: 'Erase 3 people' })
    await page.getByLabel(/Type the number of people/).fill('4')
    expect(await erase.isDisabled()).toBe(true)
    await page.getByLabel(/Type the number of people/).fill('3')
    await erase.click()
    await page.getByRole('heading', { name: 'Deletion of 4 ids' }).waitFor()
    await stateIs(page, 'SUCCESS')
    const after = page.getByRole('table', { name: 'Counts by holder' }).getByRole('row', { name: /^Events/ })
    expect(await after.getByRole('cell').allInnerTexts()).toEqual(['6', '0', expect.any(String)])
    await page.getByRole('button', { name: 'Check the signature here' }).click()
    await page.getByText('The signature is right').waitFor()
    await page.getByText('How to check this yourself').click()
    await check('deletion-done')
    expect(await page.getByRole('button', { name: 'Take the deletion back' }).count()).toBe(0)

    // Those who were not named are still there.
    await goTo(`/projects/${us.id}/privacy/deletion`)
    await page.getByLabel('distinct_ids').fill('dora\nbob')
    await page.getByRole('button', { name: 'See what is held' }).click()
    await page.getByText('1 person, of whom nothing is held').waitFor()
    await goTo(`/projects/${us.id}/privacy`)
    await page.getByRole('table', { name: 'Privacy requests' }).waitFor()
    await check('privacy-list')
    await goTo('/organizations/1/data-privacy')
    await page.getByRole('table', { name: 'Privacy requests' }).waitFor()
    await check('organization-privacy')
  })

  it('explains the wrong region, and where to go', { timeout: 180_000 }, async () => {
    const { page, goTo, logIn, check } = await story.open()
    await goTo('/login', 'us.lethe.localhost')
    await logIn(owner)
    await goTo(`/projects/${eu.id}/privacy`, 'us.lethe.localhost')
    await page.getByText('The data of this project is in European Union, not here.').waitFor()
    expect(await page.getByRole('link', { name: 'Open this page in region EU' }).getAttribute('href')).toContain(
      `/projects/${eu.id}/privacy`,
    )
    await check('wrong-region')
    await goTo('/organizations/1/data-privacy', 'us.lethe.localhost')
    await page.getByText('Projects in European Union have their requests there').waitFor()
  })

  it('reminds of a token that ends soon', { timeout: 180_000 }, async () => {
    const { page, goTo, logIn, check } = await story.open()
    await goTo('/login')
    await logIn(admin)
    await goTo('/organizations/1/data-privacy')
    await page.getByText('Your privacy token ends soon').waitFor()
    await page.getByRole('link', { name: 'Generate a new one' }).click()
    await page.getByRole('heading', { name: 'Your token' }).waitFor()
    await page
      .getByText(/in 1[56] days/)
      .first()
      .waitFor()
    await check('token-reminder')
  })

  it('shows an analyst no way to ask', { timeout: 180_000 }, async () => {
    const { page, goTo, logIn } = await story.open()
    await goTo('/login')
    await logIn(analyst)
    await goTo(`/projects/${us.id}`)
    await page.getByRole('heading', { name: 'Shop' }).waitFor()
    expect(await page.getByRole('link', { name: 'Privacy' }).count()).toBe(0)
    await goTo(`/projects/${us.id}/privacy`)
    await page.getByRole('alert').waitFor()
  })
})

describe.skipIf(chromiumFile === null)('a deletion in its grace', () => {
  let story: Story
  beforeAll(async () => {
    story = await openStory({ env: { ...env, LETHE_GDPR_GRACE_SECONDS: '3600' } })
    await plant(story.lethe, ['ada'])
  })
  afterAll(() => story?.close())

  it('is taken back, by the keyboard, and nothing is gone', { timeout: 180_000 }, async () => {
    const { page, goTo, logIn, check } = await story.open()
    await goTo('/login')
    await logIn(owner)
    await goTo(`/projects/${us.id}/privacy/deletion`)
    await page.getByLabel('distinct_ids').fill('ada')
    await page.getByLabel('Refuse these people from now on').check()
    await page.getByRole('button', { name: 'See what is held' }).click()
    await page.getByLabel('Type the number of people, 1, to confirm').fill('1')
    await page.keyboard.press('Enter')
    await page.getByText('Waits for its grace to end').waitFor()
    await stateIs(page, 'PENDING')
    await check('deletion-pending')
    const back = page.getByRole('button', { name: 'Take the deletion back' })
    await back.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    // Closing gives the focus back to where it was.
    expect(await back.evaluate((element) => element === document.activeElement)).toBe(true)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByRole('button', { name: 'Take the deletion back' }).click()
    await stateIs(page, 'REVOKED')
    await check('deletion-revoked')
    const dry = await page.evaluate(async (path) => {
      const answer = await fetch(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ distinct_ids: ['ada'] }),
      })
      return (await answer.json()).results.holders[0].rows
    }, `/api/app/projects/${us.id}/privacy/dry-run`)
    expect(dry).toBe(3)
  })

  it('that is not there, or cannot be told of, is explained', { timeout: 180_000 }, async () => {
    const { page, goTo, logIn, check } = await story.open()
    await goTo('/login')
    await logIn(owner)
    await goTo(`/projects/${us.id}/privacy/requests/nothing`)
    await page.getByRole('heading', { name: /^NOT_FOUND/ }).waitFor()
    await check('request-not-found')
    await page.route('**/api/app/projects/*/privacy/requests/*', (route) =>
      route.fulfill({
        status: 503,
        headers: { 'X-Request-Id': 'f3a1' },
        json: { error: 'the region engine is restarting', status: 'error' },
      }),
    )
    await page.reload()
    await page.getByText(/^UNKNOWN/).waitFor()
    await page.getByRole('alert').getByText('f3a1').waitFor()
    await check('request-unknown')
  })
})

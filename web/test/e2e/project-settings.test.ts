import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumFile, whyNoChromium } from '../../../server/test/support/chromium.ts'
import { logIn } from '../../../server/test/support/log-in.ts'
import { owner, us } from '../../../server/test/support/provision.ts'
import { openStory, type Story } from '../support/story.ts'

if (chromiumFile === null) console.warn(whyNoChromium)

const settings = `/projects/${us.id}/settings`
const api = `/api/app/projects/${us.id}`

describe.skipIf(chromiumFile === null)('the settings of a project (RPT-14)', () => {
  let story: Story
  let member: Readonly<Record<string, string>>
  beforeAll(async () => {
    story = await openStory()
    member = await logIn(story.lethe, owner)
  })
  afterAll(() => story?.close())
  const stored = async (path: string) => (await story.lethe.get(`${api}${path}`, { headers: member })).json().results

  it('are changed by an owner, and hold', { timeout: 300_000 }, async () => {
    const { page, goTo, logIn: typeIn, check } = await story.open()
    await goTo(settings)
    await page.waitForURL(/\/login\?next=/)
    await typeIn(owner)
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Shop 2')
    await page.getByRole('combobox', { name: 'Time zone' }).selectOption('Europe/Berlin')
    await check('settings')
    await page.getByRole('button', { name: 'Save the settings' }).click()
    await page.getByRole('heading', { name: 'Settings of Shop 2' }).waitFor()
    expect(await stored('')).toMatchObject({ name: 'Shop 2', timezone: 'Europe/Berlin', region: 'US' })

    await page.getByRole('link', { name: 'Access keys' }).click()
    await page.getByText(us.token).waitFor()
    await check('settings-keys')
    await page.getByRole('button', { name: 'Make a new secret' }).click()
    await page.getByRole('dialog').getByText('worth nothing at once').waitFor()
    await check('settings-new-secret')
    await page.getByRole('dialog').getByRole('button', { name: 'Make a new secret' }).click()
    const secret = await page.getByRole('region', { name: 'New project secret' }).locator('code').innerText()
    expect(secret).toMatch(/^[0-9a-f]{32}$/)
    expect(secret).not.toBe(us.secret)

    await page.getByRole('link', { name: 'Data', exact: true }).click()
    await page.getByLabel('Keep events').selectOption('days')
    await page.getByLabel('Days', { exact: true }).fill('400')
    await page.getByRole('button', { name: 'Save the retention' }).click()
    await expect.poll(async () => (await stored('/retention')).days).toBe(400)
    await page.getByLabel('Minutes without an event').fill('45')
    await page.getByRole('button', { name: 'Save the sessions' }).click()
    await expect.poll(async () => (await stored('/session-settings')).settings.timeout_minutes).toBe(45)
    await page.getByLabel('New group key').fill('company')
    await page.getByRole('button', { name: 'Add the group key' }).click()
    await page.getByRole('rowheader', { name: 'company' }).waitFor()
    const classified = page.getByRole('form', { name: 'Classified properties' })
    await classified.getByLabel('Properties of profiles').fill('salary')
    await classified.getByRole('button', { name: 'Add' }).last().click()
    await page.getByRole('button', { name: 'Save the classified properties' }).click()
    await expect.poll(() => stored('/classified-properties')).toEqual({ event: [], profile: ['salary'] })
    await check('settings-data')

    await page.getByRole('link', { name: 'Privacy rules' }).click()
    await page.getByRole('button', { name: 'Add a rule' }).click()
    await page.getByLabel('Property', { exact: true }).fill('ssn')
    await page.getByLabel('Is', { exact: true }).selectOption('hash')
    await page.getByLabel('With Sec-GPC: 1, an event').selectOption('drop')
    await page.getByLabel('Name of an event').fill('Noise')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('0 ids').waitFor()
    await check('settings-rules')
    await page.getByRole('button', { name: 'Save the rules' }).click()
    await expect
      .poll(() => stored('/data-rules'))
      .toMatchObject({
        properties: [{ name: 'ssn', do: 'hash' }],
        blocked_events: ['Noise'],
        consent: { sec_gpc: 'drop', dnt: 'store' },
      })
  })

  it('say what is wrong, and keep what was typed', { timeout: 300_000 }, async () => {
    const { page, goTo, logIn: typeIn } = await story.open()
    await goTo(`${settings}/privacy-rules`)
    await page.waitForURL(/\/login\?next=/)
    await typeIn(owner)
    await page.getByRole('button', { name: 'Add a rule' }).click()
    await page.getByLabel('Property', { exact: true }).last().fill('distinct_id')
    await page.getByRole('button', { name: 'Save the rules' }).click()
    await page
      .getByRole('alert')
      .getByText(/says whose the record is/i)
      .waitFor()
    expect(await page.getByLabel('Property', { exact: true }).last().inputValue()).toBe('distinct_id')
  })

  it('let an owner delete the project, with the consequences first, and restore it', { timeout: 300_000 }, async () => {
    const { page, goTo, logIn: typeIn, check } = await story.open()
    await goTo(`${settings}/danger-zone`)
    await page.waitForURL(/\/login\?next=/)
    await typeIn(owner)
    const { name } = await stored('')
    await page.getByRole('button', { name: `Delete ${name}` }).click()
    const dialog = page.getByRole('dialog')
    const button = dialog.getByRole('button', { name: 'Delete the project' })
    expect(await button.isDisabled()).toBe(true)
    await dialog.getByRole('textbox').fill(name)
    await check('settings-danger')
    await button.click()
    await page.waitForURL((url) => !url.pathname.includes('danger-zone'))
    expect((await story.lethe.get(api, { headers: member })).status).toBe(403)

    await goTo('/organizations/1/deleted-projects')
    await page.getByRole('button', { name: `Restore ${name}` }).waitFor()
    await check('deleted-projects')
    await page.getByRole('button', { name: `Restore ${name}` }).click()
    await page.getByRole('heading', { name: 'No deleted projects' }).waitFor()
    await expect.poll(async () => (await story.lethe.get(api, { headers: member })).status).toBe(200)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumFile, whyNoChromium } from '../../../server/test/support/chromium.ts'
import { openShop, type Shop, type Visit, visit } from '../../../server/test/support/chromium-page.ts'
import { bearer } from '../../../server/test/support/lethe.ts'
import { analyst, defaultProvision, owner, us } from '../../../server/test/support/provision.ts'
import { openStory, type Story } from '../support/story.ts'

if (chromiumFile === null) console.warn(whyNoChromium)

const consumer = { email: 'consumer@acme.test', password: 'consumer horse battery' }
const project = `/projects/${us.id}`

describe.skipIf(chromiumFile === null)('from the snippet to the person', () => {
  let story: Story
  let shop: Shop
  beforeAll(async () => {
    const provision = defaultProvision()
    provision.organizations[0]?.users.push({ ...consumer, role: 'consumer' })
    story = await openStory({ provision, env: { LETHE_GDPR_GRACE_SECONDS: '0' } })
    shop = await openShop()
  })
  afterAll(async () => {
    await shop?.close()
    await story?.close()
  })

  /** Somebody at the shop, with Mixpanel’s own library. */
  const shopper = async (): Promise<Visit> => {
    const person = await story.browser.newPerson()
    return visit(await person.newPage(), shop.origin, us.token, {
      api_host: story.lethe.url,
      batch_requests: false,
      ignore_dnt: true,
      persistence: 'localStorage',
    })
  }

  it('shows the first event, whose it is, and lets an owner change and delete the profile', {
    timeout: 300_000,
  }, async () => {
    const { page, goTo, logIn, check } = await story.open()
    await goTo(`${project}/connect`)
    await page.waitForURL(/\/login\?next=/)
    await logIn(owner)
    await page.getByText('Waiting for the first event').waitFor()
    expect(await page.getByRole('figure').last().innerText()).toContain(us.token)
    await check('connect-waiting')

    const tab = await shopper()
    await tab.run(`mixpanel.track('Hello', { plan: 'pro', price: 12.5 })`)
    await page.getByText('Connected', { exact: true }).waitFor()
    await check('connect-connected')

    await page.getByRole('link', { name: 'See it in Events' }).click()
    await page.getByRole('button', { name: 'Hello' }).waitFor()
    // It comes by itself: nothing is pressed.
    await tab.run(`mixpanel.identify('ann/1')`)
    await tab.run(`mixpanel.people.set({ $name: 'Ann', $email: 'ann@acme.test', plan: 'pro' })`)
    await tab.run(`mixpanel.track('Bought', { price: 99 })`)
    await page.getByRole('button', { name: 'Bought' }).waitFor()
    await check('events')

    await page.getByRole('button', { name: 'Hello' }).click()
    await page.getByRole('tab', { name: 'Your properties' }).waitFor()
    await page.getByText('12.5').waitFor()
    await check('event-open')
    await page.getByRole('tab', { name: 'Mixpanel properties' }).click()
    await page.getByText('mp_lib').waitFor()
    await page.getByRole('tab', { name: 'JSON' }).click()
    expect(page.url()).toContain('open=')

    await page.getByRole('button', { name: 'Add a condition' }).click()
    await page.getByRole('combobox', { name: 'Property' }).fill('price')
    await page.getByLabel('Comparison').selectOption('more')
    await page.getByLabel('Value').fill('50')
    await page.getByRole('button', { name: 'Hello' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Bought' }).waitFor()
    // The link says all of it.
    await page.reload()
    await page.getByRole('button', { name: 'Bought' }).waitFor()
    expect(await page.getByLabel('Value').inputValue()).toBe('50')
    await page.getByLabel('Value').fill('500')
    await page.getByRole('heading', { name: 'No event is like that' }).waitFor()
    await check('events-none')
    await page.getByRole('button', { name: 'Remove condition 1' }).click()

    await page.getByRole('link', { name: 'ann/1' }).first().click()
    await page.getByRole('heading', { name: 'Ann', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Hello' }).waitFor()
    await check('person')
    // The id goes along to a request without being in the address.
    await page.getByRole('button', { name: 'Privacy request' }).click()
    await page.getByRole('menuitem', { name: 'Request the deletion of this person' }).click()
    expect(await page.getByRole('textbox', { name: 'distinct_ids' }).inputValue()).toBe('ann/1')
    expect(page.url()).not.toContain('ann')
    await page.goBack()
    await page.getByRole('tab', { name: /^Identities/ }).click()
    await page.getByText('$device:').waitFor()
    await page.getByRole('tab', { name: /^Properties/ }).click()
    await page.getByRole('button', { name: 'Edit plan' }).click()
    await page.getByRole('textbox', { name: 'Value' }).fill('free')
    await check('property-edit')
    await page.getByRole('button', { name: 'Save the property' }).click()
    await page.getByRole('cell', { name: 'free' }).waitFor()
    await check('person-properties')

    await page.getByRole('button', { name: 'Delete the profile' }).click()
    await page.getByRole('dialog').getByText('To erase a person completely').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the profile' }).click()
    await page.waitForURL(/\/users$/)
    await page.getByRole('heading', { name: 'Nobody has a profile yet' }).waitFor()
    await check('users-empty')
    // What was done stays, and whose it is.
    await page.getByLabel('Show').selectOption('everybody')
    await page.getByRole('link', { name: 'ann/1' }).click()
    await page.getByText('no profile').waitFor()
    await page.getByRole('button', { name: 'Bought' }).waitFor()
  })

  it('lists people from a file, and finds them', { timeout: 300_000 }, async () => {
    const { page, goTo, logIn, check } = await story.open()
    await goTo(`${project}/users`)
    await page.waitForURL(/\/login\?next=/)
    await logIn(owner)
    await page.getByRole('link', { name: 'Import CSV' }).click()
    const rows = Array.from({ length: 30 }, (_, at) => `p${at},Person ${at},${at % 3 === 0 ? 'pro' : 'free'},${at}`)
    await page.getByLabel('CSV file').setInputFiles({
      name: 'people.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`$distinct_id,$name,plan,age\n${rows.join('\n')}\n,Nobody,free,1\n`),
    })
    await page.getByText('People are found by $distinct_id').waitFor()
    await check('import')
    await page.getByRole('button', { name: 'Import people.csv' }).click()
    await page.getByText('30 rows of 31 imported, 1 refused.').waitFor()
    await check('import-done')
    await page.getByRole('link', { name: 'Back to the users' }).click()
    await page.getByText('30 people of 30 people').waitFor()
    await page.getByRole('button', { name: /^Columns/ }).click()
    await page.getByRole('checkbox', { name: 'plan', exact: true }).check()
    await page.getByRole('button', { name: 'Show these columns' }).click()
    await page.getByRole('columnheader', { name: 'plan' }).waitFor()
    await check('users')
    await page.getByLabel('Search').fill('person 29')
    await page.getByText('1 person of 1 person').waitFor()
    await page.getByRole('link', { name: 'Person 29' }).click()
    await page.getByRole('heading', { name: 'Person 29' }).waitFor()
    await page.goBack()
    expect(await page.getByLabel('Search').inputValue()).toBe('person 29')
  })

  it('takes away whoever is being erased from a page that is open', { timeout: 300_000 }, async () => {
    const { page, goTo, logIn } = await story.open()
    await goTo(`${project}/events`)
    await page.waitForURL(/\/login\?next=/)
    await logIn(owner)
    const stays = await shopper()
    await stays.run(`mixpanel.track('Stays')`)
    const goes = await shopper()
    await goes.run(`mixpanel.identify('bob/2')`)
    await goes.run(`mixpanel.track('Left')`)
    await page.getByRole('button', { name: 'Stays' }).waitFor()
    await page.getByRole('link', { name: 'bob/2' }).first().waitFor()
    const other = await page.context().newPage()
    await other.goto(`${story.lethe.url}${project}/users/${encodeURIComponent('bob/2')}`)
    await other.getByRole('button', { name: 'Left' }).waitFor()

    const asked = await story.lethe.post(`/api/app/data-deletions/v3.0?token=${us.token}`, {
      headers: bearer(owner.gdprToken),
      body: { distinct_ids: ['bob/2'], compliance_type: 'GDPR' },
    })
    expect(asked.status, asked.text).toBe(201)
    await page.getByRole('link', { name: 'bob/2' }).first().waitFor({ state: 'detached' })
    expect(await page.getByRole('button', { name: 'Left' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Stays' }).waitFor()
    await other.getByRole('heading', { name: 'Nothing is known of this id' }).waitFor()
  })

  it('shows an analyst and a consumer what their roles allow (auth §6.2)', { timeout: 300_000 }, async () => {
    for (const [who, mayDownload] of [
      [analyst, true],
      [consumer, false],
    ] as const) {
      const { page, goTo, logIn } = await story.open()
      await goTo(`${project}/users`)
      await page.waitForURL(/\/login\?next=/)
      await logIn(who)
      await page.getByRole('table', { name: 'People' }).waitFor()
      expect(await page.getByRole('link', { name: 'Download CSV' }).count()).toBe(mayDownload ? 1 : 0)
      expect(await page.getByRole('button', { name: 'Add a person' }).count()).toBe(0)
      await page.getByRole('link', { name: 'Person 1', exact: true }).click()
      await page.getByRole('tab', { name: /^Properties/ }).click()
      await page.getByRole('cell', { name: 'free' }).waitFor()
      expect(await page.getByRole('button', { name: /Edit|Add a property|Delete/ }).count()).toBe(0)
      await goTo(`${project}/connect`)
      await page.getByText('Ask an owner or admin of the project for it.').waitFor()
      expect(await page.getByText(us.token).count()).toBe(0)
      await goTo(`${project}/settings`)
      await page.getByRole('heading', { name: 'Settings of Shop' }).waitFor()
      expect(await page.getByRole('link', { name: 'Privacy rules' }).count()).toBe(0)
      await goTo(`${project}/settings/danger-zone`)
      await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    }
  })
})

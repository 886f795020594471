import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumFile, whyNoChromium } from '../../../server/test/support/chromium.ts'
import { openStory, type Story } from '../support/story.ts'

if (chromiumFile === null) console.warn(whyNoChromium)

describe.skipIf(chromiumFile === null)('from the first start to the first project', () => {
  let story: Story
  beforeAll(async () => {
    story = await openStory({ provision: null })
  })
  afterAll(() => story?.close())

  it('leads from the printed link to a project in a region, with its keys once', { timeout: 180_000 }, async () => {
    const link = /http\S+\/setup\?code=\w+/.exec(story.lethe.logs())?.[0] ?? ''
    expect(link).not.toBe('')
    const { page, check, goTo, logIn } = await story.open()
    const { pathname, search } = new URL(link)
    await goTo(pathname + search)
    await page.getByLabel('Organization').fill('Acme')
    await page.getByLabel('Your e-mail').fill('first@acme.test')
    await page.getByLabel('Password').fill('short')
    await check('setup')
    await page.getByLabel('Password').fill('correct horse battery')
    await page.getByRole('button', { name: 'Make the first owner' }).click()

    await page.getByRole('heading', { name: 'No projects yet' }).waitFor()
    await check('organization-empty')
    await page.getByRole('link', { name: 'Create a project' }).click()
    await page.getByLabel('Name').fill('Shop')
    const button = page.getByRole('button', { name: /^Create the project/ })
    expect(await button.isDisabled()).toBe(true)
    await page.getByLabel('European Union (EU)').check()
    await check('new-project')
    await page.getByRole('button', { name: 'Create the project in EU' }).click()
    await page.getByRole('heading', { name: 'Shop is made' }).waitFor()
    const secret = await page.getByRole('region', { name: 'Project secret' }).locator('code').innerText()
    expect(secret).toMatch(/^[0-9a-f]{32}$/)
    await check('project-made')

    await page.getByRole('link', { name: 'Open Shop' }).click()
    await page.getByRole('heading', { name: 'Shop', exact: true }).waitFor()
    await page.getByText('api-eu.mixpanel.com').waitFor()
    expect(await page.getByText(secret).count()).toBe(0)
    await check('project')

    // The list, by the keyboard.
    await page.keyboard.press('/')
    await page.getByRole('combobox', { name: /Search/ }).fill('acme')
    await check('command-menu')
    await page.keyboard.press('Enter')
    await page.getByRole('table', { name: 'Projects' }).waitFor()
    expect(await page.getByRole('row').count()).toBe(2)
    await check('organization')

    // On a phone the pages are behind a button, and the region stays in sight.
    await page.goBack()
    await page.setViewportSize({ width: 360, height: 780 })
    await page.locator('.top-region').getByText('EU').waitFor()
    const projects = page.getByRole('navigation').getByRole('button', { name: /switch project/ })
    expect(await projects.isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Pages' }).click()
    expect(await projects.isVisible()).toBe(true)
    await check('rail-open')
    await page.goForward()

    // Out, and back in to where one was.
    await page.getByRole('button', { name: /your account/ }).click()
    await page.getByRole('menuitem', { name: 'Log out' }).click()
    await page.getByRole('heading', { name: 'Log in' }).waitFor()
    await check('login')
    await goTo('/organizations/1')
    await page.waitForURL(/\/login\?next=/)
    await logIn({ email: 'first@acme.test', password: 'correct horse battery' })
    await page.waitForURL(/\/organizations\/1$/)
  })

  it('says what is wrong, with the request id, and keeps what was typed', async () => {
    const { page, goTo, check } = await story.open()
    await goTo('/login')
    await page.getByLabel('E-mail').fill('first@acme.test')
    await page.getByLabel('Password', { exact: true }).fill('not it')
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    const alert = page.getByRole('alert')
    await alert.waitFor()
    expect(await alert.innerText()).toMatch(/Wrong e-mail or password\.[\s\S]*Request [0-9a-f-]{36}/)
    expect(await page.getByLabel('E-mail').inputValue()).toBe('first@acme.test')
    await check('login-refused')
  })

  it('says so when there is no such page', async () => {
    const { page, goTo } = await story.open()
    const answer = await page.goto(`${story.lethe.url}/projects/1/nothing-here`)
    expect(answer?.status()).toBe(404)
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    await goTo('/login')
    await page.getByRole('heading', { name: 'Log in' }).waitFor()
  })
})

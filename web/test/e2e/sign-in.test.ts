import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumFile, whyNoChromium } from '../../../server/test/support/chromium.ts'
import { logIn } from '../../../server/test/support/log-in.ts'
import { type MailServer, openMailServer } from '../../../server/test/support/mail-server.ts'
import { admin, analyst, owner, stranger } from '../../../server/test/support/provision.ts'
import { codeOf } from '../../../server/test/support/sign-in-rig.ts'
import { addVirtualAuthenticator } from '../support/passkeys.ts'
import { openStory, type Story, type StoryPage } from '../support/story.ts'

// AUTH-18, AUTH-21, AUTH-22: ways in, as members meet them.

if (chromiumFile === null) console.warn(whyNoChromium)

const host = 'us.lethe.localhost'
const longStory = { timeout: 240_000 }

/** Somebody who has accepted, with a password. */
const invite = async ({ lethe }: Story, organizationId: number, by: Parameters<typeof logIn>[1], email: string) => {
  const headers = await logIn(lethe, by)
  const path = `/api/app/organizations/${organizationId}/invitations`
  const made = await lethe.post(path, { headers, body: { emails: [email], mail: false } })
  const [{ token }] = made.json().results
  await lethe.post('/api/app/invitations/accept', { body: { token, password: 'correct horse battery' } })
}

describe.skipIf(chromiumFile === null)('ways in', () => {
  let mail: MailServer
  let story: Story
  beforeAll(async () => {
    mail = await openMailServer()
    story = await openStory({ env: { LETHE_SMTP_URL: mail.url, LETHE_MAIL_FROM: 'lethe@acme.test' } })
  })
  afterAll(async () => {
    await story?.close()
    await mail?.close()
  })

  const openSecurity = async (who: { email: string; password: string }): Promise<StoryPage> => {
    const at = await story.open()
    await at.goTo('/login?next=/me/security', host)
    await at.logIn(who)
    await at.page.getByRole('heading', { name: 'Sessions' }).waitFor()
    return at
  }
  const logOut = async ({ page }: StoryPage): Promise<void> => {
    await page.getByRole('button', { name: /your account/ }).click()
    await page.getByRole('menuitem', { name: 'Log out' }).click()
    await page.getByRole('heading', { name: 'Log in' }).waitFor()
  }
  const prove = async ({ page }: StoryPage, verb: string, password: string): Promise<void> => {
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Your password').fill(password)
    await dialog.getByRole('button', { name: verb }).click()
    await dialog.waitFor({ state: 'detached' })
  }
  const keepCodes = async ({ page }: StoryPage): Promise<readonly string[]> => {
    const region = page.getByRole('region', { name: 'Recovery codes' })
    await region.waitFor()
    const codes = await region.locator('li').allInnerTexts()
    expect(codes).toHaveLength(10)
    return codes.map((code) => code.trim())
  }

  it('an app is set up, asked for, and replaced by a recovery code', longStory, async () => {
    const at = await openSecurity(owner)
    const { page, check } = at
    await check('security')
    await page.getByRole('button', { name: 'Set up an app' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Your password').fill('wrong')
    await dialog.getByRole('button', { name: 'Go on' }).click()
    await dialog.getByText('That is not your password').waitFor()
    await check('security-prove')
    await prove(at, 'Go on', owner.password)
    const secret = await page.locator('.factor-secret').innerText()
    expect(
      await page.getByAltText(/QR code/).evaluate((image) => (image as { naturalWidth?: number }).naturalWidth),
    ).toBeGreaterThan(0)
    await check('security-qr')
    await page.getByLabel('Code of the app').fill('000000')
    await page.getByRole('button', { name: 'Switch it on' }).click()
    await page.getByText(/not the code that the app shows/).waitFor()
    await page.getByLabel('Code of the app').fill(codeOf(secret))
    await page.getByRole('button', { name: 'Switch it on' }).click()
    const codes = await keepCodes(at)
    await check('recovery-codes')
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByText('10 recovery codes left').waitFor()

    await logOut(at)
    await page.getByLabel('E-mail').fill(owner.email)
    await page.getByLabel('Password', { exact: true }).fill(owner.password)
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    await page.getByRole('heading', { name: 'One more step' }).waitFor()
    await page.getByLabel('Code', { exact: true }).fill('000000')
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    await page.getByRole('alert').waitFor()
    await check('second-step')
    await page.getByLabel('Code', { exact: true }).fill(codeOf(secret, 1))
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    await page.waitForURL((url) => url.pathname !== '/login')

    await at.goTo('/me/security', host)
    await page.getByRole('heading', { name: 'Sessions' }).waitFor()
    await logOut(at)
    await page.getByLabel('E-mail').fill(owner.email)
    await page.getByLabel('Password', { exact: true }).fill(owner.password)
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    await page.getByLabel('Code', { exact: true }).fill((codes[0] ?? '').toLowerCase())
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    await page.waitForURL((url) => url.pathname !== '/login')
    await at.goTo('/me/security', host)
    await page.getByText('9 recovery codes left').waitFor()
    await page.getByRole('table', { name: 'Sessions' }).waitFor()
    await check('security-with-app')
  })

  it('a passkey is added, logs in by itself, is renamed and removed', longStory, async () => {
    const at = await openSecurity(admin)
    const { page, check } = at
    await addVirtualAuthenticator(page)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Work laptop')
    await prove(at, 'Add the passkey', admin.password)
    await keepCodes(at)
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByRole('row', { name: /Work laptop/ }).waitFor()
    await check('security-passkey')

    await logOut(at)
    await page.getByRole('button', { name: 'Log in with a passkey' }).click()
    await page.waitForURL((url) => url.pathname !== '/login')
    await at.goTo('/me/security', host)
    await page.getByRole('cell', { name: 'passkey', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Rename Work laptop' }).click()
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Old laptop')
    await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click()
    await page.getByRole('button', { name: 'Remove Old laptop' }).click()
    await prove(at, 'Remove the passkey', admin.password)
    await page.getByText('You have none yet.').waitFor()
    await logOut(at)
    await page.getByRole('button', { name: 'Log in with a passkey' }).click()
    await page.getByRole('alert').waitFor()
    await check('login-passkey-refused')
  })

  it('somebody new joins without a password, logs in by link, sets one, forgets it', longStory, async () => {
    const inviting = await story.lethe.post('/api/app/login', {
      body: { email: analyst.email, password: analyst.password },
    })
    expect(inviting.status).toBe(200)
    await story.lethe.post('/api/app/organizations/1/invitations', {
      headers: await logIn(story.lethe, admin),
      body: { emails: ['new@acme.test'] },
    })
    const pathOf = async (nth: number): Promise<string> => {
      const { pathname, search } = new URL((await mail.mailTo('new@acme.test', nth)).link)
      return pathname + search
    }
    const at = await story.open()
    const { page, check } = at
    await at.goTo(await pathOf(1), host)
    await page.getByRole('button', { name: 'Join without a password' }).waitFor()
    await check('invitation')
    await page.getByRole('button', { name: 'Join without a password' }).click()
    await page.getByRole('heading', { name: 'Log in' }).waitFor()
    await page.getByLabel('E-mail').fill('new@acme.test')
    await page.getByRole('button', { name: 'Mail me a link' }).click()
    await page.getByText('Look into your mail.').waitFor()
    await check('login-link-asked')
    await at.goTo(await pathOf(2), host)
    await page.getByRole('heading', { name: 'Log in by link' }).waitFor()
    await check('login-link')
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    await page.waitForURL((url) => !url.pathname.startsWith('/login'))

    await at.goTo('/me/security', host)
    await page.getByText('Once you set a password').waitFor()
    await page.getByLabel('New password', { exact: true }).fill('correct horse battery')
    await page.getByRole('button', { name: 'Set a password' }).click()
    await page.getByText('The password is set.').waitFor()
    await logOut(at)
    // The link that was used says so.
    await at.goTo(await pathOf(2), host)
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    await page.getByText('This link was used or is too old').waitFor()

    await page.getByRole('link', { name: 'Ask for another link' }).click()
    await page.getByLabel('E-mail').fill('new@acme.test')
    await page.getByRole('button', { name: 'I do not know my password' }).click()
    await page.getByText('Look into your mail.').waitFor()
    // The notice of the new password came third.
    await at.goTo(await pathOf(4), host)
    await page.getByLabel('New password', { exact: true }).fill('another horse battery')
    await check('login-reset')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByRole('heading', { name: 'Your password is set' }).waitFor()
    await check('login-reset-done')
    await page.getByRole('link', { name: 'Log in' }).click()
    await at.logIn({ email: 'new@acme.test', password: 'another horse battery' })
  })

  it('other sessions are seen and ended', longStory, async () => {
    const here = await openSecurity(analyst)
    const there = await openSecurity(analyst)
    await here.page.reload()
    const table = here.page.getByRole('table', { name: 'Sessions' })
    await table.getByText('this one').waitFor()
    expect(await table.getByRole('button', { name: /End the session of Chrome/ }).count()).toBeGreaterThanOrEqual(1)
    await here.page.getByRole('button', { name: 'End all other sessions' }).click()
    await table.getByRole('button').first().waitFor({ state: 'detached' })
    await there.page.reload()
    await there.page.waitForURL(/\/login\?next=%2Fme%2Fsecurity/)
  })

  it('who lacks a second factor that their organization wants is led to set one up', longStory, async () => {
    const at = await openSecurity(stranger)
    await addVirtualAuthenticator(at.page)
    await at.page.getByRole('button', { name: 'Add a passkey' }).click()
    await at.page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Key')
    await prove(at, 'Add the passkey', stranger.password)
    await keepCodes(at)
    const want = (required: boolean) =>
      at.page.evaluate(
        async ([wanted, password]) => {
          const headers = { 'Content-Type': 'application/json', 'X-Lethe-Client': 'test' }
          const body = JSON.stringify({ required: wanted, password })
          const path = '/api/app/organizations/2/two-factor'
          return (await fetch(path, { method: 'PUT', headers, body })).status
        },
        [required, stranger.password] as const,
      )
    await invite(story, 2, stranger, 'late@other.test')
    const late = { email: 'late@other.test', password: 'correct horse battery' }
    expect(await want(true)).toBe(200)

    const led = await story.open()
    await led.goTo('/login', host)
    await led.logIn(late)
    await led.page.waitForURL(/\/me\/security$/)
    await led.page.getByText('Your organization requires a second factor.').waitFor()
    await led.check('security-required')
    await led.page.getByRole('button', { name: 'Set up an app' }).click()
    await prove(led, 'Go on', late.password)
    const secret = await led.page.locator('.factor-secret').innerText()
    await led.page.getByLabel('Code of the app').fill(codeOf(secret))
    await led.page.getByRole('button', { name: 'Switch it on' }).click()
    await keepCodes(led)
    await led.goTo('/organizations/2', host)
    await led.page.getByRole('heading', { name: 'Other' }).waitFor()
  })

  it('the page after the login is one of ours, whatever the address says', longStory, async () => {
    for (const next of ['/%09/evil.test', '//evil.test', '/%5Cevil.test', 'https://evil.test']) {
      const at = await story.open()
      await at.goTo(`/login?next=${next}`, host)
      await at.logIn(analyst)
      expect(new URL(at.page.url()).hostname).toBe(host)
    }
  })
})

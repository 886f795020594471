import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumFile, whyNoChromium } from '../../../server/test/support/chromium.ts'
import { owner } from '../../../server/test/support/provision.ts'
import { type SimpleSaml, startSimpleSaml, whyNoSimpleSaml } from '../../../server/test/support/simplesamlphp.ts'
import { startTxtServer, type TxtServer } from '../../../server/test/support/txt-server.ts'
import { openStory, type Story } from '../support/story.ts'

const missing = chromiumFile === null ? whyNoChromium : whyNoSimpleSaml()
if (missing !== null) console.warn(missing)

describe.skipIf(missing !== null)('single sign-on, set up in the page', () => {
  let story: Story
  let names: TxtServer
  let idp: SimpleSaml
  beforeAll(async () => {
    names = await startTxtServer()
    story = await openStory({ env: { LETHE_DNS_SERVERS: names.address } })
    idp = await startSimpleSaml({ email: 'ada@acme.test', firstName: 'Ada', lastName: 'Lovelace' })
    const at = (region: string, path: string) => `http://${region}.lethe.localhost:${story.lethe.port}${path}`
    await idp.trust(
      ['us', 'eu'].map((region) => ({
        entityId: at(region, '/security/sso/v2/authorize/'),
        acsUrl: at(region, '/security/login/1'),
        encryptTo: null,
      })),
    )
  })
  afterAll(async () => {
    await idp?.close()
    await story?.close()
    names?.close()
  })

  it('lets a member in through the provider, in both regions', { timeout: 300_000 }, async () => {
    const mine = await story.open()
    const { page } = mine
    await mine.goTo('/login')
    await mine.logIn(owner)
    await mine.goTo('/organizations/1/access-security')
    await page.getByText('sign-on not set up').waitFor()

    await page.getByLabel('Domain', { exact: true }).fill('acme.test')
    await page.getByLabel('Your password, to claim a domain').fill('not it')
    await page.getByRole('button', { name: 'Claim the domain' }).click()
    await page.getByText('That is not your password.').waitFor()
    await page.getByLabel('Your password, to claim a domain').fill(owner.password)
    await page.getByRole('button', { name: 'Claim the domain' }).click()
    const row = page.getByRole('row', { name: /acme\.test/ })
    await row.getByText('waiting').waitFor()
    names.records.set('acme.test', [await row.locator('code').innerText()])
    await page.getByRole('button', { name: 'Look now at the record of acme.test' }).click()
    await row.getByText('verified').waitFor()

    await page.getByLabel('Issuer').fill(idp.issuer)
    await page.getByLabel('Sign-in URL').fill(`${idp.url}/saml2/idp/SSOService.php`)
    await page.getByLabel('Certificate', { exact: true }).fill('nothing like it')
    await page.getByRole('button', { name: 'Save the identity provider' }).click()
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Certificate', { exact: true }).fill(idp.certificate)
    await page.getByLabel('Required').check()
    await page.getByRole('button', { name: 'Save the identity provider' }).click()
    await page.getByText('sign-on on', { exact: true }).waitFor()
    const test = page.getByRole('link', { name: 'Test the sign-in' })
    expect(await test.getAttribute('href')).toBe('/security/login/1')
    await page.getByRole('button', { name: 'Make a SCIM token' }).click()
    await page.getByRole('region', { name: 'SCIM token' }).waitFor()
    await mine.check('access-security')

    for (const region of ['us', 'eu']) {
      const hers = await story.open()
      await hers.goTo('/login', `${region}.lethe.localhost`)
      await hers.page.getByLabel('E-mail').fill('ada@acme.test')
      await hers.page.getByRole('button', { name: 'Log in with single sign-on' }).click()
      await hers.page.getByRole('button', { name: /your account/ }).waitFor()
      expect(new URL(hers.page.url()).hostname).toBe(`${region}.lethe.localhost`)
      await hers.page.getByRole('button', { name: /your account/ }).click()
      await hers.page.getByText('ada@acme.test').first().waitFor()
    }
    await mine.goTo('/organizations/1/members')
    await page.getByRole('rowheader', { name: 'ada@acme.test' }).waitFor()
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumFile, whyNoChromium } from '../../../server/test/support/chromium.ts'
import { owner, us } from '../../../server/test/support/provision.ts'
import { openStory, type Story } from '../support/story.ts'

if (chromiumFile === null) console.warn(whyNoChromium)

const guest = { email: 'guest@acme.test', password: 'guest horse battery' }

describe.skipIf(chromiumFile === null)('who may do what', () => {
  let story: Story
  beforeAll(async () => {
    story = await openStory()
  })
  afterAll(() => story?.close())

  it('is invited, accepts, gets a role, and is refused what the role may not', { timeout: 240_000 }, async () => {
    const mine = await story.open()
    await mine.goTo('/login')
    await mine.logIn(owner)
    await mine.goTo('/organizations/1/members')
    const { page } = mine
    await page.getByRole('table', { name: 'Members', exact: true }).waitFor()
    await page.getByLabel('E-mail addresses').fill(guest.email)
    await page.getByLabel('Project', { exact: true }).selectOption({ label: 'Shop (US)' })
    await page.getByLabel('Role in the project').selectOption('consumer')
    await page.getByRole('button', { name: 'Invite 1 person' }).click()
    const link = await page.locator('.note code').innerText()
    await page.getByRole('table', { name: 'Open invitations' }).getByText(guest.email).waitFor()
    await mine.check('members')

    const theirs = await story.open()
    const { pathname, search } = new URL(link)
    await theirs.goTo(pathname + search)
    await theirs.page.getByLabel(/^Password/).fill(guest.password)
    await theirs.page.getByRole('button', { name: /account/ }).click()
    await theirs.page.waitForURL(/\/login/)
    await theirs.logIn(guest)
    await theirs.goTo(`/projects/${us.id}`)
    await theirs.page.getByText('you are consumer').waitFor()
    const rail = theirs.page.getByRole('navigation', { name: 'Main' })
    expect(await rail.getByRole('link', { name: 'Members' }).count()).toBe(0)
    await rail.getByRole('link', { name: 'Events' }).waitFor()
    // A page that the role may not, by its address.
    for (const path of [`/projects/${us.id}/members`, `/projects/${us.id}/roles`, '/organizations/1/audit']) {
      await theirs.goTo(path)
      await theirs.page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    }

    // A role of the project's own opens what it holds, and what a consumer may is not among that.
    await mine.goTo(`/projects/${us.id}/roles`)
    await page.getByRole('heading', { name: 'No roles of your own yet' }).waitFor()
    await mine.check('roles-empty')
    await page.getByRole('button', { name: 'Make a role' }).first().click()
    await page.getByLabel('Name').fill('Support')
    await page.getByLabel('Read the audit log').check()
    await mine.check('role-editor')
    await page.getByRole('button', { name: 'Make the role' }).click()
    await page.getByRole('rowheader', { name: 'Support' }).waitFor()
    await mine.check('roles')
    await page.getByRole('link', { name: 'Members', exact: true }).last().click()
    await page.getByLabel(`Role of ${guest.email}`).selectOption({ label: 'Support' })
    await page.getByText('Role changed').waitFor({ state: 'attached' })
    await mine.check('project-members')

    await theirs.goTo(`/projects/${us.id}`)
    await theirs.page.getByText('you are Support').waitFor()
    await rail.getByRole('link', { name: 'Connect' }).waitFor()
    for (const name of ['Events', 'Members']) expect(await rail.getByRole('link', { name }).count()).toBe(0)
    await rail.getByRole('link', { name: 'Audit log' }).click()
    await theirs.page.getByRole('rowheader', { name: 'Custom Role Created' }).waitFor()
    await theirs.check('project-audit-log')

    await mine.goTo('/organizations/1/audit')
    await page.getByRole('rowheader', { name: 'Custom Role Created' }).waitFor()
    await mine.check('audit-log')
    await page.getByLabel('What').selectOption({ label: 'Accepted Invitation' })
    await page.waitForURL(/type=invitation\.accepted/)
    const log = page.getByRole('table', { name: 'Audit log' })
    await log.getByRole('cell', { name: guest.email }).first().waitFor()
    expect(await log.getByRole('row').count()).toBe(2)
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download CSV' }).click()
    expect((await download).suggestedFilename()).toBe('audit-log.csv')

    await mine.goTo('/organizations/1/members')
    await page.getByRole('button', { name: `Remove ${guest.email}` }).click()
    await page.getByRole('button', { name: 'Remove the member' }).click()
    // The table is hidden from the roles while the dialog is open.
    await page.getByText(guest.email).first().waitFor({ state: 'detached' })
    await theirs.goTo(`/projects/${us.id}`)
    // Out of everything: the project is not there, or nobody is logged in any longer.
    await theirs.page.getByRole('heading', { name: /^(There is no such page|Log in)$/ }).waitFor()
    expect(await theirs.page.getByText('Shop').count()).toBe(0)
  })

  it('is shared by teams, and given to scripts, whose secret is shown once', { timeout: 240_000 }, async () => {
    const mine = await story.open()
    await mine.goTo('/login')
    await mine.logIn(owner)
    const { page } = mine
    await mine.goTo('/organizations/1/teams')
    await page.getByRole('heading', { name: 'No teams yet' }).waitFor()
    await page.getByLabel('Name').fill('Data')
    await page.getByRole('button', { name: 'Make the team' }).click()
    await page.getByRole('region', { name: 'Data', exact: true }).waitFor()
    await page.getByLabel('Add a project to Data').selectOption({ label: 'Shop' })
    await page.getByRole('rowheader', { name: 'Shop' }).waitFor()
    await page.getByLabel('Add a member to Data').selectOption({ label: 'analyst@acme.test' })
    await page.getByRole('rowheader', { name: 'analyst@acme.test' }).waitFor()
    await page.getByLabel('Sees classified properties').check()
    await mine.check('teams')

    await mine.goTo('/organizations/1/service-accounts')
    await page.getByRole('table', { name: 'Service accounts' }).waitFor()
    await page.getByLabel('Name').fill('nightly')
    await page.getByLabel('Project', { exact: true }).selectOption({ label: 'Shop (US)' })
    await page.getByRole('button', { name: 'Make the service account' }).click()
    const secret = await page
      .getByRole('region', { name: /^Secret of nightly\./ })
      .locator('code')
      .first()
      .innerText()
    expect(secret).toMatch(/^\w{32}$/)
    await mine.check('service-accounts')
    await page.reload()
    await page
      .getByText(/^nightly\./)
      .first()
      .waitFor()
    expect(await page.getByText(secret).count()).toBe(0)
    await page.getByRole('button', { name: /^Delete nightly\./ }).click()
    await page.getByRole('button', { name: 'Delete the service account' }).click()
    await page
      .getByText(/^nightly\./)
      .first()
      .waitFor({ state: 'detached' })
  })

  it('ends with the organization, which can be taken back', { timeout: 180_000 }, async () => {
    const mine = await story.open()
    await mine.goTo('/login')
    await mine.logIn(owner)
    const { page } = mine
    await mine.goTo('/organizations/1/settings')
    await page.getByRole('textbox', { name: 'Name' }).fill('Acme Ltd')
    await page.getByRole('button', { name: 'Rename the organization' }).click()
    await page.getByRole('navigation', { name: 'Main' }).getByText('Acme Ltd').first().waitFor()
    await page.getByRole('button', { name: 'Delete the organization' }).click()
    const sure = page.getByRole('button', { name: 'Delete Acme Ltd' })
    expect(await sure.isDisabled()).toBe(true)
    await page.getByLabel('Type Acme Ltd to confirm').fill('Acme Ltd')
    await sure.click()
    await page.getByText('This organization is deleted').waitFor()
    await mine.check('organization-deleted')
    await page.getByRole('button', { name: 'Restore the organization' }).click()
    await page.getByRole('button', { name: 'Delete the organization' }).waitFor()
    await mine.check('organization-settings')
  })
})

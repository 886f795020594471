import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { type Browser, openChromium } from '../../../server/test/support/chromium.ts'
import { type Lethe, type StartOptions, startLethe } from '../../../server/test/support/lethe.ts'
import { buildIfChanged } from '../../build.ts'

// Screenshots are for people to look at; git ignores them.
const outFolder = join(import.meta.dirname, '../out')

export interface Story {
  readonly lethe: Lethe
  readonly browser: Browser
  /** A page of a member of their own: nobody is logged in. Its errors and refused styles and scripts fail the story. */
  open(): Promise<StoryPage>
  close(): Promise<void>
}

export interface StoryPage {
  readonly page: Page
  /** Goes to a path of the server. `host`: a `*.localhost` name, for the host of a region. */
  goTo(path: string, host?: string): Promise<void>
  /** Types e-mail and password into the login page and waits until it leads on. */
  logIn(who: { readonly email: string; readonly password: string }): Promise<void>
  /**
   * Holds the page against what every page promises: no serious or critical finding of axe, in light and dark; no
   * sideways scrolling at 360 px. Takes a screenshot of each as `<name>-light.png`, `-dark.png`, `-360.png`.
   */
  check(name: string): Promise<void>
  /** What the browser complained of. Empty at the end of a good story. */
  readonly complaints: readonly string[]
}

/** The real server with built pages, and a browser. */
export const openStory = async (options: StartOptions = {}): Promise<Story> => {
  if (!(await buildIfChanged())) throw new Error('the tools that build the pages are not installed: npm ci')
  const lethe = await startLethe(options)
  const browser = await openChromium()
  return {
    lethe,
    browser,
    open: async () => {
      const person = await browser.newPerson()
      return storyPage(await person.newPage(), lethe)
    },
    close: async () => {
      await browser.close()
      await lethe.stop()
    },
  }
}

const wide = { width: 1280, height: 860 }
const narrow = { width: 360, height: 780 }

const storyPage = async (page: Page, lethe: Lethe): Promise<StoryPage> => {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text())
  })
  await page.setViewportSize(wide)
  const check = async (name: string): Promise<void> => {
    mkdirSync(outFolder, { recursive: true })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await refuseFindings(page, `${name}, ${colorScheme}`, colorScheme === 'light' ? 'all' : 'colours')
      await page.screenshot({ path: join(outFolder, `${name}-${colorScheme}.png`), fullPage: true })
    }
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize(narrow)
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    await page.screenshot({ path: join(outFolder, `${name}-360.png`), fullPage: true })
    await page.setViewportSize(wide)
    if (width > narrow.width) throw new Error(`${name} is ${width} px wide in a window of ${narrow.width} px`)
    if (complaints.length > 0) throw new Error(`${name}: ${complaints.join('\n')}`)
  }
  return {
    page,
    complaints,
    check,
    goTo: async (path, host = '127.0.0.1') => {
      await page.goto(`http://${host}:${lethe.port}${path}`)
    },
    logIn: async ({ email, password }) => {
      await page.getByLabel('E-mail').fill(email)
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.getByRole('button', { name: 'Log in', exact: true }).click()
      await page.waitForURL((url) => url.pathname !== '/login')
    },
  }
}

/** Only colours differ between the themes: the other rules are asked once. */
const refuseFindings = async (page: Page, name: string, rules: 'all' | 'colours'): Promise<void> => {
  const axe = new AxeBuilder({ page })
  const { violations } = await (rules === 'all' ? axe : axe.withRules(['color-contrast'])).analyze()
  const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  if (bad.length === 0) return
  const lines = bad.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ html }) => html).join('\n  ')}`)
  throw new Error(`${name}: axe finds\n${lines.join('\n')}`)
}

import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

/** Where Chromium is: LETHE_CHROMIUM, or Debian's. Null: there is none, and what needs it is skipped. */
export const chromiumFile: string | null =
  [process.env['LETHE_CHROMIUM'], '/usr/bin/chromium'].find((file) => file !== undefined && existsSync(file)) ?? null

/** Printed beside what is skipped. */
export const whyNoChromium =
  'skipped: no Chromium; install it (apt-get install chromium) or set LETHE_CHROMIUM to its file'

export interface Browser {
  /** A person of their own: cookies and local storage are shared with nobody. */
  newPerson(): Promise<Person>
  close(): Promise<void>
}

export interface Person {
  readonly context: BrowserContext
  newPage(): Promise<Page>
  close(): Promise<void>
}

/** Starts Chromium without a window. It resolves *.localhost to this machine by itself. */
export const openChromium = async (): Promise<Browser> => {
  if (chromiumFile === null) throw new Error(whyNoChromium)
  const folder = await mkdtemp(join(tmpdir(), 'lethe-chromium-'))
  const browser = await chromium.launch({
    executablePath: chromiumFile,
    // Its crash reports and caches must not end up in the home folder of who runs the tests.
    env: { PATH: '/usr/bin:/bin', HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  return {
    newPerson: async () => {
      const context = await browser.newContext()
      return { context, newPage: () => context.newPage(), close: () => context.close() }
    },
    close: async () => {
      await browser.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

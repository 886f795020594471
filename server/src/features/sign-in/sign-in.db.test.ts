import { join } from 'node:path'
import { generateSync } from 'otplib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../test/support/engines.ts'
import type { Mail } from '../../platform/mail/mailer.ts'
import { migratePostgres } from '../../platform/postgres/migrate.ts'
import { type ClosableControlDb, openPgControlDb } from '../../platform/postgres/pg-control-db.ts'
import { createSessions } from '../access/sessions.ts'
import { createAfterAnswer } from './after-answer.ts'
import { createEnter } from './enter.ts'
import { createLinks } from './links.ts'
import { createPasswords } from './passwords.ts'
import { createRecoveryCodes } from './recovery-codes.ts'
import { createSecondFactors } from './second-factor.ts'

// What depends on the time, with a clock that stands still; and what has to hold on two servers of one control store.

const start = Date.UTC(2026, 0, 31)
const minuteMs = 60_000
const browser = { agent: 'x', replaces: null, requestId: 'r', regionId: 'US' }
const ada = { id: 1, email: 'ada@acme.test' }

let engines: TestEngines
let controls: readonly ClosableControlDb[]
let nowMs: number
let mails: Mail[]
let ssoOrganizationId: number | null
let problems: unknown[]
let isMailDown: boolean
beforeAll(async () => {
  engines = await openTestEngines()
})
afterAll(() => engines.close())
beforeEach(async () => {
  const fresh = await engines.freshControl()
  await migratePostgres(fresh.connection, join(import.meta.dirname, '../../../migrations/postgres'))
  controls = [fresh.control, openPgControlDb(fresh.connection)]
  nowMs = start
  mails = []
  problems = []
  ssoOrganizationId = null
  isMailDown = false
  await fresh.control.rows(`INSERT INTO account (id, email) VALUES (1, 'ada@acme.test')`)
  return () => controls[1]?.close()
})

const openServer = async (at = 0) => {
  const control = controls[at] as ClosableControlDb
  const clock = { nowMs: () => nowMs }
  const requiredSignInOf = async () => ssoOrganizationId
  const sessions = createSessions({ control, clock, appendAudit: async () => undefined, sessionIdleMs: 3_600_000 })
  const afterAnswer = createAfterAnswer((error) => problems.push(error))
  const mailer = {
    isReal: true,
    close: () => undefined,
    send: async (mail: Mail) => {
      if (isMailDown) throw new Error('down')
      mails.push(mail)
    },
  }
  const shared = {
    control,
    clock,
    sessions,
    afterAnswer,
    mailer,
    requiredSignInOf,
    enter: createEnter({ clock, sessions, requiredSignInOf }),
    notify: () => undefined,
    key: Buffer.alloc(32, 1),
  }
  const recoveryCodes = createRecoveryCodes(shared)
  const passwords = await createPasswords(shared)
  const askFor = async (email = ada.email, clientIp = '192.0.2.1') => {
    links.askForMagicLink({ email, clientIp, origin: 'https://us.test', regionId: 'US' })
    await afterAnswer.drain()
    return mails.at(-1)?.link?.split('=')[1] ?? ''
  }
  const links = createLinks({ ...shared, passwords })
  const ownSession = async () => {
    await control.tx((tx) => sessions.open(tx, ada, { ...browser, method: 'password', hasSecondFactor: false }))
    const [row] = await control.rows<{ id: string }>(
      'SELECT id FROM session WHERE ended_at IS NULL ORDER BY created_at DESC LIMIT 1',
    )
    return { credentialId: row?.id ?? '', userId: 1, email: ada.email }
  }
  const secondFactors = createSecondFactors({ ...shared, recoveryCodes })
  return { ...shared, links, passwords, secondFactors, recoveryCodes, askFor, ownSession }
}
type Server = Awaited<ReturnType<typeof openServer>>
const codeOf = (secret: string, steps = 0) => generateSync({ secret, epoch: nowMs / 1_000 + steps * 30 })
const setUp = async ({ secondFactors, ownSession }: Server) => {
  const own = await ownSession()
  const { secret } = await secondFactors.begin(own)
  const { codes } = await secondFactors.confirm(own, codeOf(secret), 'r')
  return { secret, codes, own }
}
/** After a right password. */
const ticketOf = async ({ control, enter }: Server): Promise<string> => {
  const entered = await control.tx((tx) => enter.enter(tx, ada, 'password', false, browser))
  if (entered.kind !== 'second-factor') throw new Error('no second factor was asked for')
  return entered.ticket
}
const rejected = (status: number) => expect.objectContaining({ status })

describe('a mailed link', () => {
  it('works for fifteen minutes, on any server', async () => {
    const [one, two] = [await openServer(0), await openServer(1)]
    const [first, second] = [await one.askFor(), await one.askFor()]
    nowMs = start + 15 * minuteMs - 1
    expect((await two.links.openMagicLink(first, 'ip', browser)).kind).toBe('session')
    nowMs += 1
    await expect(one.links.openMagicLink(second, 'ip', browser)).rejects.toEqual(rejected(401))
  })

  it('is neither sent nor taken where single sign-on is required', async () => {
    const { links, askFor } = await openServer()
    const token = await askFor()
    ssoOrganizationId = 7
    await expect(links.openMagicLink(token, 'ip', browser)).rejects.toThrow('/security/login/7')
    await askFor()
    expect(mails).toHaveLength(1)
    // What was refused is not used up.
    ssoOrganizationId = null
    expect((await links.openMagicLink(token, 'ip', browser)).kind).toBe('session')
  })

  it('that nobody takes is a problem of whoever runs the server, not of who asked', async () => {
    const { askFor } = await openServer()
    isMailDown = true
    await askFor()
    expect([mails, problems]).toEqual([[], [expect.any(Error)]])
  })

  it('is asked for so often by one address, and for one e-mail', async () => {
    const { askFor } = await openServer()
    for (let count = 0; count < 30; count += 1) await askFor(`p${count}@acme.test`)
    await expect(askFor('another@acme.test')).rejects.toEqual(rejected(429))
    for (let count = 0; count < 5; count += 1) await askFor(ada.email, `192.0.2.${count + 2}`)
    await expect(askFor(ada.email, '192.0.2.99')).rejects.toEqual(rejected(429))
    nowMs += 15 * minuteMs
    await askFor(ada.email)
  })

  it('leaves nothing behind once it is too old', async () => {
    const { askFor, control } = await openServer()
    await askFor()
    nowMs += 16 * minuteMs
    await askFor()
    expect(await control.rows('SELECT 1 FROM sign_in_ticket')).toHaveLength(1)
  })
})

describe('a change without a password to ask for', () => {
  it('needs a sign-in of the last fifteen minutes', async () => {
    const { passwords, ownSession } = await openServer()
    const own = await ownSession()
    nowMs += 15 * minuteMs
    await passwords.confirm(own, undefined, 'ip')
    nowMs += 1
    await expect(passwords.confirm(own, undefined, 'ip')).rejects.toEqual(rejected(403))
    const change = passwords.change(own, { password: 'a long password', current: undefined, clientIp: 'ip' }, 'r')
    await expect(change).rejects.toEqual(rejected(403))
  })
})

describe('guesses at a password', () => {
  it('of one address lock nobody out elsewhere', async () => {
    const { passwords } = await openServer()
    const guess = (clientIp: string) => passwords.logIn({ email: ada.email, password: 'x', clientIp }, browser)
    for (let at = 0; at < 10; at += 1) await expect(guess('198.51.100.1')).rejects.toEqual(rejected(401))
    for (let at = 0; at < 100; at += 1) await expect(guess('198.51.100.1')).rejects.toEqual(rejected(429))
    await expect(guess('198.51.100.2')).rejects.toEqual(rejected(401))
  })

  it('are counted by e-mail, too: many addresses do not make more of them', async () => {
    const { passwords } = await openServer()
    const guess = (at: number) =>
      passwords.logIn({ email: ada.email, password: 'x', clientIp: `198.51.100.${at}` }, browser)
    for (let at = 0; at < 100; at += 1) await expect(guess(at)).rejects.toEqual(rejected(401))
    await expect(guess(100)).rejects.toEqual(rejected(429))
    nowMs += 15 * minuteMs
    await expect(guess(100)).rejects.toEqual(rejected(401))
  })
})

describe('a second factor', () => {
  it('takes the step before and the step after, each once, and nothing older', async () => {
    const server = await openServer()
    const { secret } = await setUp(server)
    const send = async (code: string) => server.secondFactors.finish(await ticketOf(server), code, browser)
    nowMs += 10 * minuteMs
    await expect(send(codeOf(secret, -2))).rejects.toEqual(rejected(401))
    await expect(send(codeOf(secret, 2))).rejects.toEqual(rejected(401))
    expect((await send(codeOf(secret, -1))).kind).toBe('session')
    expect((await send(codeOf(secret, 1))).kind).toBe('session')
    // Older than the last one that was taken, though it is the code of now.
    await expect(send(codeOf(secret))).rejects.toEqual(rejected(401))
    nowMs += 60_000
    expect((await send(codeOf(secret))).kind).toBe('session')
  })

  it('is waited for ten minutes', async () => {
    const server = await openServer()
    const { secret } = await setUp(server)
    nowMs += minuteMs
    const ticket = await ticketOf(server)
    nowMs += 10 * minuteMs
    await expect(server.secondFactors.finish(ticket, codeOf(secret), browser)).rejects.toEqual(rejected(401))
  })

  it('belongs to the region in which the sign-in began', async () => {
    const server = await openServer()
    const { secret } = await setUp(server)
    nowMs += minuteMs
    const ticket = await ticketOf(server)
    const elsewhere = { ...browser, regionId: 'EU' }
    await expect(server.secondFactors.finish(ticket, codeOf(secret), elsewhere)).rejects.toEqual(rejected(401))
    expect((await server.secondFactors.finish(ticket, codeOf(secret), browser)).kind).toBe('session')
  })

  it('is guessed ten times in a quarter of an hour, by all servers together', async () => {
    const servers = [await openServer(0), await openServer(1)] as const
    const { secret } = await setUp(servers[0])
    nowMs += minuteMs
    const guess = async (at: number, code: string) => {
      const server = servers[at % 2] as Server
      return server.secondFactors.finish(await ticketOf(server), code, browser)
    }
    for (let count = 0; count < 10; count += 1) await expect(guess(count, '000000')).rejects.toEqual(rejected(401))
    for (const at of [0, 1]) {
      await expect(guess(at, codeOf(secret))).rejects.toMatchObject({ status: 429, retryAfterSeconds: 900 })
    }
    nowMs += 15 * minuteMs
    expect((await guess(0, codeOf(secret))).kind).toBe('session')
  })

  it('forgets the guesses of whoever gets in', async () => {
    const server = await openServer()
    const { codes } = await setUp(server)
    const send = async (code: string) => server.secondFactors.finish(await ticketOf(server), code, browser)
    for (const code of codes.slice(0, 3)) {
      for (let count = 0; count < 9; count += 1) await expect(send('000000')).rejects.toEqual(rejected(401))
      expect((await send(code)).kind).toBe('session')
    }
  })

  it('whose set up was not finished counts for nothing, and is begun anew', async () => {
    const server = await openServer()
    const own = await server.ownSession()
    const { secret: old } = await server.secondFactors.begin(own)
    const { secret } = await server.secondFactors.begin(own)
    expect(secret).not.toBe(old)
    const entered = await server.control.tx((tx) => server.enter.enter(tx, ada, 'password', false, browser))
    expect(entered.kind).toBe('session')
    await expect(server.secondFactors.confirm(own, codeOf(old), 'r')).rejects.toEqual(rejected(400))
    await server.secondFactors.confirm(own, codeOf(secret), 'r')
    await expect(server.secondFactors.begin(own)).rejects.toEqual(rejected(409))
  })

  it('of another person opens with no code of one’s own', async () => {
    const server = await openServer()
    const { codes } = await setUp(server)
    await server.control.rows(`INSERT INTO account (id, email) VALUES (2, 'bo@acme.test')`)
    const used = await server.control.tx((tx) =>
      server.recoveryCodes.use(tx, { id: 2, email: 'bo@acme.test' }, codes[0] ?? '', 'r'),
    )
    expect(used).toBeNull()
  })
})

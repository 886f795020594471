import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectDocumented, notChecked } from '../support/documented.ts'
import { type Answer, basic, bearer, type Lethe, startLethe } from '../support/lethe.ts'
import { eu, other, stranger, us } from '../support/provision.ts'
import { waitFor } from '../support/wait-for.ts'
import {
  account,
  aGroup,
  anEvent,
  aProfile,
  type Case,
  exportErrors,
  exportPath,
  ingestionErrors,
  methodErrors,
  officer,
  privacyErrors,
  usHost,
} from './wire-error-cases.ts'

// Each error of each surface against contract/, with the limits as installed (a privacy request a second, a day of
// grace) and the other shape of create answers.

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({ env: { LETHE_GDPR_CREATE_SHAPE: 'task_id' } })
})
afterAll(() => lethe?.stop())

const send = ([operation, key, path, options]: Case): Promise<Answer> =>
  lethe.send(key === '405' ? 'PUT' : (operation.split(' ')[0] as string), path(), options())

describe('errors', () => {
  it.each([...ingestionErrors, ...exportErrors, ...privacyErrors, ...methodErrors])('%s → %s', async (...one) => {
    const answer = await send(one)
    expectDocumented(one[0], one[1], answer)
    // Browsers of other origins may read what went wrong, on the surfaces of SDKs only.
    const isForBrowsers = /\/(track|engage|groups|import)$/.test(one[0])
    if (one[1] !== '405') expect(answer.headers['access-control-allow-origin'] !== undefined).toBe(isForBrowsers)
    expect(answer.headers['retry-after']).toBeUndefined()
  })

  it('name what is allowed, where a method is not', async () => {
    expect((await lethe.send('PUT', '/import')).headers['allow']).toBe('GET, POST')
    const answer = await lethe.get(`/api/app/data-deletions/v3.0?token=${us.token}`, { headers: officer })
    expectDocumented('GET /api/app/data-deletions/v3.0', '405', answer)
  })

  it('are data to browsers, as every answer is: not guessed, not run, not framed', async () => {
    const asked = ['/nothing', '/api/app/me', '/api/2.0/segmentation', '/healthz', '/track?data=x', '/lookup-tables']
    for (const path of asked) {
      expect((await lethe.get(path)).headers, path).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      })
    }
  })

  it('say 404 for a path that nobody serves', async () => {
    expectDocumented('GET /api/app/nothing', '404', await lethe.get('/api/app/nothing', { headers: officer }))
  })

  it('name the right host only to somebody who may use the project', async () => {
    const elsewhere = (headers: Record<string, string>) => lethe.get(exportPath(eu.id), { host: usHost, headers })
    expect((await elsewhere(account)).text).toContain('data-eu.mixpanel.com')
    expect((await elsewhere(basic(other.secret))).text).not.toContain('eu')
  })

  it('have stored nothing', async () => {
    for (const project of [us, eu, other]) {
      const answer = await lethe.get(exportPath(project.id), { headers: basic(project.secret) })
      expect([project.id, answer.status, answer.text]).toEqual([project.id, 200, ''])
    }
  })
})

describe('privacy requests, as installed', () => {
  const create = (kind: string, project: { token: string }, headers = officer) =>
    lethe.post(`/api/app/${kind}/v3.0?token=${project.token}`, { headers, body: { distinct_ids: ['e1'] } })

  it('are one a second for each project, and say when to come again', async () => {
    for (const [kind, project] of [
      ['data-retrievals', eu],
      ['data-deletions', us],
    ] as const) {
      const created = expectDocumented(`POST /api/app/${kind}/v3.0`, '201 task_id', await create(kind, project))
      expect(created.results.task_id).not.toBe('')
      const refused = await create(kind, project)
      expectDocumented(`POST /api/app/${kind}/v3.0`, '429', refused)
      expect(refused.headers['retry-after']).toBe('1')
    }
  })

  it('can be canceled once while PENDING, and never again', async () => {
    const created = await waitFor('the next second', async () => {
      const answer = await create('data-deletions', us)
      return answer.status === 201 ? answer : null
    })
    const id: string = created.json().results.task_id
    const path = `/api/app/data-deletions/v3.0/${id}?token=${us.token}`
    const operation = 'DELETE /api/app/data-deletions/v3.0/{tracking_id}'
    expectDocumented(operation, '204', await lethe.send('DELETE', path, { headers: officer }))
    const again = await lethe.send('DELETE', path, { headers: officer })
    expectDocumented(operation, '405', again)
    expect(again.headers['allow']).toBe('GET')
    const unknown = path.replace(id, 'unknown')
    expectDocumented(operation, '404', await lethe.send('DELETE', unknown, { headers: officer }))
    expect((await lethe.get(path, { headers: officer })).json().results.status).toBe('REVOKED')
  })

  it.each([
    ['GET', 'data-retrievals'],
    ['GET', 'data-deletions'],
    ['DELETE', 'data-deletions'],
  ])('%s %s is limited per second as well', async (method, kind) => {
    const path = `/api/app/${kind}/v3.0/unknown?token=${other.token}`
    const many = Array.from({ length: 12 }, () => lethe.send(method, path, { headers: bearer(stranger.gdprToken) }))
    const limited = (await Promise.all(many)).filter(({ status }) => status === 429)
    expect(limited.length).toBeGreaterThanOrEqual(1)
    for (const answer of limited) {
      expectDocumented(`${method} /api/app/${kind}/v3.0/{tracking_id}`, '429', answer)
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    }
  })
})

describe('while the engine of a region is gone', () => {
  const enginePid = (): number => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        if (command.includes(`--path=${lethe.dataDir}/us/`)) return Number(pid)
      } catch {
        // It ended while we looked.
      }
    }
    return 0
  }
  const cases: readonly Case[] = [
    ['POST /track', '503', () => '/track', () => ({ body: anEvent(us.token, 'Kept later') })],
    ['POST /engage', '503', () => '/engage', () => ({ body: aProfile(us.token) })],
    ['POST /groups', '503', () => '/groups', () => ({ body: aGroup(us.token) })],
    [
      'POST /import',
      '503',
      () => `/import?project_id=${us.id}`,
      () => ({ headers: account, body: [anEvent(us.token, 'Kept later')] }),
    ],
    ['GET /api/2.0/export', '503', () => exportPath(), () => ({ headers: account })],
    [
      'POST /api/app/data-retrievals/v3.0',
      '503',
      () => `/api/app/data-retrievals/v3.0?token=${us.token}`,
      () => ({ headers: officer, body: { distinct_ids: ['e1'] } }),
    ],
  ]

  it.each(cases)('%s → %s, and when to come again', async (...one) => {
    const answer = await waitFor('an answer while it is gone', async () => {
      await waitFor('the engine', () => enginePid())
      process.kill(enginePid(), 'SIGKILL')
      const found = await send(one)
      return found.status === 503 ? found : null
    })
    expectDocumented(one[0], '503', answer)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1)
  })

  it('the other region goes on, and this one comes back by itself', async () => {
    await waitFor('the engine', () => enginePid())
    process.kill(enginePid(), 'SIGKILL')
    expect((await lethe.post('/track', { body: anEvent(eu.token) })).text).toBe('1')
    const retried = await waitFor('the engine to be back', async () => {
      const answer = await lethe.post(`/import?project_id=${us.id}`, {
        headers: account,
        body: [anEvent(us.token, 'After')],
      })
      return answer.status === 200 ? answer : null
    })
    expectDocumentedImport(retried)
    const lines = (await lethe.get(exportPath(), { headers: account })).text
    expect(lines.match(/"event":"After"/g)).toHaveLength(1)
  })

  const expectDocumentedImport = (answer: Answer) =>
    expect(expectDocumented('POST /import', '200', answer).num_records_imported).toBe(1)
})

it('every documented error was checked', () => {
  expect(notChecked((key) => /^(4|5|204|201 task_id)/.test(key) && key !== '400 strict')).toEqual([])
})

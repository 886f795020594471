import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, basic, type Lethe, startLethe } from '../support/lethe.ts'
import { adminAccount, eu, us } from '../support/provision.ts'

const asAdmin = basic(adminAccount.username, adminAccount.secret)
const euHost = 'eu.lethe.localhost'
const form = (script: string): string => new URLSearchParams({ script }).toString()

/** Processes of scripts that a server has started. */
const scriptsOf = ({ pid }: Lethe): number =>
  readdirSync('/proc').filter((name) => {
    try {
      const parent = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]
      return parent === String(pid) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('isolate-child.ts')
    } catch {
      return false
    }
  }).length

describe('the limits of JQL', () => {
  const quick = 'function main() { return People().reduce(mixpanel.reducer.count()) }'
  const endless = 'function main() { while (true) {} }'
  let strict: Lethe
  const run = (script: string, project: { id: number } = us) =>
    strict.post(`/api/query/jql?project_id=${project.id}`, {
      headers: asAdmin,
      body: form(script),
      ...(project.id === us.id ? {} : { host: euHost }),
    })

  const statusesOf = (answers: readonly Answer[]) => answers.map(({ status }) => status).sort()

  beforeAll(async () => {
    strict = await startLethe({
      env: {
        LETHE_JQL_PER_HOUR: '6',
        LETHE_JQL_CONCURRENT: '2',
        LETHE_JQL_PROCESSES: '3',
        LETHE_JQL_TIMEOUT_SECONDS: '5',
      },
    })
  })
  afterAll(() => strict.stop())

  it('holds for a project at once, for the server, in time, and in an hour', async () => {
    const ofOne = await Promise.all([us, us, us].map((project) => run(endless, project)))
    expect(statusesOf(ofOne)).toEqual([400, 400, 429])
    const ofBoth = await Promise.all([us, us, eu, eu].map((project) => run(endless, project)))
    expect(statusesOf(ofBoth)).toEqual([400, 400, 400, 503])
    for (const answer of [...ofOne, ...ofBoth].filter(({ status }) => status === 400)) {
      expect(answer.json().error).toBe('the query ran longer than 5 seconds')
    }
    // The places are free again.
    const statuses: number[] = []
    for (let call = 0; call < 7; call += 1) statuses.push((await run(quick)).status)
    expect(statuses[0]).toBe(200)
    expect(statuses.at(-1)).toBe(429)
    const refused = await run(quick)
    expect(refused.json()).toMatchObject({ error: 'Query rate limit exceeded', status: 'error' })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  })

  it('ends a script whose client has gone, and its place is free', async () => {
    const { port } = strict
    const path = `/api/query/jql?project_id=${eu.id}`
    const calls = [1, 2].map(() => {
      const headers = { ...asAdmin, Host: euHost, 'Content-Type': 'application/x-www-form-urlencoded' }
      const call = request({ host: '127.0.0.1', port, method: 'POST', path, headers }).on('error', () => undefined)
      call.end(form(endless))
      return call
    })
    await expect.poll(() => scriptsOf(strict), { timeout: 2_500 }).toBe(2)
    for (const call of calls) call.destroy()
    await expect.poll(() => scriptsOf(strict), { timeout: 2_000 }).toBe(0)
    expect((await run(quick, eu)).status).toBe(200)
  })
})

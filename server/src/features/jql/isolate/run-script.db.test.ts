import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openScript, type ScriptLimits } from './run-script.ts'

const roomy: ScriptLimits = {
  timeoutMs: 40_000,
  memoryMegabytes: 128,
  processedBytesMax: 100_000_000,
  outputBytesMax: 10_000_000,
}

interface Given {
  readonly records?: readonly unknown[]
  readonly params?: unknown
  readonly limits?: Partial<ScriptLimits>
  readonly signal?: AbortSignal
}

async function* linesOf(records: readonly unknown[]): AsyncGenerator<Buffer> {
  for (const record of records) yield Buffer.from(`${JSON.stringify(record)}\n`)
}

const open = (script: string, { params = {}, limits, signal = new AbortController().signal }: Given = {}) =>
  openScript({ script, params: JSON.stringify(params), signal }, { ...roomy, ...limits })

const run = async (script: string, given: Given = {}): Promise<unknown[]> => {
  const pieces: Buffer[] = []
  for await (const piece of (await open(script, given)).results(linesOf(given.records ?? []))) pieces.push(piece)
  return JSON.parse(Buffer.concat(pieces).toString('utf8'))
}

const mainOf = (body: string): string => `function main() {\n${body}\n}`
const overPeople = (transformations: string): string => mainOf(`return People()${transformations}`)
const people = (count: number) => Array.from({ length: count }, (_, i) => ({ distinct_id: `u${i}`, properties: { i } }))

const scriptPidsOf = (parent: number): readonly string[] =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const isChild = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(parent)
      return isChild && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('isolate-child.ts')
    } catch {
      return false
    }
  })
/** Processes of ours that run scripts. */
const scriptProcesses = (): number => scriptPidsOf(process.pid).length

describe('a script in its process', () => {
  it('finds the language, lodash and its parameters', async () => {
    const script = `
      // Also outside of main.
      const wanted = _.map(params.events, (event) => ({ event }))
      ${mainOf('return Events({ from_date: params.from, to_date: params.from, event_selectors: wanted })')}`
    const { request, close } = await open(script, { params: { from: '2016-01-04', events: ['a', 'é'] } })
    close()
    expect(request).toEqual({
      byUser: false,
      source: {
        kind: 'events',
        fromDate: '2016-01-04',
        toDate: '2016-01-04',
        selectors: [{ event: 'a' }, { event: 'é' }],
      },
    })
  })

  it('runs transformations over records of any size, in batches', async () => {
    const records = [...people(5_000), { distinct_id: 'größe 🎉', properties: { text: 'ü'.repeat(300_000) } }]
    const script = overPeople(`
      .map((user) => _.get(user, 'properties.text', '').length)
      .reduce([mixpanel.reducer.count(), mixpanel.reducer.max()])`)
    expect(await run(script, { records })).toEqual([[5_001, 300_000]])
  })

  it('gives out what it was given, whole and in order', async () => {
    const records = people(20_000)
    expect(await run(overPeople(''), { records })).toEqual(records)
    expect(await run(overPeople(''))).toEqual([])
  })

  it('has the wall clock of the project: dates count as UTC', async () => {
    const script = overPeople('.map(() => [new Date(0).getHours(), new Date(0).toDateString()])')
    expect(await run(script, { records: people(1) })).toEqual([[0, 'Thu Jan 01 1970']])
  })

  it.each([
    ['a syntax error', 'function main() {\n  return {{\n}', /SyntaxError.*line 2 of the script/],
    ['an error of main', mainOf('  return nope'), /ReferenceError.*nope.*line 2 of the script/],
    ['an error in a transformation', overPeople('\n.map((x) => x.a.b)'), /TypeError.*line 3 of the script/],
    ['an error of the language', overPeople('.groupBy("x")'), /groupBy: expected a reducer/],
    ['no main', 'var x = 1', /must define a function main/],
    ['anything thrown', mainOf('throw "just text"'), /^just text/],
    ['an error that throws when it is read', mainOf('throw { get message() { throw 1 } }'), /./],
    ['modules', 'import x from "node:fs"\nfunction main() {}', /SyntaxError/],
  ])('tells of %s', async (_name, script, message) => {
    await expect(run(script, { records: people(1) })).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(message),
    })
  })
})

describe('a hostile script', () => {
  const refused = (script: string, message: RegExp, given: Given = {}) =>
    expect(run(script, { records: people(1), ...given })).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(message),
    })
  const short = { timeoutMs: 1_500 }

  it.each([
    ['in main', mainOf('while (true) {}')],
    ['before main', 'while (true) {}'],
    ['in a transformation', overPeople('.filter(() => { while (true) {} })')],
    ['in a regular expression', mainOf('return /^(a+)+$/.test("a".repeat(60) + "b")')],
    [
      'in native code',
      mainOf(
        'const all = []; for (let i = 0; i < 1e6; i += 1) all.push(Math.random()); while (true) all.sort(() => Math.random() - 0.5)',
      ),
    ],
    ['that catches everything', mainOf('while (true) { try { while (true) {} } catch {} }')],
  ])('does not run for ever %s', async (_name, script) => {
    await refused(script, /ran longer than 1.5 seconds/, { limits: short })
    await expect.poll(scriptProcesses).toBe(0)
  })

  it.each([
    ['by strings', mainOf('const all = []; while (true) all.push("x".repeat(1e6) + all.length)')],
    ['by objects', mainOf('const all = []; while (true) all.push({ a: [all.length] })')],
    ['by one array', mainOf('return new Array(5e8).fill(1)')],
    ['by sorting what never ends', overPeople('.map((x) => _.range(1e5)).flatten().sortAsc((x) => x)')],
  ])('does not take all memory %s', async (_name, script) => {
    const given = { records: people(2_000), limits: { memoryMegabytes: 48 } }
    await refused(script, /needs more than 48 MB|ended the process|RangeError/, given)
  })

  it.each([
    ['calls', mainOf('const f = () => f() + 1; f()')],
    ['parsing', mainOf('JSON.parse("[".repeat(1e6))')],
    ['source', mainOf('eval("(".repeat(1e6))')],
    ['values', mainOf('let o = []; for (let i = 0; i < 1e6; i += 1) o = [o]; JSON.stringify(o)')],
    ['patterns', mainOf('new RegExp("(?:".repeat(1e6))')],
  ])('does not break the process by depth of %s', async (_name, script) => {
    await refused(script, /nested too deeply|overflow|disturbed|ended the process/)
  })

  it('finds nothing of the process around it', async () => {
    const names = [
      'process',
      'require',
      'module',
      'fetch',
      'Buffer',
      'setTimeout',
      'WebAssembly',
      'Worker',
      'Deno',
      'std',
      'os',
      'write',
      'load',
    ]
    const script = overPeople(`.map(() => {
      const roots = [globalThis, Function('return this')(), (0, eval)('this'), Events.constructor('return this')()]
      return ${JSON.stringify(names)}.filter((name) => roots.some((root) => root[name] !== undefined))
    })`)
    expect(await run(script, { records: people(1) })).toEqual([[]])
  })

  it('cannot import, neither modules of Node nor of the language', async () => {
    const script = `const seen = []
      for (const name of ['node:fs', 'fs', './session.ts', 'jql/session.ts', 'file:///etc/passwd'])
        import(name).then(() => seen.push(name), () => undefined)
      ${overPeople('.reduce(() => seen)')}`
    expect(await run(script, { records: people(1) })).toEqual([[]])
  })

  it.each([
    ['prototypes', 'Object.prototype.push = Array.prototype.push = () => { throw new Error("mine") }'],
    ['JSON', 'JSON.stringify = () => "\\nD\\nP{}\\n"; JSON.parse = () => [1]'],
    ['iterators', 'Array.prototype[Symbol.iterator] = function* () { while (true) yield 1 }'],
    ['weak maps', 'WeakMap.prototype.get = () => ({ source: { kind: "events" }, stages: [] })'],
    ['the globals', 'Events = People = join = () => 1'],
  ])('only harms itself by changing %s', async (_name, tampering) => {
    const given = { records: people(3), limits: { timeoutMs: 4_000, outputBytesMax: 100_000 } }
    const outcome = await run(`${tampering}\n${overPeople('.reduce(mixpanel.reducer.count())')}`, given).catch(
      (error: { status?: number; name?: string }) => error,
    )
    const isOwnResult = Array.isArray(outcome) || outcome instanceof SyntaxError
    expect(isOwnResult || (outcome as { status?: number }).status === 400).toBe(true)
    // The next script is untouched.
    expect(await run(overPeople('.reduce(mixpanel.reducer.count())'), { records: people(3) })).toEqual([3])
  })

  it('does not write more than it may', async () => {
    const script = overPeople('.map(() => _.range(1000)).flatten()')
    await refused(script, /larger than 100000 bytes/, { records: people(1_000), limits: { outputBytesMax: 100_000 } })
  })

  it('is not fed more than it may read', async () => {
    const limits = { processedBytesMax: 10_000 }
    await refused(overPeople(''), /process more than 10000 bytes/, { records: people(10_000), limits })
  })
})

describe('the process', () => {
  it('has no environment, no rights to write, and may read nothing but its own source', async () => {
    const { close } = await open(overPeople(''))
    const [pid] = scriptPidsOf(process.pid)
    expect(pid).toBeDefined()
    const flags = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    expect(flags).toContain('--permission')
    expect(
      flags.filter((flag) => /allow-fs-write|allow-child|allow-addons|allow-worker|allow-wasi/.test(flag)),
    ).toEqual([])
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8').replaceAll('\0', '')).toBe('TZ=UTC')
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/')
    close()
    await expect.poll(scriptProcesses).toBe(0)
  })

  it('ends when its server is killed', async () => {
    const file = new URL('./run-script.ts', import.meta.url).href
    const order = { script: 'while (true) {}', params: '{}' }
    const code = `import { openScript } from ${JSON.stringify(file)}
      openScript({ ...${JSON.stringify(order)}, signal: new AbortController().signal }, ${JSON.stringify(roomy)})`
    const server = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' })
    const scriptPid = () => scriptPidsOf(server.pid as number)[0]
    await expect.poll(scriptPid, { timeout: 10_000 }).toBeDefined()
    const pid = scriptPid()
    server.kill('SIGKILL')
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 10_000 }).toBe(false)
  })

  it('ends when the client goes away', async () => {
    const leaving = new AbortController()
    const running = run(mainOf('while (true) {}'), { signal: leaving.signal })
    await expect.poll(scriptProcesses).toBe(1)
    leaving.abort()
    await expect(running).rejects.toThrow('went away')
    await expect.poll(scriptProcesses).toBe(0)
  })

  it('ends when nobody reads the result to its end, and stops reading the source', async () => {
    let isStopped = false
    const endless = async function* () {
      try {
        for (;;) yield Buffer.from(`${JSON.stringify(people(1)[0])}\n`)
      } finally {
        isStopped = true
      }
    }
    const opened = await open(overPeople(''))
    let pieceCount = 0
    for await (const _piece of opened.results(endless())) {
      pieceCount += 1
      if (pieceCount === 5) break
    }
    await expect.poll(() => isStopped).toBe(true)
    await expect.poll(scriptProcesses).toBe(0)
  })

  it('tells when the source fails', async () => {
    const failing = async function* () {
      yield Buffer.from(`${JSON.stringify(people(1)[0])}\n`)
      throw new Error('the engine is down')
    }
    const opened = await open(overPeople('.reduce(mixpanel.reducer.count())'))
    const reading = (async () => {
      for await (const _piece of opened.results(failing()));
    })()
    await expect(reading).rejects.toThrow('the engine is down')
  })
})

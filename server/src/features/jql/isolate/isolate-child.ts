// Runs in a process of its own, one for each script: QuickJS as WebAssembly. The script sees the ECMAScript language
// and the globals of JQL, nothing else; around it are a bounded memory, a process without environment and without
// rights to files, and a server that kills it (see run-script.ts).
import { readFileSync, writeSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import baseVariant from '@jitl/quickjs-wasmfile-release-sync'
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
} from 'quickjs-emscripten-core'
import { frame, type Order, type ScriptFault } from './protocol.ts'

// The types of Node leave it out.
declare const WebAssembly: { readonly Memory: new (size: { initial: number; maximum: number }) => never }

// Its types describe the CommonJS file; what is imported is the module, whose default is the variant.
const variant = baseVariant as unknown as QuickJSSyncVariant
const pageBytes = 65_536
const languageFolder = new URL('../domain/language/', import.meta.url)
// Deeper calls end as an error of the script. The stack of the process itself is larger (run-script.ts).
const stackBytes = 1_000 * 1_024
const waitCell = new Int32Array(new SharedArrayBuffer(4))

/** Blocks until all of it is in the pipe: that is the back-pressure of the result. */
const send = (type: string, text: string): void => {
  let rest = Buffer.from(`${type}${text}\n`)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(waitCell, 0, 0, 2)
    }
  }
}

/** Ends the process after a fault; the state of the isolate is not to be trusted any more. */
const endWith = (fault: ScriptFault): never => {
  send(frame.fault, JSON.stringify(fault))
  process.exit(0)
}

const lineOf = (stack: unknown): number | null => {
  const found = typeof stack === 'string' ? /script\.js:(\d+)/.exec(stack)?.[1] : undefined
  return found === undefined ? null : Number(found)
}

const faultOf = (thrown: unknown): ScriptFault => {
  if (typeof thrown !== 'object' || thrown === null) {
    // What is left of an error that there was no memory to describe is an empty text.
    const kind = thrown === '' || thrown === undefined || thrown === null ? 'memory' : 'script'
    return { kind, message: String(thrown).slice(0, 1_000), line: null }
  }
  const { name, message, stack } = thrown as { name?: unknown; message?: unknown; stack?: unknown }
  const text = typeof message === 'string' ? message : JSON.stringify(thrown)
  const line = lineOf(stack)
  if (name === 'InternalError' && text === 'interrupted') return { kind: 'time', message: text, line }
  if (name === 'InternalError' && text === 'out of memory') return { kind: 'memory', message: text, line }
  if (name === 'InternalError' && text === 'stack overflow') return { kind: 'depth', message: text, line }
  return { kind: 'script', message: `${typeof name === 'string' ? `${name}: ` : ''}${text}`.slice(0, 1_000), line }
}

/** Calls into the isolate. What the engine itself throws (its stack, its memory) is the end of the script as well. */
const unwrap = (context: QuickJSContext, call: () => ReturnType<QuickJSContext['evalCode']>): QuickJSHandle => {
  let result: ReturnType<QuickJSContext['evalCode']>
  try {
    result = call()
  } catch (error) {
    const kind = error instanceof RangeError ? 'depth' : 'memory'
    return endWith({ kind, message: error instanceof Error ? error.message : 'the engine failed', line: null })
  }
  if (result.error === undefined) return result.value
  let thrown: unknown
  try {
    thrown = context.dump(result.error)
  } catch {
    thrown = undefined
  }
  return endWith(faultOf(thrown))
}

const openIsolate = async (order: Order) => {
  const memory = new WebAssembly.Memory({
    initial: 256,
    maximum: Math.max(256, Math.ceil((order.memoryMegabytes * 2 ** 20) / pageBytes)),
  })
  const quickJs = await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmMemory: memory }))
  const runtime = quickJs.newRuntime()
  runtime.setMaxStackSize(stackBytes)
  const deadlineMs = Date.now() + order.timeoutMs
  // The server kills what is late; this ends a script whose server was killed itself.
  runtime.setInterruptHandler(() => Date.now() > deadlineMs || process.ppid !== order.serverPid)
  return { runtime, context: runtime.newContext() }
}

const languageModule = (name: string): string => {
  const file = /^jql\/([a-z-]+\.ts)$/.exec(name)?.[1]
  if (file === undefined) throw new Error('there are no modules')
  return stripTypeScriptTypes(readFileSync(new URL(file, languageFolder), 'utf8'))
}

const run = async (order: Order, records: AsyncIterable<string>): Promise<void> => {
  const { runtime, context } = await openIsolate(order)
  const evaluate = (code: string, name: string, type: 'global' | 'module' = 'global') =>
    unwrap(context, () => context.evalCode(code, name, { type }))
  const call = (target: QuickJSHandle, ...given: readonly QuickJSHandle[]) =>
    unwrap(context, () => context.callFunction(target, context.undefined, ...given))

  runtime.setModuleLoader(languageModule, (_from, name) => ({ value: name.replace(/^\.\//, 'jql/') }))
  const language = evaluate(languageModule('jql/session.ts'), 'jql/session.ts', 'module')
  runtime.removeModuleLoader()

  const write = context.newFunction('write', (items) => send(frame.items, context.getString(items)))
  const session = call(context.getProp(language, 'createSession'), write)
  const loadLodash = context.newFunction('load', () => {
    // Looking for it here could touch folders that this process may not read.
    evaluate(readFileSync(process.argv[2] as string, 'utf8'), 'lodash.js').dispose()
  })
  const install = evaluate(installCode, 'jql/install.js')
  call(install, context.getProp(language, 'globals'), context.newString(order.params), loadLodash).dispose()

  evaluate(order.script, 'script.js').dispose()
  const main = evaluate("typeof main === 'function' ? main : undefined", 'jql/main.js')
  const request = call(context.getProp(session, 'begin'), main)
  send(frame.request, context.getString(request))

  const feed = context.getProp(session, 'feed')
  for await (const batch of records) {
    const text = context.newString(batch)
    call(feed, text).dispose()
    text.dispose()
  }
  call(context.getProp(session, 'finish')).dispose()
  send(frame.done, '')
}

// lodash is large, and most scripts do without: it is there when it is first named.
const installCode = `(globals, params, load) => {
  Object.assign(globalThis, globals, { params: JSON.parse(params), console: Object.freeze({ log() {} }) })
  Object.defineProperty(globalThis, '_', {
    configurable: true,
    get() { delete globalThis._; load(); return globalThis._ },
    set(value) { Object.defineProperty(globalThis, '_', { value, writable: true, configurable: true }) },
  })
}`

/** The lines of stdin in batches as they come: the first line alone, then lists of records as JSON text. */
async function* batches(input: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let isFirst = true
  let pending: Buffer[] = []
  for await (const chunk of input) {
    let rest = chunk
    if (isFirst) {
      const end = rest.indexOf(10)
      if (end < 0) {
        pending.push(rest)
        continue
      }
      yield Buffer.concat([...pending, rest.subarray(0, end)]).toString('utf8')
      isFirst = false
      pending = []
      rest = rest.subarray(end + 1)
    }
    const end = rest.lastIndexOf(10)
    if (end < 0) {
      if (rest.length > 0) pending.push(rest)
      continue
    }
    // JSON text holds no line ends of its own.
    const lines = Buffer.concat([...pending, rest.subarray(0, end)]).toString('utf8')
    pending = end + 1 < rest.length ? [rest.subarray(end + 1)] : []
    yield `[${lines.replaceAll('\n', ',')}]`
  }
}

const input = batches(process.stdin)
const first = await input.next()
if (first.done !== true) await run(JSON.parse(first.value) as Order, input)
process.exit(0)

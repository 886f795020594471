import { connectTo } from './tls-patch.ts'

// Runs mixpanel-data-export, whose hosts are fixed, as a program of its own:
// `node tls-host-data-export.ts <port> <secret> <calls as JSON: [method, parameters][]>`.

const [port = '', secret = '', calls = ''] = process.argv.slice(2)
connectTo(Number(port))

const { default: MixpanelExport } = await import('mixpanel-data-export')
const panel = new MixpanelExport({ api_key: 'not used any longer', api_secret: secret })
const results: unknown[] = []
for (const [method, parameters] of JSON.parse(calls)) results.push(await panel[method]?.(parameters))
process.stdout.write(`\nresult ${JSON.stringify(results)}\n`)
process.exit(0)

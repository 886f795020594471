import { connectTo } from './tls-patch.ts'

// Runs mixpanel-import, whose hosts are fixed, as a program of its own: `node tls-host-import.ts <port> <job as JSON>`.

const [port = '', job = ''] = process.argv.slice(2)
const { creds, data, options } = JSON.parse(job)
connectTo(Number(port))

const { default: mixpanelImport } = await import('mixpanel-import')
const { success, failed, total, retries, responses, errors, dryRun } = await mixpanelImport(creds, data, options)
process.stdout.write(`\nresult ${JSON.stringify({ success, failed, total, retries, responses, errors, dryRun })}\n`)
process.exit(0)

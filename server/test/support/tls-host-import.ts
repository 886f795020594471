import tls from 'node:tls'

// Runs mixpanel-import, whose hosts are fixed, as a program of its own: `node tls-host-import.ts <port> <job as JSON>`.
// Connections to *.mixpanel.com go to the TLS listener of the test; names, certificates and requests stay as they are.

const [port = '', job = ''] = process.argv.slice(2)
const { creds, data, options } = JSON.parse(job)

const connectOut = tls.connect as (...args: readonly unknown[]) => tls.TLSSocket
const connect = (first: object, ...rest: readonly unknown[]): tls.TLSSocket => {
  const { host = '', servername } = first as { readonly host?: string; readonly servername?: string }
  if (!/(^|\.)mixpanel\.com$/.test(host)) throw new Error(`a connection to ${host} is not meant to be made`)
  return connectOut({ ...first, host: '127.0.0.1', port: Number(port), servername: servername || host }, ...rest)
}
Object.assign(tls, { connect })

// Loaded only now: it keeps what it finds when it loads.
const { default: mixpanelImport } = await import('mixpanel-import')
const { success, failed, total, retries, responses, errors, dryRun } = await mixpanelImport(creds, data, options)
process.stdout.write(`\nresult ${JSON.stringify({ success, failed, total, retries, responses, errors, dryRun })}\n`)
process.exit(0)

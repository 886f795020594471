import tls from 'node:tls'

/**
 * For clients whose hosts are fixed: connections of this process to *.mixpanel.com go to a TLS listener of the test;
 * names, certificates and requests stay as they are. To be called before the client is loaded: it keeps what it finds.
 */
export const connectTo = (port: number): void => {
  const connectOut = tls.connect as (...args: readonly unknown[]) => tls.TLSSocket
  const connect = (first: object, ...rest: readonly unknown[]): tls.TLSSocket => {
    const { host = '', servername } = first as { readonly host?: string; readonly servername?: string }
    if (!/(^|\.)mixpanel\.com$/.test(host)) throw new Error(`a connection to ${host} is not meant to be made`)
    return connectOut({ ...first, host: '127.0.0.1', port, servername: servername || host }, ...rest)
  }
  Object.assign(tls, { connect })
}

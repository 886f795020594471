import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'

const folder = join(import.meta.dirname, '../fixtures/tls')
/** Self-signed, for *.mixpanel.com and *.lethe.localhost; clients of the tests trust it. */
export const certificateFile = join(folder, 'cert.pem')

export interface TlsHost {
  readonly port: number
  /** Names that clients asked for in their handshakes, in order. */
  readonly serverNames: readonly string[]
  close(): Promise<void>
}

/** Ends TLS in front of the server, as a proxy does, and passes the bytes on: the Host header stays as it was sent. */
export const openTlsHost = async (serverPort: number): Promise<TlsHost> => {
  const sockets = new Set<Socket>()
  const serverNames: string[] = []
  const hold = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // A client that hangs up is not a fault of the test.
    socket.on('error', () => socket.destroy())
    return socket
  }
  const options = {
    cert: readFileSync(certificateFile),
    key: readFileSync(join(folder, 'key.pem')),
    ALPNProtocols: ['http/1.1'],
    // Only listens: without a context of its own, the certificate above is used for every name.
    SNICallback: (name: string, use: (error: null) => void) => {
      serverNames.push(name)
      use(null)
    },
  }
  const listener = createServer(options, (outer) => {
    const inner = hold(connect(serverPort, '127.0.0.1'))
    hold(outer).once('close', () => inner.destroy())
    inner.once('close', () => outer.destroy())
    outer.pipe(inner).pipe(outer)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: (listener.address() as { port: number }).port,
    serverNames,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}

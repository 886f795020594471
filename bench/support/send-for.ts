import { Agent, request } from 'node:http'

export interface Load {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent in turn, again and again. */
  readonly bodies: readonly Buffer[]
  readonly connectionCount: number
  readonly seconds: number
}

/** Where requests go. */
export type Target = Pick<Load, 'port' | 'path' | 'headers'>

export interface Sent {
  readonly requestCount: number
  readonly seconds: number
}

/** One request after the other on each connection until the time is up. Any answer but 200 ends the bench. */
export const sendFor = async (load: Load): Promise<Sent> => {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connectionCount })
  const startedAtMs = performance.now()
  const endAtMs = startedAtMs + load.seconds * 1_000
  let sentCount = 0
  const keepSending = async (): Promise<void> => {
    while (performance.now() < endAtMs) {
      const body = load.bodies[sentCount % load.bodies.length] as Buffer
      sentCount += 1
      await sendOnce(load, agent, body)
    }
  }
  try {
    await Promise.all(Array.from({ length: load.connectionCount }, keepSending))
  } finally {
    agent.destroy()
  }
  return { requestCount: sentCount, seconds: (performance.now() - startedAtMs) / 1_000 }
}

/** One after the other, each once. */
export const sendEach = async (target: Target, bodies: readonly Buffer[]): Promise<void> => {
  const agent = new Agent({ keepAlive: true })
  for (const body of bodies) await sendOnce(target, agent, body)
  agent.destroy()
}

const sendOnce = ({ port, path, headers }: Target, agent: Agent, body: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method: 'POST', agent, headers }
    const sending = request({ ...options, headers: { ...headers, 'Content-Length': body.length } }, (response) => {
      const answer: Buffer[] = []
      response.on('data', (chunk: Buffer) => answer.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        if (response.statusCode === 200) return resolve()
        reject(new Error(`${path} answered ${response.statusCode}: ${Buffer.concat(answer).toString().slice(0, 500)}`))
      })
    })
    sending.once('error', reject)
    sending.end(body)
  })

export const perSecond = (phases: readonly Sent[]): number =>
  phases.reduce((sum, { requestCount }) => sum + requestCount, 0) /
  phases.reduce((sum, { seconds }) => sum + seconds, 0)

import dns from 'node:dns'

type LookupCallback = (error: Error | null, address: string | readonly object[], family?: number) => void

/**
 * Makes `us.lethe.localhost` mean this machine in this process, for the SDK and for `fetch` alike. RFC 6761 says that it
 * does and browsers know it; Node asks the system, and many systems only know `localhost` itself.
 */
export const resolveLocalhostNames = (): void => {
  const askSystem = dns.lookup as (...args: readonly unknown[]) => unknown
  const lookup = (host: string, ...rest: readonly unknown[]): unknown => {
    if (!host.endsWith('.localhost')) return askSystem(host, ...rest)
    const callback = rest.at(-1) as LookupCallback
    const wantsAll = typeof rest[0] === 'object' && (rest[0] as { all?: boolean }).all === true
    return process.nextTick(() =>
      wantsAll ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4),
    )
  }
  Object.assign(dns, { lookup })
}

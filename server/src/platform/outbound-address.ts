import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { AppError, InvalidRequest } from '../kernel/errors.ts'

/** All addresses of a name. */
export type ResolveName = (name: string) => Promise<readonly LookupAddress[]>

/**
 * The way out to addresses that customers choose (buckets, warehouses): public addresses only, unless
 * LETHE_OUTBOUND_ALLOW names their network. It is asked at the moment of connecting, so a name that is resolved anew
 * cannot lead elsewhere. Agents follow no redirect.
 */
export interface Outbound {
  /** The URL, when its scheme is http(s), it holds no credentials, and its host is no refused address; else InvalidRequest. */
  check(url: string): URL
  /** The addresses to connect to for a host; InvalidRequest when any of them is refused or there is none. */
  addressesOf(host: string): Promise<readonly LookupAddress[]>
  /** For `net.connect`, `tls.connect` and agents. It is not asked for hosts that are addresses: `check` them, or use the agents. */
  readonly lookup: LookupFunction
  readonly httpAgent: HttpAgent
  readonly httpsAgent: HttpsAgent
  close(): void
}

const resolveBySystem: ResolveName = (name) =>
  new Promise((resolve, reject) => {
    systemLookup(name, { all: true, verbatim: true }, (error, addresses) =>
      error === null ? resolve(addresses) : reject(error),
    )
  })

const bare = (host: string): string => (host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host)

// Names no address, so that an answer does not tell what a name means inside the network.
const refusal = (host: string): AppError =>
  new InvalidRequest(`${host} is not a public address; LETHE_OUTBOUND_ALLOW of the server can allow its network`)

/** Whether `address` may be connected to. Forms that carry an IPv4 address (mapped, NAT64, 6to4) never pass as public. */
export const isAllowedAddress = (address: string, allowed: readonly string[]): boolean => {
  if (isIP(address) === 0) return false
  const parsed = ipaddr.process(address.replace(/%.*$/, ''))
  const isNamed = allowed.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network)
    return base.kind() === parsed.kind() && parsed.match(base, bits)
  })
  return isNamed || parsed.range() === 'unicast'
}

/** Whether what is sent to `url` would cross the public network in clear. Throws as `check` and `addressesOf` do. */
export const isPlainToPublic = async (outbound: Outbound, url: string): Promise<boolean> => {
  const { protocol, hostname } = outbound.check(url)
  const [first] = await outbound.addressesOf(hostname)
  return protocol === 'http:' && isAllowedAddress(first?.address ?? '', [])
}

/** `10.0.0.0/8` → true. */
export const isNetwork = (text: string): boolean => ipaddr.isValidCIDR(text)

export const openOutbound = (allowed: readonly string[], resolveName: ResolveName = resolveBySystem): Outbound => {
  const addressesOf = async (sent: string): Promise<readonly LookupAddress[]> => {
    const host = bare(sent)
    const family = isIP(host)
    const found =
      family === 0
        ? await resolveName(host).catch((error: unknown) => {
            throw new AppError('INVALID_REQUEST', `${host} has no address`, { status: 400, cause: error })
          })
        : [{ address: host, family }]
    // One refused address refuses the name: which of them is used is not ours to say.
    if (found.length === 0 || !found.every(({ address }) => isAllowedAddress(address, allowed))) throw refusal(host)
    return found
  }

  const lookup: LookupFunction = (host, options, done) => {
    addressesOf(host).then(
      (found) => {
        const [first] = found
        if (options.all === true) done(null, [...found])
        else done(null, first?.address ?? '', first?.family)
      },
      (error: NodeJS.ErrnoException) => done(error, ''),
    )
  }

  const check = (text: string): URL => {
    if (!URL.canParse(text)) throw new InvalidRequest('expected an http:// or https:// URL')
    const url = new URL(text)
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new InvalidRequest('expected an http:// or https:// URL')
    }
    if (url.username !== '' || url.password !== '') throw new InvalidRequest('a URL here holds no credentials')
    checkLiteral(url.hostname)
    return url
  }

  const checkLiteral = (host: string): void => {
    const address = bare(host)
    if (isIP(address) !== 0 && !isAllowedAddress(address, allowed)) throw refusal(address)
  }

  const httpAgent = guarded(new HttpAgent({ lookup, keepAlive: true }), checkLiteral)
  const httpsAgent = guarded(new HttpsAgent({ lookup, keepAlive: true }), checkLiteral)
  return {
    check,
    addressesOf,
    lookup,
    httpAgent,
    httpsAgent,
    close: () => {
      httpAgent.destroy()
      httpsAgent.destroy()
    },
  }
}

// Node asks `lookup` for names only: an address as host is looked at here.
const guarded = <Agent extends HttpAgent>(agent: Agent, checkLiteral: (host: string) => void): Agent => {
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (options, done) => {
    checkLiteral(options.host ?? 'localhost')
    return connect(options, done)
  }
  return agent
}

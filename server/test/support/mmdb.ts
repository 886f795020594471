// Writes small databases in the MaxMind DB format 2.0, so that tests need no file of anybody's.

export interface Network {
  /** `192.0.2.0/24`, `2001:db8::/32`. Networks do not overlap. */
  readonly cidr: string
  readonly record: Value
}

type Value = string | number | readonly Value[] | { readonly [name: string]: Value }

/** One side of a node: another node, a record, or nothing. */
type Side = { readonly node: number } | { readonly record: number } | null

const recordSizeBits = 24
const separatorBytes = 16
const metadataMarker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')

/** A database of both kinds of addresses, or with 4 of IPv4 alone. */
export const mmdbOf = (networks: readonly Network[], ipVersion: 4 | 6 = 6): Buffer => {
  const nodes: [Side, Side][] = [[null, null]]
  const records: Buffer[] = []
  let offset = 0
  for (const { cidr, record } of networks) {
    insert(nodes, bitsOf(cidr, ipVersion), { record: offset })
    const encoded = encode(record)
    records.push(encoded)
    offset += encoded.length
  }
  const sideValue = (side: Side): number => {
    if (side === null) return nodes.length
    return 'node' in side ? side.node : nodes.length + separatorBytes + side.record
  }
  const tree = Buffer.alloc((nodes.length * recordSizeBits * 2) / 8)
  nodes.flat().forEach((side, at) => {
    tree.writeUIntBE(sideValue(side), (at * recordSizeBits) / 8, recordSizeBits / 8)
  })
  return Buffer.concat([
    tree,
    Buffer.alloc(separatorBytes),
    ...records,
    metadataMarker,
    metadata(nodes.length, ipVersion),
  ])
}

/** The bits of a network, most significant first; IPv4 stands in the first 32 bits after 96 zeros of a database of both. */
const bitsOf = (cidr: string, ipVersion: 4 | 6): readonly (0 | 1)[] => {
  const [address = '', length = ''] = cidr.split('/')
  const isIpv6 = address.includes(':')
  const bytes = isIpv6 ? ipv6Bytes(address) : address.split('.').map(Number)
  const bits = bytes.flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((shift) => ((byte >> shift) & 1) as 0 | 1))
  const own = bits.slice(0, Number(length))
  return isIpv6 || ipVersion === 4 ? own : [...Array<0>(96).fill(0), ...own]
}

const ipv6Bytes = (address: string): readonly number[] => {
  const [head = '', tail] = address.split('::')
  const groups = (text: string): readonly string[] => (text === '' ? [] : text.split(':'))
  const last = tail === undefined ? [] : groups(tail)
  const zeros = Array<string>(8 - groups(head).length - last.length).fill('0')
  return [...groups(head), ...zeros, ...last]
    .map((group) => Number.parseInt(group, 16))
    .flatMap((n) => [n >> 8, n & 255])
}

const insert = (nodes: [Side, Side][], bits: readonly (0 | 1)[], leaf: Side): void => {
  let at = 0
  for (const bit of bits.slice(0, -1)) {
    const node = nodes[at] as [Side, Side]
    const next = node[bit]
    if (next !== null && 'record' in next) throw new Error('networks overlap')
    if (next === null) nodes.push([null, null])
    node[bit] = next ?? { node: nodes.length - 1 }
    at = (node[bit] as { readonly node: number }).node
  }
  ;(nodes[at] as [Side, Side])[bits.at(-1) ?? 0] = leaf
}

const types = { string: 2, double: 3, uint16: 5, uint32: 6, map: 7, uint64: 9, array: 11 } as const

/** The control bytes of a value: its kind, and how long it is. */
const control = (type: keyof typeof types, size: number): Buffer => {
  if (size >= 29 + 256) throw new Error('longer than tests need')
  const kind = types[type]
  const extended = kind > 7 ? [kind - 7] : []
  const longer = size >= 29 ? [size - 29] : []
  return Buffer.from([((kind > 7 ? 0 : kind) << 5) | Math.min(size, 29), ...extended, ...longer])
}

const encode = (value: Value): Buffer => {
  if (typeof value === 'string') return Buffer.concat([control('string', Buffer.byteLength(value)), Buffer.from(value)])
  if (typeof value === 'number') return double(value)
  if (Array.isArray(value)) return Buffer.concat([control('array', value.length), ...value.map(encode)])
  return map(Object.entries(value).map(([name, inner]) => [name, encode(inner)]))
}

const map = (members: readonly (readonly [name: string, encoded: Buffer])[]): Buffer =>
  Buffer.concat([control('map', members.length), ...members.flatMap(([name, encoded]) => [encode(name), encoded])])

const double = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return Buffer.concat([control('double', 8), bytes])
}

const unsigned = (type: 'uint16' | 'uint32' | 'uint64', value: number): Buffer => {
  const bytes = Buffer.alloc(type === 'uint16' ? 2 : 4)
  bytes.writeUIntBE(value, 0, bytes.length)
  return Buffer.concat([control(type, bytes.length), bytes])
}

const metadata = (nodeCount: number, ipVersion: 4 | 6): Buffer =>
  map([
    ['node_count', unsigned('uint32', nodeCount)],
    ['record_size', unsigned('uint16', recordSizeBits)],
    ['ip_version', unsigned('uint16', ipVersion)],
    ['database_type', encode('Lethe-Test-City')],
    ['languages', encode(['en'])],
    ['binary_format_major_version', unsigned('uint16', 2)],
    ['binary_format_minor_version', unsigned('uint16', 0)],
    ['build_epoch', unsigned('uint64', 1_700_000_000)],
    ['description', encode({ en: 'places of tests' })],
  ])

/** A record as City databases have it. */
export const cityRecord = (place: {
  readonly city?: string
  readonly region?: string
  readonly countryCode?: string
  readonly timezone?: string
}): Value => ({
  ...(place.city === undefined ? {} : { city: { names: { de: `${place.city} (de)`, en: place.city } } }),
  ...(place.countryCode === undefined ? {} : { country: { iso_code: place.countryCode, names: { en: 'a country' } } }),
  ...(place.timezone === undefined ? {} : { location: { latitude: 48.1, longitude: 11.6, time_zone: place.timezone } }),
  ...(place.region === undefined ? {} : { subdivisions: [{ iso_code: 'XX', names: { en: place.region } }] }),
})

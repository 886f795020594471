import { describe, expect, it } from 'vitest'
import { ConfigFault, type Environment, readConfig } from './config.ts'
import { parseCommand } from './flags.ts'

const none = { regions: null, roles: null }
const faultsOf = (env: Environment, flags = none as Parameters<typeof readConfig>[1]): readonly string[] => {
  try {
    readConfig(env, flags)
  } catch (error) {
    if (error instanceof ConfigFault) return error.faults
    throw error
  }
  return []
}
const regionOf = (env: Environment, id: string) => readConfig(env, none).regions.find((region) => region.id === id)

describe('configuration', () => {
  it('starts from the documented defaults', () => {
    const config = readConfig({}, none)
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      databaseUrl: null,
      strictHosts: false,
      allowHttp: true,
    })
    expect(config.gdpr).toMatchObject({ graceSeconds: 86_400, ratePerSecond: 1, createShape: 'list' })
    expect([...config.servedRegionIds]).toEqual(['US', 'EU'])
    expect([...config.roles]).toEqual(['http', 'jobs'])
    expect(Object.isFrozen(config) && Object.isFrozen(config.gdpr) && Object.isFrozen(config.regions[0])).toBe(true)
  })

  it('counts an empty text as not set', () => {
    expect(readConfig({ LETHE_PORT: '', LETHE_REGIONS: ' ' }, none).port).toBe(8080)
  })

  it('tells every fault in one message, with what is allowed', () => {
    const faults = faultsOf({
      LETHE_PORT: 'tcp://10.0.0.1:80',
      LETHE_STRICT_HOSTS: 'maybe',
      LETHE_GDPR_CREATE_SHAPE: 'xml',
      LETHE_EU_URL: 'eu.example.org',
    })
    expect(faults).toEqual([
      'LETHE_PORT: "tcp://10.0.0.1:80" is not allowed; expected a whole number from 1 to 65535',
      'LETHE_STRICT_HOSTS: "maybe" is not allowed; expected true or false',
      'LETHE_GDPR_CREATE_SHAPE: "xml" is not allowed; expected one of list, task_id',
      'LETHE_EU_URL: "eu.example.org" is not allowed; expected an http:// or https:// URL',
    ])
  })

  it('never repeats a secret', () => {
    const faults = faultsOf({ LETHE_SECRET_KEY: 'hunter2hunter2', LETHE_DATABASE_URL: 'mysql://root:hunter2@db/x' })
    expect(faults).toHaveLength(2)
    expect(faults.join()).not.toContain('hunter2')
  })

  it('refuses a host of two regions, a cluster without its URL and half a certificate', () => {
    const faults = faultsOf({
      LETHE_US_HOSTS: 'a.test,b.test',
      LETHE_EU_HOSTS: 'B.test',
      LETHE_US_CLICKHOUSE_CLUSTER: 'main',
      LETHE_TLS_CERT: '/cert.pem',
    })
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'LETHE_TLS_CERT, LETHE_TLS_KEY',
      'LETHE_US_CLICKHOUSE_CLUSTER',
      'LETHE_EU_HOSTS',
    ])
  })

  it('mails with a server and an address to send from, or not at all', () => {
    expect(readConfig({}, none).mail).toBeNull()
    const url = 'smtp://lethe:hush@mail.test:587'
    expect(readConfig({ LETHE_SMTP_URL: url, LETHE_MAIL_FROM: 'Lethe <lethe@acme.test>' }, none).mail).toEqual({
      url,
      from: 'Lethe <lethe@acme.test>',
    })
    expect(faultsOf({ LETHE_SMTP_URL: url })).toEqual([expect.stringContaining('LETHE_MAIL_FROM')])
    const wrong = faultsOf({ LETHE_SMTP_URL: 'http://lethe:hush@mail.test', LETHE_MAIL_FROM: 'a@b\nBcc: x@y' })
    expect(wrong.map((fault) => fault.split(':')[0]).sort()).toEqual(['LETHE_MAIL_FROM', 'LETHE_SMTP_URL'])
    expect(wrong.join()).not.toContain('hush')
  })

  it('warns of a misspelt name', () => {
    expect(readConfig({ LETHE_GDPR_GRACE_SECOND: '1' }, none).warnings).toEqual([
      'LETHE_GDPR_GRACE_SECOND is not a setting of this server and has no effect',
    ])
  })

  it('allows plain HTTP on loopback only, unless told', () => {
    expect(readConfig({ LETHE_HOST: '0.0.0.0' }, none).allowHttp).toBe(false)
    const told = readConfig({ LETHE_HOST: '0.0.0.0', LETHE_ALLOW_HTTP: 'true' }, none)
    expect(told.allowHttp).toBe(true)
    expect(told.warnings).toHaveLength(1)
  })
})

describe('regions', () => {
  it('exist by variables alone', () => {
    const region = regionOf({ LETHE_REGIONS: 'eu,ch', LETHE_CH_HOSTS: 'api.ch.test,data.ch.test,ch.test' }, 'CH')
    expect(region).toMatchObject({
      cluster: 'mixpanel-prod-ch',
      apiHost: 'api.ch.test',
      dataHost: 'data.ch.test',
      webHost: 'ch.test',
    })
  })

  it('have the public host names by default, and know those they do not serve', () => {
    const config = readConfig({ LETHE_REGIONS: 'eu' }, none)
    expect(config.regions.map(({ id }) => id)).toEqual(['US', 'EU', 'IN'])
    expect(regionOf({}, 'EU')).toMatchObject({
      apiHost: 'api-eu.mixpanel.com',
      dataHost: 'data-eu.mixpanel.com',
      webHost: 'eu.mixpanel.com',
      cluster: 'mixpanel-prod-eu',
    })
    expect(regionOf({}, 'US')).toMatchObject({ apiHost: 'api.mixpanel.com', webHost: 'mixpanel.com' })
  })

  it('give links that work as installed', () => {
    expect(regionOf({ LETHE_PORT: '9000' }, 'EU')?.publicUrl).toBe('http://127.0.0.1:9000')
    expect(regionOf({ LETHE_STRICT_HOSTS: 'true' }, 'EU')?.publicUrl).toBe('http://eu.lethe.localhost:8080')
    expect(regionOf({ LETHE_EU_URL: 'https://eu.acme.test/' }, 'EU')?.publicUrl).toBe('https://eu.acme.test')
    const behindProxy = { LETHE_HOST: '0.0.0.0', LETHE_EU_HOSTS: 'api-eu.acme.test,eu.acme.test' }
    expect(regionOf(behindProxy, 'EU')?.publicUrl).toBe('https://eu.acme.test')
  })

  it('are narrowed by --regions, to those installed only', () => {
    expect([...readConfig({}, { regions: ['eu'], roles: ['jobs'] }).servedRegionIds]).toEqual(['EU'])
    expect(faultsOf({}, { regions: ['in'], roles: ['web'] })).toEqual([
      '--regions: "IN" is not allowed; expected some of US, EU',
      '--roles: "web" is not allowed; expected some of http, jobs',
    ])
  })
})

describe('region objects', () => {
  it('are in a folder or a bucket', () => {
    expect(regionOf({}, 'US')?.objects).toBeNull()
    expect(regionOf({ LETHE_US_OBJECTS_URL: 'file:///srv/objects' }, 'US')?.objects).toEqual({ folder: '/srv/objects' })
    const url = 's3://id:sec%2Fret@objects/lethe/us?endpoint=http://ceph:7480&region=eu-1&encryption=aws:kms&kms_key=k'
    expect(regionOf({ LETHE_US_OBJECTS_URL: url }, 'US')?.objects).toEqual({
      bucket: 'objects',
      prefix: 'lethe/us',
      endpoint: 'http://ceph:7480',
      region: 'eu-1',
      encryption: 'aws:kms',
      kmsKeyId: 'k',
      credentials: { accessKeyId: 'id', secretAccessKey: 'sec/ret' },
    })
  })

  it.each(['https://objects', 's3://', 's3://id@objects', 's3://objects?acl=public', 's3://objects?encryption=x'])(
    'are refused without their secret: %s',
    (url) => {
      const [fault = ''] = faultsOf({ LETHE_US_OBJECTS_URL: `${url}#hunter2` })
      expect(fault).toMatch(/^LETHE_US_OBJECTS_URL: its value is not allowed/)
    },
  )
})

describe('command line', () => {
  it('starts by default', () => {
    expect(parseCommand([])).toEqual({ kind: 'start', flags: { regions: null, roles: null } })
    expect(parseCommand(['start', '--regions', 'eu,us', '--roles=http'])).toEqual({
      kind: 'start',
      flags: { regions: ['eu', 'us'], roles: ['http'] },
    })
  })

  it('refuses what it does not know', () => {
    expect(() => parseCommand(['serve'])).toThrow(ConfigFault)
    expect(() => parseCommand(['--port', '1'])).toThrow(ConfigFault)
  })
})

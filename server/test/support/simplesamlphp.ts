import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeOwnKey } from '../../src/features/sso/domain/self-signed.ts'
import { freePort } from './lethe.ts'
import { waitFor } from './wait-for.ts'

const www = '/usr/share/simplesamlphp/www'

/** Null: it can run here. Else what is missing. */
export const whyNoSimpleSaml = (): string | null => {
  if (!existsSync(www)) return `simplesamlphp is not installed (${www})`
  const modules = spawnSync('php', ['-m'], { encoding: 'utf8' })
  if (modules.status !== 0) return 'php is not installed'
  const missing = ['dom', 'openssl', 'mbstring'].filter((name) => !modules.stdout.split(/\s+/).includes(name))
  return missing.length === 0 ? null : `php lacks ${missing.join(', ')}`
}

export interface RemoteServiceProvider {
  readonly entityId: string
  readonly acsUrl: string
  /** PEM; null: assertions are sent in the clear. */
  readonly encryptTo: string | null
}

export interface SimpleSaml {
  readonly url: string
  readonly issuer: string
  readonly certificate: string
  trust(providers: readonly RemoteServiceProvider[]): Promise<void>
  close(): Promise<void>
}

/** Debian's SimpleSAMLphp as an identity provider that signs everybody in as `attributes`, on the web server of PHP. */
export const startSimpleSaml = async (attributes: Readonly<Record<string, string>>): Promise<SimpleSaml> => {
  const folder = await mkdtemp(join(tmpdir(), 'lethe-idp-'))
  const key = await makeOwnKey('idp', Date.now())
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const issuer = `${url}/idp`
  await mkdir(join(folder, 'metadata'))
  await mkdir(join(folder, 'tmp'))
  const files: Readonly<Record<string, string>> = {
    'idp.pem': key.privateKey,
    'idp.crt': key.certificate,
    'config.php': configPhp(folder, `${url}/`),
    'authsources.php': `<?php $config = ['static' => ['exampleauth:StaticSource', ${phpLists(attributes)}]];`,
    'metadata/saml20-idp-hosted.php': `<?php $metadata['${issuer}'] = ['host' => '__DEFAULT__', 'privatekey' => 'idp.pem', 'certificate' => 'idp.crt', 'auth' => 'static', 'userid.attribute' => 'email'];`,
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const child = spawn('php', ['-S', `127.0.0.1:${port}`, '-t', www], {
    env: { PATH: process.env['PATH'] ?? '', SIMPLESAMLPHP_CONFIG_DIR: folder },
    stdio: 'ignore',
  })
  await waitFor('the identity provider', async () => (await fetch(url).catch(() => null))?.status !== undefined)
  return {
    url,
    issuer,
    certificate: key.certificate,
    trust: (providers) =>
      writeFile(join(folder, 'metadata/saml20-sp-remote.php'), `<?php ${providers.map(remotePhp).join('\n')}`),
    close: async () => {
      await ended(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })

const phpLists = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `'${name}' => ['${value}']`)
    .join(', ')

const configPhp = (folder: string, baseUrl: string): string => `<?php $config = [
  'baseurlpath' => '${baseUrl}',
  'certdir' => '${folder}/', 'loggingdir' => '${folder}/tmp/', 'datadir' => '${folder}/tmp/',
  'tempdir' => '${folder}/tmp', 'metadatadir' => '${folder}/metadata/',
  'secretsalt' => 'salt of a test', 'auth.adminpassword' => 'password of a test', 'timezone' => 'UTC',
  'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
  'store.type' => 'phpsession', 'session.phpsession.savepath' => '${folder}/tmp', 'session.cookie.secure' => false,
  'session.phpsession.cookiename' => 'idp', 'language.cookie.secure' => false,
  'logging.handler' => 'file', 'logging.level' => 3, 'logging.logfile' => 'idp.log',
  'metadata.sources' => [['type' => 'flatfile']],
];`

const remotePhp = ({ entityId, acsUrl, encryptTo }: RemoteServiceProvider): string => {
  const body = encryptTo === null ? '' : (/-----BEGIN CERTIFICATE-----([\s\S]*?)-----END/.exec(encryptTo)?.[1] ?? '')
  const encryption =
    encryptTo === null ? '' : `, 'assertion.encryption' => true, 'certData' => '${body.replace(/\s/g, '')}'`
  return `$metadata['${entityId}'] = ['AssertionConsumerService' => '${acsUrl}'${encryption}];`
}

/** Follows a browser through the provider until it has a form to post to the service provider. */
export const formOf = async (
  start: string,
): Promise<{ readonly action: string; readonly xml: string; readonly relayState: string | null }> => {
  const cookies = new Map<string, string>()
  let url = start
  for (let count = 0; count < 10; count += 1) {
    const headers = { Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
    const answer = await fetch(url, { redirect: 'manual', headers })
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      cookies.set(name, value)
    }
    const location = answer.headers.get('location')
    if (location === null) return readForm(await answer.text())
    url = new URL(location, url).href
  }
  throw new Error('the provider leads nowhere')
}

const readForm = (html: string) => {
  const field = (name: string): string | null => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? null
  const action = /<form[^>]* action="([^"]*)"/.exec(html)?.[1]
  const response = field('SAMLResponse')
  if (action === undefined || response === null) throw new Error(`no form in: ${html.slice(0, 2_000)}`)
  const plain = (text: string): string => text.replaceAll('&amp;', '&')
  const relayState = field('RelayState')
  return {
    action: plain(action),
    xml: Buffer.from(response, 'base64').toString('utf8'),
    relayState: relayState === null ? null : plain(relayState),
  }
}

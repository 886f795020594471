import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { freePort } from './lethe.ts'
import { waitFor } from './wait-for.ts'

const programs = ['ceph', 'ceph-authtool', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin']

/** Null: it can run here. Else what is missing. */
export const whyNoCeph = (): string | null => {
  const missing = programs.filter((name) => spawnSync('which', [name]).status !== 0)
  return missing.length === 0 ? null : `${missing.join(', ')} not installed`
}

export interface CephS3 {
  readonly endpoint: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly client: S3Client
  makeBucket(name: string): Promise<void>
  close(): Promise<void>
}

const run = promisify(execFile)

/** Debian's Ceph as a real S3 server that checks signatures: one monitor, one OSD in memory, one gateway. */
export const startCephS3 = async (): Promise<CephS3> => {
  const folder = await mkdtemp(join(tmpdir(), 'lethe-ceph-'))
  const [monPort, port] = [await freePort(), await freePort()]
  const [cluster, osd] = [randomUUID(), randomUUID()]
  const inFolder = { cwd: folder, timeout: 60_000 }
  const conf = ['-c', 'ceph.conf']
  const children: ChildProcess[] = []
  const start = (program: string, ...args: string[]): void => {
    children.push(spawn(program, ['-f', ...args, ...conf], { cwd: folder, stdio: 'ignore' }))
  }
  await mkdir(join(folder, 'mon'))
  await mkdir(join(folder, 'osd'))
  await writeFile(join(folder, 'ceph.conf'), configuration(folder, cluster, monPort, port))
  await run('ceph-authtool', ['-C', 'keyring', '-g', '-n', 'mon.', '--cap', 'mon', 'allow *'], inFolder)
  const all = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *', '--cap', 'mgr', 'allow *']
  await run('ceph-authtool', ['keyring', '-g', '-n', 'client.admin', ...all], inFolder)
  const address = `[v2:127.0.0.1:${monPort}]`
  await run('monmaptool', ['--create', '--addv', 'a', address, '--fsid', cluster, 'monmap'], inFolder)
  await run('ceph-mon', ['--mkfs', '-i', 'a', ...conf, '--monmap', 'monmap', '--keyring', 'keyring'], inFolder)
  start('ceph-mon', '-i', 'a')
  const key = (await run('ceph-authtool', ['--gen-print-key'], inFolder)).stdout.trim()
  await writeFile(join(folder, 'osd.json'), JSON.stringify({ cephx_secret: key }))
  await run('ceph', [...conf, 'osd', 'new', osd, '-i', 'osd.json'], inFolder)
  await appendFile(join(folder, 'keyring'), `[osd.0]\n  key = ${key}\n`)
  await cp(join(folder, 'keyring'), join(folder, 'osd', 'keyring'))
  await run('ceph-osd', ['--mkfs', '-i', '0', '--osd-uuid', osd, ...conf], inFolder)
  start('ceph-osd', '-i', '0')
  const credentials = { accessKeyId: 'lethe', secretAccessKey: randomUUID() }
  start('radosgw', '-n', 'client.admin')
  const keys = ['--access-key', credentials.accessKeyId, '--secret-key', credentials.secretAccessKey]
  await run('radosgw-admin', [...conf, 'user', 'create', '--uid=lethe', '--display-name=lethe', ...keys], inFolder)
  const endpoint = `http://127.0.0.1:${port}`
  await waitFor('the S3 server', async () => (await fetch(endpoint).catch(() => null))?.status === 200)
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
  return {
    endpoint,
    credentials,
    client,
    makeBucket: async (Bucket) => {
      await client.send(new CreateBucketCommand({ Bucket }))
    },
    close: async () => {
      client.destroy()
      await Promise.all(children.map(ended))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })

const configuration = (folder: string, cluster: string, monPort: number, port: number): string => `[global]
fsid = ${cluster}
mon host = [v2:127.0.0.1:${monPort}/0]
mon initial members = a
public addr = 127.0.0.1
osd objectstore = memstore
memstore device bytes = 1073741824
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
osd crush chooseleaf type = 0
osd class load list = *
osd class default list = *
run dir = ${folder}
admin socket =
log file =
mon cluster log file =
mon data = ${folder}/mon
osd data = ${folder}/osd
rgw data = ${folder}
keyring = ${folder}/keyring
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw num control oids = 1
rgw gc max objs = 1
rgw lc max objs = 1
rgw data log num shards = 1
rgw md log max shards = 1
`

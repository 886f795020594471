import { fileURLToPath } from 'node:url'
import type { S3Place } from '../platform/objects/s3-object-store.ts'

export type ObjectsPlace = { readonly folder: string } | S3Place

const options = new Set(['endpoint', 'region', 'encryption', 'kms_key'])

/** LETHE_<R>_OBJECTS_URL: a folder (`file:///…`) or a bucket (`s3://…`); null when it is neither. */
export const parseObjectsUrl = (text: string): ObjectsPlace | null => {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  if (url.protocol === 'file:') return url.host === '' ? { folder: fileURLToPath(url) } : null
  return url.protocol === 's3:' ? bucketOf(url) : null
}

const bucketOf = (url: URL): S3Place | null => {
  const endpoint = url.searchParams.get('endpoint')
  const encryption = url.searchParams.get('encryption') ?? 'none'
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '')
  const isSound =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.host) &&
    /^([A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*)?$/.test(prefix) &&
    (endpoint === null || /^https?:\/\/[^/?#@]+\/?$/.test(endpoint)) &&
    (url.username === '') === (url.password === '') &&
    [...url.searchParams.keys()].every((name) => options.has(name))
  if (!isSound || (encryption !== 'none' && encryption !== 'AES256' && encryption !== 'aws:kms')) return null
  const credentials =
    url.username === ''
      ? null
      : { accessKeyId: decodeURIComponent(url.username), secretAccessKey: decodeURIComponent(url.password) }
  return {
    bucket: url.host,
    prefix,
    endpoint,
    region: url.searchParams.get('region') ?? 'us-east-1',
    encryption,
    kmsKeyId: url.searchParams.get('kms_key'),
    credentials,
  }
}

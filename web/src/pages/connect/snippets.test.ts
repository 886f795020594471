import { expect, it } from 'vitest'
import { snippetsOf } from './snippets.ts'

it('name this project and its own host in every snippet, and no other host to send to', () => {
  const snippets = snippetsOf({ url: 'https://eu.example.org', token: 'a'.repeat(32) })
  expect(snippets.map(({ id }) => id)).toEqual([
    'javascript',
    'node',
    'python',
    'curl',
    'swift',
    'android',
    'react-native',
    'flutter',
    'unity',
    'ruby',
    'php',
    'go',
    'java',
  ])
  for (const { code } of snippets) {
    expect(code).toContain('a'.repeat(32))
    expect(code).toContain('eu.example.org')
    expect(code).not.toMatch(/mixpanel\.com/)
  }
})

it('say so where a library has to be told that there is no TLS', () => {
  const codeOf = (id: string) =>
    snippetsOf({ url: 'http://127.0.0.1:8080', token: 't' }).find((one) => one.id === id)?.code ?? ''
  expect(codeOf('node')).toContain("host: '127.0.0.1:8080', protocol: 'http'")
  expect(codeOf('php')).toContain("'use_ssl' => false")
})

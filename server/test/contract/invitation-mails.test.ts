import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import { type MailServer, openMailServer } from '../support/mail-server.ts'
import { analyst, eu, owner as ownerPerson, us } from '../support/provision.ts'

// AUTH-18 (auth §6.4): invitations by mail, by a copied link, and from an uploaded list.

let mail: MailServer
let lethe: Lethe
let owner: Readonly<Record<string, string>>
beforeAll(async () => {
  mail = await openMailServer()
  lethe = await startLethe({
    env: { LETHE_SMTP_URL: mail.url, LETHE_MAIL_FROM: 'Lethe <lethe@acme.test>', LETHE_EU_URL: 'https://eu.acme.test' },
  })
  owner = await logIn(lethe, ownerPerson)
})
afterAll(async () => {
  await lethe?.stop()
  await mail?.close()
})

const base = '/api/app/organizations/1/invitations'
const invite = (body: object, host?: string) =>
  lethe.post(base, { headers: owner, body, ...(host === undefined ? {} : { host }) })
const tokenOf = (link: string): string => new URL(link).searchParams.get('token') ?? ''
const accept = (token: string, password?: string) =>
  lethe.post('/api/app/invitations/accept', { body: { token, ...(password === undefined ? {} : { password }) } })

describe('an invitation by mail', () => {
  it('brings the link to its reader, and to nobody else', async () => {
    const answer = await invite({ emails: ['ada@one.test'] })
    expect(answer.status).toBe(201)
    expect(answer.json().results).toMatchObject([{ email: 'ada@one.test', mailed: true }])
    const { from, to, link, text } = await mail.mailTo('ada@one.test')
    expect([from, to]).toEqual(['lethe@acme.test', ['ada@one.test']])
    expect(text).toContain('You are invited to Acme')
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/invitation\?token=\w{43}$/)
    expect(answer.text).not.toContain(tokenOf(link))
    expect((await accept(tokenOf(link), 'correct horse battery')).status).toBe(201)
    expect(lethe.logs()).not.toContain(tokenOf(link))
    expect(lethe.logs()).not.toContain('ada@one.test')
  })

  it('leads to the host that was asked, never to one that a header names', async () => {
    await invite({ emails: ['eu@two.test'] }, 'eu.mixpanel.com')
    expect((await mail.mailTo('eu@two.test')).link).toMatch(/^https:\/\/eu\.acme\.test\/invitation/)
    await invite({ emails: ['evil@two.test'] }, 'evil.test')
    expect((await mail.mailTo('evil@two.test')).link).toMatch(/^http:\/\/127\.0\.0\.1:/)
  })

  it('is sent again with a new link, which ends the one before; or its link is copied', async () => {
    const [{ id }] = (await invite({ emails: ['again@three.test'] })).json().results
    const first = tokenOf((await mail.mailTo('again@three.test')).link)
    const renewed = await lethe.post(`${base}/${id}/renew`, { headers: owner, body: {} })
    expect(renewed.json().results).toMatchObject({ id, mailed: true })
    const second = tokenOf((await mail.mailTo('again@three.test', 2)).link)
    const copied = await lethe.post(`${base}/${id}/renew`, { headers: owner, body: { mail: false } })
    expect(copied.json().results).toMatchObject({ id, mailed: false, token: expect.stringMatching(/^\w{43}$/) })
    for (const old of [first, second]) expect((await accept(old)).status).toBe(404)
    expect((await accept(copied.json().results.token)).status).toBe(201)
    expect((await lethe.post(`${base}/${id}/renew`, { headers: owner, body: {} })).status).toBe(404)
    const asAnalyst = await logIn(lethe, analyst)
    expect((await lethe.post(`${base}/${id}/renew`, { headers: asAnalyst, body: {} })).status).toBe(403)
  })

  it('is limited to ten an hour and domain; links can be copied all the same', async () => {
    const emails = Array.from({ length: 10 }, (_, at) => `p${at}@busy.test`)
    expect((await invite({ emails: emails.slice(0, 9) })).status).toBe(201)
    const tooMany = await invite({ emails: ['x@busy.test', 'y@busy.test'] })
    expect(tooMany.status).toBe(429)
    expect(Number(tooMany.headers['retry-after'])).toBeGreaterThan(3_000)
    expect((await invite({ emails: ['p9@BUSY.test'] })).status).toBe(201)
    expect((await invite({ emails: ['z@busy.test'] })).status).toBe(429)
    const open = (await lethe.get(base, { headers: owner })).json().results as { id: string; email: string }[]
    expect(open.some(({ email }) => email === 'x@busy.test')).toBe(false)
    const { id } = open.find(({ email }) => email === 'p9@busy.test') as { id: string }
    expect((await lethe.post(`${base}/${id}/renew`, { headers: owner, body: {} })).status).toBe(429)
    expect((await lethe.post(`${base}/${id}/renew`, { headers: owner, body: { mail: false } })).status).toBe(200)
    const byHand = await invite({ emails: ['z@busy.test'], mail: false })
    expect(byHand.json().results).toMatchObject([{ mailed: false, token: expect.any(String) }])
    expect((await invite({ emails: ['quiet@calm.test'] })).status).toBe(201)
    expect(mail.mails.filter(({ to }) => to[0]?.endsWith('busy.test'))).toHaveLength(10)
  })

  it('is one mail with the headers that it has, whatever the organization is called', async () => {
    const rename = (name: string) => lethe.send('PATCH', '/api/app/organizations/1', { headers: owner, body: { name } })
    await rename('Acme\r\nBcc: evil@evil.test\r\n\r\nhttps://evil.test/')
    await invite({ emails: ['header@six.test'] })
    await rename('Acme')
    const { to, text } = await mail.mailTo('header@six.test')
    expect(to).toEqual(['header@six.test'])
    const [headers = ''] = text.split('\r\n\r\n', 1)
    expect(headers).not.toMatch(/^Bcc:/im)
    expect(text).not.toMatch(/^(Bcc|https:\/\/evil)/im)
    expect(mail.mails.flatMap((one) => one.to)).not.toContain('evil@evil.test')
  })

  it('whose mail nobody takes is there all the same, with its link for the inviter', async () => {
    mail.refuse(true)
    const answer = await invite({ emails: ['down@four.test', 'down@five.test'] })
    mail.refuse(false)
    expect(answer.status).toBe(201)
    expect(answer.json().results).toMatchObject([
      { mailed: false, token: expect.any(String) },
      { mailed: false, token: expect.any(String) },
    ])
  })
})

describe('a list of people', () => {
  const upload = (body: string, query = '') =>
    lethe.post(`${base}${query}`, { headers: { ...owner, 'Content-Type': 'text/csv' }, body })

  it('invites all of them, each with their role and projects', async () => {
    const text = `email,role,project_id,project_role\na@list.test,,${us.id},analyst\na@list.test,,${eu.id},\nb@list.test,admin,,\n`
    const answer = await upload(text)
    expect(answer.status).toBe(201)
    expect(answer.json().results).toMatchObject([
      { email: 'a@list.test', role: 'member', projects: [{ id: us.id, role: 'analyst' }, { id: eu.id }], mailed: true },
      { email: 'b@list.test', role: 'admin', mailed: true },
    ])
    const token = tokenOf((await mail.mailTo('a@list.test')).link)
    expect((await accept(token, 'correct horse battery')).status).toBe(201)
    const person = await logIn(lethe, { email: 'a@list.test', password: 'correct horse battery' })
    const me = (await lethe.get('/api/app/me', { headers: person })).json().results
    expect(me.projects).toMatchObject({ [us.id]: { role: 'analyst' }, [eu.id]: { role: 'consumer' } })
  })

  it('is all or nothing, and says which line is wrong', async () => {
    const answer = await upload('email,role\nok@list.test,member\nnobody,member\n')
    expect([answer.status, answer.json().error]).toEqual([400, 'line 3: expected an e-mail address'])
    const tooHigh = await upload(`email,project_id,project_role\nok@list.test,999999,owner\n`)
    expect(tooHigh.status).toBe(403)
    const open = (await lethe.get(base, { headers: owner })).text
    expect(open).not.toContain('ok@list.test')
  })

  it('can be without mail', async () => {
    const results = (await upload('email\nq@list.test\n', '?mail=false')).json().results
    expect(results).toMatchObject([{ mailed: false, token: expect.any(String) }])
  })
})

import { expect, it } from 'vitest'
import type { LexiconItem } from '../../api/lexicon.ts'
import { lexiconSearch } from './lexicon-search.ts'
import { matching, wordsIn } from './matching.ts'

const item = (name: string, more: Partial<LexiconItem> = {}): LexiconItem => ({
  name,
  display_name: null,
  description: null,
  status: 'visible',
  hidden: false,
  blocked: false,
  ...more,
})
const items = [item('Buy', { tags: ['Shop'] }), item('x', { display_name: 'Purchase', status: 'hidden' })]

it('a search looks at names, display names and tags, in any case', () => {
  const found = (text: string, status?: LexiconItem['status']) => matching(items, text, status).map(({ name }) => name)
  expect([found(''), found('shop'), found('PURCH'), found('none')]).toEqual([['Buy', 'x'], ['Buy'], ['x'], []])
  expect([found('', 'hidden'), found('buy', 'hidden')]).toEqual([['x'], []])
})

it('words of a line are each there once', () => {
  expect([wordsIn(' a, b ,a,'), wordsIn(' , ')]).toEqual([['a', 'b'], null])
})

it('a link says what is shown, and nothing else', () => {
  expect(lexiconSearch({ list: 'event-properties', q: 1, status: 'odd', open: 'Buy', more: 1 })).toEqual({
    list: 'event-properties',
    q: '1',
    open: 'Buy',
  })
  expect(lexiconSearch({ list: 'events', q: '' })).toEqual({})
})

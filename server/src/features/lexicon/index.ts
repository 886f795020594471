export { createLexicon, type Lexicon } from './create-lexicon.ts'

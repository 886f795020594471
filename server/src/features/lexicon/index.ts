export { createLexicon } from './create-lexicon.ts'

// Strings come first in the alternation, so that `//` inside one is not taken for a comment.
const stringOrComment = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g

/** TypeScript text with comments blanked; strings and line numbers stay. */
export const withoutComments = (text: string): string =>
  text.replace(stringOrComment, (found) => (/^\/[/*]/.test(found) ? found.replace(/[^\n]/g, ' ') : found))

/** TypeScript text with comments and the insides of strings blanked: what is left is code. */
export const codeOnly = (text: string): string => text.replace(stringOrComment, (found) => found.replace(/[^\n]/g, ' '))

const importing = [
  /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"\s]+)['"]/g,
  /^\s*import\s*['"]([^'"\s]+)['"]/gm,
  /\b(?:import|require|require\.resolve)\(\s*['"]([^'"\s]+)['"]/g,
]

/** Every module that a TypeScript file imports, re-exports or loads by a literal name; types too. */
export const importsOf = (text: string): readonly string[] => {
  const code = withoutComments(text)
  return [...new Set(importing.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? '')))]
}
